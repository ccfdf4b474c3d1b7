"""webhook_trigger against a real receiver."""

import json
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from pydantic import ValidationError
from standardwebhooks import Webhook

from scheduler_daemon.http.address_guard import AddressGuard
from scheduler_daemon.http.client import HttpClient
from scheduler_daemon.job_template import JobResult
from scheduler_daemon.job_templates.webhook_trigger_template import WebhookTriggerTemplate
from tests.support.clocks import ManualClock
from tests.support.contexts import Attempt, attempt_of
from tests.support.documents import MONDAY
from tests.support.web_server import Reply, WebServer

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NEW_SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
TEMPLATE = WebhookTriggerTemplate()


@pytest.fixture
def server(start_web_server: Callable[..., WebServer]) -> WebServer:
    return start_web_server()


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    client = HttpClient(AddressGuard([ip_network("127.0.0.0/8")]))
    yield client
    await client.close()


@pytest.fixture
def attempt(http: HttpClient, server: WebServer) -> Callable[..., Attempt]:
    """`attempt(method="PUT")`: an attempt that would call the server."""

    def make(*, number: int = 1, clock: ManualClock | None = None, **params: Any) -> Attempt:
        return attempt_of(TEMPLATE, {"url": f"{server.url}/hook", **params}, http=http, number=number, clock=clock)

    return make


async def ended(attempt: Attempt) -> JobResult:
    return await TEMPLATE.execute(attempt.context)


async def test_without_a_body_the_run_and_its_data_are_posted_as_json(
    attempt: Callable[..., Attempt], server: WebServer
) -> None:
    result = await ended(attempt(data={"order": 7, "word": "żółw"}))
    assert (result.outcome, result.metrics["status"]) == ("success", 200)
    (asked,) = server.asked
    assert (asked.method, asked.path, asked.headers["content-type"]) == ("POST", "/hook", "application/json")
    assert json.loads(asked.body) == {
        "runId": "job-1:1795424400000",
        "jobId": "job-1",
        "scheduledFor": "2026-11-23T09:00:00.000Z",
        "data": {"order": 7, "word": "żółw"},
    }


async def test_method_headers_and_the_rendered_body_arrive(attempt: Callable[..., Attempt], server: WebServer) -> None:
    await ended(
        attempt(
            method="PATCH",
            headers={"X-Source": "scheduler"},
            secretHeaders={"Authorization": "Bearer hunter2"},
            contentType="text/plain",
            data={"names": ["a", "b"]},
            body="{{ run.id }} {{ run.attempt }} {{ job.id }} {{ data.names | join('+') }}",
        )
    )
    (asked,) = server.asked
    assert asked.body == b"job-1:1795424400000 1 job-1 a+b"
    assert (asked.method, asked.headers["x-source"], asked.headers["authorization"]) == (
        "PATCH", "scheduler", "Bearer hunter2",
    )  # fmt: skip
    assert asked.headers["content-type"] == "text/plain"


@pytest.mark.parametrize("known", [SECRET, NEW_SECRET])
async def test_the_receiver_verifies_the_bytes_that_came_with_either_of_two_keys(
    attempt: Callable[..., Attempt], server: WebServer, known: str
) -> None:
    await ended(attempt(signingSecrets=[NEW_SECRET, SECRET], data={"word": "żółw"}))
    (asked,) = server.asked
    assert Webhook(known).verify(asked.body, dict(asked.headers))["data"] == {"word": "żółw"}


async def test_every_attempt_has_the_same_webhook_id_and_its_own_timestamp(
    attempt: Callable[..., Attempt], server: WebServer
) -> None:
    clock = ManualClock(MONDAY)
    server.reply(Reply(503))
    await ended(attempt(clock=clock, signingSecrets=[SECRET]))
    clock.advance(60)
    await ended(attempt(clock=clock, number=2, signingSecrets=[SECRET]))
    first, second = server.asked
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == "job-1:1795424400000"
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == 60
    assert first.body == second.body


@pytest.mark.parametrize(
    ("status", "retryable"),
    [(500, True), (503, True), (429, True), (408, True), (400, False), (404, False), (302, False)],
)
async def test_a_bad_status_fails_and_is_tried_again_if_it_may_pass(
    attempt: Callable[..., Attempt], server: WebServer, status: int, retryable: bool
) -> None:
    server.reply(Reply(status, b"no  such\nthing"))
    result = await ended(attempt())
    assert (result.outcome, result.retryable, result.metrics["status"]) == ("failure", retryable, status)
    assert f"answered {status}: no such thing" in result.summary
    assert "/hook" not in result.summary


async def test_retry_after_puts_off_the_next_attempt(attempt: Callable[..., Attempt], server: WebServer) -> None:
    server.reply(Reply(429, headers={"Retry-After": "120"}))
    assert (await ended(attempt())).retry_after == timedelta(minutes=2)


async def test_which_statuses_are_good_is_the_jobs_choice(attempt: Callable[..., Attempt], server: WebServer) -> None:
    server.reply(Reply(404), Reply(302), Reply(200))
    outcomes = [(await ended(attempt(successStatus=["300-399", "404"]))).outcome for _ in range(3)]
    assert outcomes == ["success", "success", "failure"]


async def test_a_good_status_with_the_wrong_text_is_a_failure_that_may_pass(
    attempt: Callable[..., Attempt], server: WebServer
) -> None:
    server.reply(Reply(200, b'{"ok": false}'), Reply(200, b'{"ok": true}'))
    wrong = await ended(attempt(bodyContains='"ok": true'))
    assert (wrong.outcome, wrong.retryable) == ("failure", True)
    assert "bodyContains" in wrong.summary
    assert (await ended(attempt(bodyContains='"ok": true'))).outcome == "success"


async def test_the_first_64_kib_of_the_answer_are_kept_in_the_log(
    attempt: Callable[..., Attempt], server: WebServer
) -> None:
    server.reply(Reply(200, b"a" * 70_000))
    made = attempt()
    await ended(made)
    assert "".join(fields["text"] for fields in made.logged("answer")) == "a" * 65_536
    assert made.logged("answer_cut") == [{"kept_bytes": 65_536}]


async def test_an_answer_that_may_hold_secrets_is_not_kept(attempt: Callable[..., Attempt], server: WebServer) -> None:
    server.reply(Reply(500, b"hunter2"))
    made = attempt(keepResponse=False)
    result = await ended(made)
    assert "hunter2" not in str((made.lines, result))


async def test_a_dry_run_renders_and_signs_and_calls_nobody(attempt: Callable[..., Attempt], server: WebServer) -> None:
    made = attempt(
        dryRun=True, signingSecrets=[SECRET], secretHeaders={"Authorization": "hunter2"}, body="{{ data | tojson }}"
    )
    result = await ended(made)
    assert (result.outcome, server.asked) == ("success", [])
    assert result.metrics == {"dryRun": True, "requestBytes": 2, "signatures": 1}
    assert made.logged("would_call")[0]["body"] == "{}"
    assert "hunter2" not in str((made.lines, result))
    assert SECRET not in str((made.lines, result))


async def test_a_private_address_fails_the_run_for_good(start_web_server: Callable[..., WebServer]) -> None:
    server = start_web_server()
    guarded = HttpClient(AddressGuard())
    result = await ended(attempt_of(TEMPLATE, {"url": server.url}, http=guarded))
    await guarded.close()
    assert (result.outcome, result.retryable, server.asked) == ("failure", False, [])
    assert "HTTP_ALLOWED_NETWORKS" in result.summary


async def test_no_connection_may_pass(attempt: Callable[..., Attempt], server: WebServer) -> None:
    server.close()
    result = await ended(attempt())
    assert (result.outcome, result.retryable) == ("failure", True)


async def test_a_missing_variable_is_named_and_nobody_is_called(
    attempt: Callable[..., Attempt], server: WebServer
) -> None:
    result = await ended(attempt(body="{{ data.order }}"))
    assert (result.outcome, result.retryable, server.asked) == ("failure", False, [])
    assert "order" in result.summary


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"url": "http://127.0.0.1/", "body": "{% if %}"}, "body"),
        ({"url": "http://127.0.0.1/", "body": "x", "method": "GET"}, "body"),
        ({"url": "http://ada:pw@127.0.0.1/"}, "Authorization"),
        ({"url": "http://127.0.0.1/", "successStatus": ["ok"]}, "successStatus"),
        ({"url": "http://127.0.0.1/", "timeout": "1h"}, "10m"),
        ({"url": "http://127.0.0.1/", "headers": {"X": "1"}, "secretHeaders": {"x": "2"}}, "twice"),
        ({"url": "http://127.0.0.1/", "headers": {"Authorization": "x"}}, "secretHeaders"),
        ({"url": "http://127.0.0.1/", "proxy": "x"}, "proxy"),
    ],
)
def test_wrong_parameters_are_refused_by_name(params: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError, match=field):
        TEMPLATE.Parameters.model_validate(params)
