"""The application as it is served: gunicorn workers, each with its own client."""

from collections.abc import Callable

from tests.integration.api.conftest import JOBS, Db, job_body, publish
from tests.support.api_process import ApiProcess


def test_two_workers_serve_the_api_with_a_token_made_by_the_command(api: Callable[..., ApiProcess], db: Db) -> None:
    publish(db, "noop", {})
    served = api(workers=2)
    made = [served.request("POST", JOBS, json=job_body()).json() for _ in range(6)]
    items = served.request("GET", JOBS).json()["items"]
    assert {item["id"] for item in items} == {item["id"] for item in made}
    assert "http_request" in served.log_text()
    assert served.token not in served.log_text()
