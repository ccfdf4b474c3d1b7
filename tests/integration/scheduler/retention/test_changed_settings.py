"""A changed setting applies to what ended earlier, in batches; a crash loses no progress, and the audit holds."""

from typing import Any

import pytest

from api.store.audit import run_audit
from scheduler_daemon.scheduling.housekeeper import PAUSE_SECONDS
from scheduler_daemon.store.retention import RetentionStore
from shared.models.queue import DeliveryState, QueueState
from shared.models.runs import TERMINAL
from shared.models.scheduler_state import RetentionSettings
from shared.queries import retention as queries
from tests.integration.scheduler.retention.conftest import KeeperOf
from tests.integration.scheduler.retention.ended import DAY, FAR, HOUR, WEEK, ended, expiries, log_page, until_idle
from tests.support.documents import job_document
from tests.support.workbench import Workbench


async def test_a_shorter_setting_applies_to_old_runs_and_what_it_would_remove_at_once_has_an_hour(
    bench: Workbench, keeper: KeeperOf
):
    await until_idle(keeper())
    await bench.db.job_runs.insert_many(
        [
            ended("fresh", HOUR), ended("past", 3 * DAY), ended("soon", 7 * DAY - HOUR / 2),
            ended("failed", 3 * DAY, "failed"), ended("live", 5 * DAY, "running"),
        ]
    )  # fmt: skip
    await bench.db.job_run_logs.insert_many([log_page("fresh", expireAt=FAR), log_page("live")])
    await until_idle(keeper(RetentionSettings(success=2 * DAY, failure=5 * DAY, messages=DAY)))
    found = await expiries(bench)
    assert found["fresh"] == FAR - HOUR + 2 * DAY
    assert FAR + HOUR <= found["past"] < FAR + 2 * HOUR
    assert found["soon"] == FAR + HOUR / 2, "nothing lives longer for a shorter setting"
    assert found["failed"] == FAR + 2 * DAY
    assert found["live"] == FAR + 25 * DAY, "whatever dates it carries, a live run is left alone"
    assert await expiries(bench, "job_run_logs") == {"fresh:1:0": found["fresh"], "live:1:0": None}


async def test_a_longer_setting_applies_to_old_runs(bench: Workbench, keeper: KeeperOf):
    await until_idle(keeper())
    states = [state.value for state in TERMINAL]
    await bench.db.job_runs.insert_many([ended(state, DAY, state) for state in states])
    await until_idle(keeper(RetentionSettings(success=20 * DAY, failure=60 * DAY, messages=DAY)))
    found = await expiries(bench)
    assert found == {state: FAR + (19 if state in queries.KEPT_AS_SUCCESS else 59) * DAY for state in states}


async def test_the_newest_runs_survive_a_much_shorter_setting(bench: Workbench, keeper: KeeperOf):
    await bench.db.dynamic_jobs.insert_one(job_document(policies={"keepLast": 1}))
    await until_idle(keeper())
    await bench.db.job_runs.insert_many([ended("a", 4 * DAY), ended("b", 3 * DAY)])
    short = RetentionSettings(success=2 * HOUR, failure=2 * HOUR, messages=DAY)
    for _ in range(40):
        await until_idle(keeper(short))
        bench.clock.advance(600)
        alive = {name for name, at in (await expiries(bench)).items() if at > bench.clock.now()}
        assert "b" in alive
    assert alive == {"b"}


async def test_messages_and_their_deliveries_follow_the_setting(bench: Workbench, keeper: KeeperOf):
    await until_idle(keeper())
    past = {"finishedAt": FAR - DAY, "expireAt": FAR + 89 * DAY}
    await bench.db.notification_queue.insert_many(
        [{"_id": "sent", "state": "sent", **past}, {"_id": "pending", "state": "pending", **past}]
    )
    await bench.db.deliveries.insert_many(
        [
            {"_id": "sent:1", "itemId": "sent", "state": "sent", **past},
            {"_id": "pending:1", "itemId": "pending", "state": "refused", **past},
            {"_id": "pending:2", "itemId": "pending", "state": "started", **past},
        ]
    )
    await until_idle(keeper(RetentionSettings(success=7 * DAY, failure=30 * DAY, messages=10 * DAY), batch=2))
    assert await expiries(bench, "notification_queue") == {"sent": FAR + 9 * DAY, "pending": past["expireAt"]}
    found = await expiries(bench, "deliveries")
    assert found == {"sent:1": FAR + 9 * DAY, "pending:1": FAR + 9 * DAY, "pending:2": past["expireAt"]}
    assert {*queries.MESSAGE_STATES, *("pending", "sending", "retry_wait", "unknown")} == set(QueueState)
    assert set(queries.DELIVERY_STATES) == set(DeliveryState) - {"started"}


async def test_a_crash_in_the_middle_of_a_change_goes_on_where_it_was(
    bench: Workbench, keeper: KeeperOf, monkeypatch: pytest.MonkeyPatch
):
    await until_idle(keeper())
    await bench.db.job_runs.insert_many([ended(f"r{number}", DAY) for number in range(9)])
    longer = RetentionSettings(success=20 * DAY, failure=60 * DAY, messages=DAY)
    for _ in range(3):
        await keeper(longer, batch=3).run_once()
    done = {name for name, at in (await expiries(bench)).items() if at == FAR + 19 * DAY}
    assert done == {f"r{number}" for number in range(7)}, "r2 and r4 are the first of the batch after their own"

    looked_at: list[Any] = []
    real_ids, real_save = RetentionStore.ids_from, RetentionStore.save

    async def watched(self: RetentionStore, *place: Any) -> list[Any]:
        looked_at.extend(found := await real_ids(self, *place))
        return found

    async def dies(self: RetentionStore, *state: Any) -> None:
        if state[1].applying != state[0].applying:
            raise ConnectionError("died after the change, before the note")
        await real_save(self, *state)

    monkeypatch.setattr(RetentionStore, "ids_from", watched)
    monkeypatch.setattr(RetentionStore, "save", dies)
    with pytest.raises(ConnectionError):
        await keeper(longer, batch=3).run_once()
    monkeypatch.setattr(RetentionStore, "save", real_save)
    await until_idle(keeper(longer, batch=3))
    assert set((await expiries(bench)).values()) == {FAR + 19 * DAY}
    assert "r0" not in looked_at


async def test_of_two_leaders_that_note_at_once_one_notes(bench: Workbench, keeper: KeeperOf):
    await until_idle(keeper())
    store = RetentionStore(bench.db)
    seen = await store.state()
    assert seen is not None
    first = await store.save(seen, seen.model_copy(update={"reviewed_until": FAR + DAY}))
    assert first is not None
    assert await store.save(seen, seen.model_copy(update={"reviewed_until": FAR})) is None
    assert await store.state() == first


@pytest.mark.parametrize("note", [{"settings": 5}, {"reviewedUntil": "soon"}, {"n": "x"}, {"applying": [1]}])
async def test_an_unreadable_note_is_written_anew(bench: Workbench, keeper: KeeperOf, note: dict[str, Any]):
    await until_idle(keeper())
    await bench.db.scheduler_state.update_one({"_id": "retention"}, {"$set": note})
    await until_idle(keeper())
    found = await RetentionStore(bench.db).state()
    assert found is not None
    assert (found.settings, found.applying) == (WEEK, None)


async def test_the_audit_finds_nothing_before_during_and_after_a_change(bench: Workbench, keeper: KeeperOf, db: Any):
    await bench.db.dynamic_jobs.insert_one(
        job_document(since=FAR - 9 * DAY, schedule={"kind": "interval", "every": "1d"}, plannedRevision=1,
                     daemon={"cursor": FAR, "nextRun": FAR + DAY})
    )  # fmt: skip
    template = {
        "jobRevision": 1, "template": "noop", "trigger": "schedule", "timeoutMs": 1, "backoffMs": 1, "maxBackoffMs": 1,
        "params": {}, "createdBy": "scheduler",
    }  # fmt: skip
    kept = [0, 1, 2]  # what ended earlier was removed under the first setting
    first = RetentionSettings(success=3 * DAY, failure=3 * DAY, messages=DAY)
    await bench.db.job_runs.insert_many(
        [ended(f"job-1:{number}", number * DAY, createdAt=FAR - number * DAY, **template) for number in kept]
    )
    for settings in (first, RetentionSettings(success=6 * DAY, failure=60 * DAY, messages=DAY), first):
        housekeeper = keeper(settings, batch=2)
        while await housekeeper.run_once() != PAUSE_SECONDS:
            assert run_audit(db, FAR) == []
        assert run_audit(db, FAR) == []
    await bench.db.job_runs.delete_one({"_id": "job-1:1"})
    assert [finding.check for finding in run_audit(db, FAR)] == ["occurrence_lost"]
