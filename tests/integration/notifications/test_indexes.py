"""Each hot query of the notification system reads by an index, and little more than it returns."""

from collections.abc import Iterator
from typing import Any

import pytest

from scheduler_daemon.job_template import DueSource
from scheduler_daemon.notifications.channel_sender import EMAIL_DUE_SOURCE, REPORTS_DUE_SOURCE, SMS_DUE_SOURCE
from scheduler_daemon.notifications.service import SCHEDULES_DUE_SOURCE
from scheduler_daemon.store.due_sources import DueSourceStore
from scheduler_daemon.store.mongo import Client, Database
from shared.clock import EPOCH
from shared.models.notification_models import Channel
from shared.queries import holds
from shared.queries import notifications as queries
from shared.queries.audit.fan_outs import fan_out_checks
from tests.integration.notifications.conftest import item_document, moment, scheduled_document

MANY = 1000


@pytest.fixture
async def filled(mongo: tuple[Client, Database]) -> Database:
    """Many waiting messages of later times, sent ones, and a few that are due or being sent."""
    _, database = mongo
    states = ["pending", "retry_wait", "sent", "failed"]
    items = [
        item_document(
            f"m{number}", "x@example.com", state=states[number % 4], sendAfter=moment(hours=1, minutes=number)
        )
        for number in range(MANY)
    ]
    items += [item_document(f"d{number}", "x@example.com") for number in range(5)]
    items += [
        item_document(f"s{number}", "x@example.com", state="sending", token="t", epoch=number % 2)
        for number in range(4)
    ]
    await database.notification_queue.insert_many(items)
    await database.scheduled_notifications.insert_many(
        [
            scheduled_document(
                f"w{number}", plannedRevision=1, daemon={"nextRun": moment(hours=number) if number % 2 else None}
            )
            for number in range(MANY)
        ]
    )
    return database


async def explain(database: Database, collection: str, criteria: Any, **options: Any) -> dict[str, Any]:
    command = {"explain": {"find": collection, "filter": criteria, **options}, "verbosity": "executionStats"}
    return await database.command(command, codec_options=database.codec_options)


def stages(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in [plan.get("inputStage"), *plan.get("inputStages", [])]:
        if inner:
            yield from stages(inner)


async def check(database: Database, collection: str, criteria: Any, index: str, most: int, **options: Any) -> None:
    answer = await explain(database, collection, criteria, **options)
    used = list(stages(answer["queryPlanner"]["winningPlan"]))
    assert {stage["indexName"] for stage in used if stage["stage"] == "IXSCAN"} == {index}
    assert not {"COLLSCAN", "SORT"} & {stage["stage"] for stage in used}
    assert answer["executionStats"]["totalKeysExamined"] <= most
    assert answer["executionStats"]["totalDocsExamined"] <= most


@pytest.mark.parametrize("state", queries.WAITING_STATES)
async def test_messages_to_send(filled: Database, state: str) -> None:
    criteria = queries.waiting_messages(Channel.EMAIL, state, moment())
    await check(filled, "notification_queue", criteria, "sendable", 6, limit=32)


async def test_messages_to_send_are_found_in_the_order_of_their_time(filled: Database) -> None:
    await filled.notification_queue.insert_one(item_document("early", "x@example.com", sendAfter=moment(days=-1)))
    await filled.notification_queue.insert_one(item_document("bad", "x@example.com", sendAfter=[moment(days=9)]))
    criteria = queries.waiting_messages(Channel.EMAIL, "pending", moment(days=1))
    found = await filled.notification_queue.find(criteria, hint="sendable").limit(50).to_list()
    moments = [each["sendAfter"] for each in found]
    assert moments == sorted(moments)
    assert found[0]["_id"] == "early"


@pytest.mark.parametrize("source", [EMAIL_DUE_SOURCE, SCHEDULES_DUE_SOURCE])
async def test_the_head_of_a_due_source(filled: Database, source: DueSource) -> None:
    criteria = {**source.filter, source.due_field: {"$gte": EPOCH}}
    index = {"notification_queue": "sendable", "scheduled_notifications": "due"}[source.collection]
    await check(filled, source.collection, criteria, index, 8, sort={source.due_field: 1}, limit=1)
    if source.at_once:
        await check(filled, source.collection, dict(source.at_once), "unplanned", 1, limit=1)


async def test_the_head_of_the_reports_of_providers(filled: Database) -> None:
    """Most are handled; they stay for a month."""
    await filled.provider_events.insert_many(
        [
            {"_id": str(number), "handledAt": moment() if number > 3 else None, "lookAt": moment(minutes=number)}
            for number in range(MANY)
        ]
    )
    criteria = {**REPORTS_DUE_SOURCE.filter, "lookAt": {"$gte": EPOCH}}
    await check(filled, "provider_events", criteria, "open", 4, sort={"lookAt": 1}, limit=1)


@pytest.mark.parametrize(("message", "report", "head"), [(1, 2, "m"), (2, 1, "r"), (None, 1, "r"), (1, None, "m")])
async def test_the_earlier_of_two_sources_side_by_side_counts(
    mongo: tuple[Client, Database], message: int | None, report: int | None, head: str
) -> None:
    _, database = mongo
    if message is not None:
        item = item_document("m", "+33100000001", channel="sms", sendAfter=moment(minutes=message))
        await database.notification_queue.insert_one(item)
    if report is not None:
        await database.provider_events.insert_one({"_id": "r", "handledAt": None, "lookAt": moment(minutes=report)})
    found = await DueSourceStore(database).head(SMS_DUE_SOURCE)
    assert found == (head, moment(minutes=1))


async def test_what_others_left_in_the_act_of_sending(filled: Database) -> None:
    await check(filled, "notification_queue", queries.sending_of_other_epochs(1), "sending", 4, limit=500)


async def test_what_this_epoch_has_abandoned(filled: Database) -> None:
    criteria = queries.abandoned(Channel.EMAIL, 1, ["t"])
    await check(filled, "notification_queue", criteria, "sending", 4, limit=500, hint="sending")


@pytest.mark.parametrize(
    ("number", "index"), [(0, "by_state"), (1, "sendable"), (2, "sendable")], ids=["state", "channel", "sendAfter"]
)
async def test_malformed_messages_cost_nothing_when_there_are_none(filled: Database, number: int, index: str) -> None:
    criteria = queries.malformed_messages()[number]
    await check(filled, "notification_queue", criteria, index, 20, limit=500)


async def test_schedules_that_are_due(filled: Database) -> None:
    await check(filled, "scheduled_notifications", queries.due_schedules(moment(hours=5)), "due", 5, limit=50)


async def test_new_and_changed_schedules(filled: Database) -> None:
    await filled.scheduled_notifications.insert_one(scheduled_document("new"))
    await check(filled, "scheduled_notifications", queries.unplanned(), "unplanned", 2, limit=50)


async def test_schedules_that_can_never_fall_due(filled: Database) -> None:
    criteria = queries.schedules_with_bad_next_run()
    await check(filled, "scheduled_notifications", criteria, "due", 3, limit=50)


@pytest.mark.parametrize(("field", "index"), [("jobId", "by_job"), ("runId", "by_run")])
async def test_alerts_of_a_job_and_of_a_run(filled: Database, field: str, index: str) -> None:
    await filled.notification_queue.update_many({"_id": {"$in": ["d0", "d1"]}}, {"$set": {field: "z"}})
    newest = {"createdAt": -1, "_id": -1}
    await check(filled, "notification_queue", {field: "z"}, index, 3, sort=newest, limit=50)


async def test_messages_of_a_schedule(filled: Database) -> None:
    await filled.notification_queue.update_many(
        {"_id": {"$in": ["d0", "d1"]}}, {"$set": {"scheduledNotificationId": "z"}}
    )
    await check(filled, "notification_queue", queries.waiting_messages_of("z"), "by_occurrence", 4)


async def test_the_messages_of_one_of_many_occurrences_are_counted_in_the_index(filled: Database) -> None:
    await filled.notification_queue.insert_many(
        [
            item_document(
                f"z{number}", "z@example.com", scheduledNotificationId="z", occurrence=moment(days=number % 20)
            )
            for number in range(200)
        ]
    )
    criteria = queries.messages_of_occurrence("z", moment(days=3))
    await check(filled, "notification_queue", criteria, "by_occurrence", 11)
    [fan_outs] = fan_out_checks(moment())
    last = {"queuedAt": moment(), "scheduledFor": moment(days=3), "queued": 11}
    await filled.scheduled_notifications.insert_one(scheduled_document("z", daemon={"lastRun": last}))
    command = {"aggregate": "scheduled_notifications", "pipeline": list(fan_outs.pipeline), "cursor": {}}
    answer = await filled.command(
        {"explain": command, "verbosity": "executionStats"}, codec_options=filled.codec_options
    )
    lookup = next(stage for stage in answer["stages"] if "$lookup" in stage)
    assert lookup["indexesUsed"] == ["by_occurrence"]
    assert lookup["totalDocsExamined"] <= 10


async def test_fan_outs_to_be_checked(filled: Database) -> None:
    last = {"queuedAt": moment(), "scheduledFor": moment(), "queued": 1, "checked": False}
    document = scheduled_document("x", plannedRevision=1, daemon={"lastRun": last})
    await filled.scheduled_notifications.insert_one(document)
    criteria = queries.unchecked_queues(moment(minutes=1))
    await check(filled, "scheduled_notifications", criteria, "unchecked", 1, limit=50)
    of_z = {"$set": {"scheduledNotificationId": "z"}}
    await filled.notification_queue.update_many({"_id": {"$in": ["d0", "d1"]}}, of_z)
    await check(filled, "notification_queue", queries.messages_of_occurrence("z", moment()), "by_occurrence", 4)


async def test_what_a_pause_has_held(filled: Database) -> None:
    of_z = {"$set": {"scheduledNotificationId": "z", "heldFrom": moment()}}
    await filled.notification_queue.update_many({"_id": {"$in": ["d0", "d1"]}}, of_z)
    await check(filled, "notification_queue", holds.held_messages_of("z"), "by_occurrence", 4)
