"""webhook_trigger: calls an HTTP address."""

import json
from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from scheduler_daemon.http.client import HttpError, HttpRequest, HttpResponse
from scheduler_daemon.http.headers import (
    MOST_HEADERS,
    HeaderName,
    HeaderValue,
    SecretHeaderName,
    SecretHeaderValue,
    repeated,
)
from scheduler_daemon.http.signature import MOST_KEYS, SigningSecret, signature_headers
from scheduler_daemon.http.statuses import StatusRange, is_good, is_passing, retry_after
from scheduler_daemon.http.web_address import WebAddress, origin_of
from scheduler_daemon.job_template import JobExecutionContext, JobResult, JobTemplate, TemplateParameters
from shared.clock import rfc3339
from shared.durations import Duration
from shared.errors import InvalidDefinition
from shared.models.base import Text
from shared.rendering import check_plain, one_line, render_plain

WITHOUT_BODY = ("GET", "HEAD")
SHORTEST_TIMEOUT, LONGEST_TIMEOUT = timedelta(seconds=1), timedelta(minutes=10)
LONGEST_EXCERPT = 2_000
LOGGED_AT_ONCE = 2_000
"""Characters of an answer in one line of the run's log."""


class WebhookTriggerTemplate(JobTemplate):
    """Makes one HTTP call and judges the answer. `webhook-id` is the run's id in every attempt.

    docs/templates.md tells what is signed, what is tried again and which addresses are refused.
    """

    type = "webhook_trigger"
    name = "Webhook Trigger"
    category = "integration"
    description = "Calls an HTTP address, signed if wanted, and judges the answer."

    class Parameters(TemplateParameters):
        """Whom to call, what to say, which answers are good."""

        url: WebAddress = Field(
            title="Address",
            description="Address to call. It is shown to everyone who may read jobs: put secrets into `secretHeaders`.",
            examples=["https://example.com/hooks/orders"],
        )
        method: Literal["POST", "PUT", "PATCH", "DELETE", "GET", "HEAD"] = Field(
            "POST", title="Method", description="HTTP method. GET and HEAD have no body.", examples=["POST"]
        )
        headers: dict[HeaderName, HeaderValue] = Field(
            {},
            max_length=MOST_HEADERS,
            title="Headers",
            description="Headers of the call that hold no secret.",
            examples=[{"X-Source": "scheduler"}],
        )
        secret_headers: dict[SecretHeaderName, SecretHeaderValue] = Field(
            {},
            max_length=MOST_HEADERS,
            title="Secret headers",
            description="Headers of the call that are masked everywhere.",
            examples=[{"Authorization": "Bearer 0123456789"}],
        )
        content_type: HeaderValue = Field(
            "application/json",
            min_length=1,
            title="Content type",
            description="Content-Type of the body.",
            examples=["application/json"],
        )
        data: dict[str, Any] = Field(
            {},
            title="Data",
            description="Values for the body: `data` in its template, or a field of the standard body.",
            examples=[{"order": 7}],
        )
        body: Annotated[Text, Field(max_length=100_000)] | None = Field(
            None,
            title="Body template",
            description="Text of the body. Unset: a JSON object with `runId`, `jobId`, `scheduledFor` and `data`.",
            examples=['{"text": {{ data.text | tojson }}}'],
        )
        signing_secrets: list[SigningSecret] = Field(
            [],
            max_length=MOST_KEYS,
            title="Signing secrets",
            description="Keys for Standard Webhooks signatures, `whsec_` and base64; one signature for each.",
            examples=[["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]],
        )
        success_status: list[StatusRange] = Field(
            ["200-299"],
            min_length=1,
            max_length=20,
            title="Good statuses",
            description="Statuses, or ranges of them, with which the call has succeeded.",
            examples=[["200-299"], ["200", "404"]],
        )
        body_contains: Annotated[Text, Field(min_length=1, max_length=1_000)] | None = Field(
            None,
            title="Answer contains",
            description="A text that the first 64 KiB of a good answer must contain.",
            examples=['"ok": true'],
        )
        timeout: Duration = Field(
            timedelta(seconds=30),
            title="Time-out",
            description="For the whole call, 1s to 10m; keep it under the job's time-out.",
            examples=["30s"],
        )
        keep_response: bool = Field(
            True,
            title="Keep the answer",
            description="Whether the answer is kept in the run's log. Off: for answers with secrets in them.",
            examples=[True],
        )
        dry_run: bool = Field(
            False,
            title="Dry run",
            description="Render and sign, and log what would be sent, but call nobody.",
            examples=[False],
        )

        @field_validator("body")
        @classmethod
        def _is_a_template(cls, body: str | None) -> str | None:
            if body is not None:
                try:
                    check_plain(body, "body")
                except InvalidDefinition as fault:
                    raise ValueError(fault.detail) from None
            return body

        @field_validator("timeout")
        @classmethod
        def _is_sane(cls, timeout: timedelta) -> timedelta:
            if not SHORTEST_TIMEOUT <= timeout <= LONGEST_TIMEOUT:
                raise ValueError("between 1s and 10m")
            return timeout

        @model_validator(mode="after")
        def _fits_together(self) -> Self:
            twice = repeated([*self.headers, *self.secret_headers])
            if twice is not None:
                raise ValueError(f"the header {twice!r} is given twice")
            if self.method in WITHOUT_BODY and self.body is not None:
                raise ValueError(f"a {self.method} has no body; leave `body` out")
            return self

    async def execute(self, context: JobExecutionContext) -> JobResult:
        params: WebhookTriggerTemplate.Parameters = context.params
        try:
            request = call_for(context)
        except InvalidDefinition as fault:
            return JobResult.failure(f"the body cannot be rendered: {fault}", retryable=False)
        if params.dry_run:
            return _shown(context, request)
        started = context.clock.monotonic()
        try:
            answer = await context.http.send(request)
        except HttpError as fault:
            return JobResult.failure(str(fault), retryable=not fault.permanent)
        milliseconds = round((context.clock.monotonic() - started) * 1000)
        if params.keep_response:
            _keep(context, answer)
        return _judged(context, answer, milliseconds)


def call_for(context: JobExecutionContext) -> HttpRequest:
    """What is sent. InvalidDefinition if the body cannot be rendered."""
    params: WebhookTriggerTemplate.Parameters = context.params
    text = "" if params.method in WITHOUT_BODY else _body(context)
    headers: dict[str, str] = {**params.headers}
    headers |= {name: value.get_secret_value() for name, value in params.secret_headers.items()}
    headers |= signature_headers(params.signing_secrets, context.run_id, context.clock.now(), text)
    body = None
    if params.method not in WITHOUT_BODY:
        headers["Content-Type"] = params.content_type
        body = text.encode()
    return HttpRequest(params.method, params.url, headers, body, params.timeout)


def _body(context: JobExecutionContext) -> str:
    params: WebhookTriggerTemplate.Parameters = context.params
    scheduled_for = rfc3339(context.scheduled_for)
    if params.body is None:
        fields = {"runId": context.run_id, "jobId": context.job_id, "scheduledFor": scheduled_for, "data": params.data}
        return json.dumps(fields, ensure_ascii=False, default=_as_text)
    run = {"id": context.run_id, "attempt": context.attempt, "scheduledFor": scheduled_for}
    return render_plain(params.body, "body", {"run": run, "job": {"id": context.job_id}, "data": params.data})


def _as_text(value: object) -> str:
    """What JSON has no form for and BSON has, such as a date."""
    return str(value)


def _shown(context: JobExecutionContext, request: HttpRequest) -> JobResult:
    body = request.body or b""
    signatures = request.headers.get("webhook-signature", "").split()
    context.log.info("would_call", method=request.method, headers=sorted(request.headers), body=body.decode())
    return JobResult.success(
        f"dry run: would send {request.method} with {len(body)} bytes to {origin_of(request.url)}",
        metrics={"dryRun": True, "requestBytes": len(body), "signatures": len(signatures)},
    )


def _keep(context: JobExecutionContext, answer: HttpResponse) -> None:
    text = answer.text
    for start in range(0, len(text), LOGGED_AT_ONCE):
        context.log.info("answer", status=answer.status, text=text[start : start + LOGGED_AT_ONCE])
    if answer.cut:
        context.log.warning("answer_cut", kept_bytes=len(answer.body))


def _judged(context: JobExecutionContext, answer: HttpResponse, milliseconds: int) -> JobResult:
    params: WebhookTriggerTemplate.Parameters = context.params
    metrics = {"status": answer.status, "milliseconds": milliseconds, "responseBytes": len(answer.body)}
    server = origin_of(params.url)
    if not is_good(answer.status, params.success_status):
        return JobResult.failure(
            f"{server} answered {answer.status}{_excerpt(params, answer)}",
            retryable=is_passing(answer.status),
            metrics=metrics,
            retry_after=retry_after(answer.headers.get("Retry-After"), context.clock.now()),
        )
    if params.body_contains is not None and params.body_contains not in answer.text:
        return JobResult.failure(
            f"{server} answered {answer.status} without what `bodyContains` asks for{_excerpt(params, answer)}",
            metrics=metrics,
        )
    return JobResult.success(f"{server} answered {answer.status} in {milliseconds} ms", metrics=metrics)


def _excerpt(params: WebhookTriggerTemplate.Parameters, answer: HttpResponse) -> str:
    """The beginning of an answer, in one line, for the message of a failure."""
    if not params.keep_response:
        return ""
    text = one_line(answer.text[:LONGEST_EXCERPT])[:200]
    return f": {text}" if text else ""
