"""What has ended, long after every clock of a server: nothing in these tests may expire by it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from scheduler_daemon.scheduling.housekeeper import PAUSE_SECONDS, Housekeeper
from shared.models.scheduler_state import RetentionSettings
from tests.support.workbench import Workbench

FAR = datetime(2090, 1, 2, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
WEEK = RetentionSettings(success=7 * DAY, failure=30 * DAY, messages=90 * DAY)


async def until_idle(housekeeper: Housekeeper) -> int:
    """How many pieces of work it took until nothing was left."""
    for count in range(1, 100):
        if await housekeeper.run_once() == PAUSE_SECONDS:
            return count
    raise AssertionError("it never rests")


def ended(identity: str, age: timedelta, state: str = "succeeded", *, of: str = "job-1", **changes: Any) -> Any:
    """A run of `of` that ended `age` ago, under the settings WEEK."""
    at = FAR - age
    keep = WEEK.success if state in ("succeeded", "skipped") else WEEK.failure
    return {
        "_id": identity, "jobId": of, "state": state, "scheduledFor": at, "finishedAt": at, "expireAt": at + keep,
        **changes,
    }  # fmt: skip


async def expiries(bench: Workbench, collection: str = "job_runs") -> dict[Any, Any]:
    return {each["_id"]: each.get("expireAt") async for each in bench.db[collection].find()}


def log_page(run_id: str, page: int = 0, **changes: Any) -> dict[str, Any]:
    return {"_id": f"{run_id}:1:{page}", "runId": run_id, "attempt": 1, "page": page, "lines": [], **changes}
