"""A queue that lost messages is noticed once, and filled again."""

from tests.integration.notifications.conftest import Office
from tests.support.documents import MONDAY, once

ADDRESSES = {"addresses": [{"email": f"p{number}@example.com"} for number in range(5)]}


async def queued(office: Office) -> None:
    await office.add_template()
    await office.schedule(schedule=once(MONDAY), recipients=ADDRESSES)
    assert (await office.process())["queued"] == 5


async def lose_two(office: Office) -> None:
    lost = [item["_id"] for item in (await office.items())[:2]]
    await office.db.notification_queue.delete_many({"_id": {"$in": lost}})


async def test_what_is_missing_is_put_in_again_after_a_minute(office: Office) -> None:
    await queued(office)
    before = {item["_id"] for item in await office.items()}
    await lose_two(office)
    assert (await office.process())["repaired"] == 0
    office.clock.advance(61)
    assert (await office.process())["repaired"] == 2
    assert {item["_id"] for item in await office.items()} == before
    assert (await office.scheduled())["daemon"]["lastRun"]["checked"] is True


async def test_each_occurrence_is_looked_at_once(office: Office) -> None:
    await queued(office)
    office.clock.advance(61)
    await office.process()
    await lose_two(office)
    office.clock.advance(61)
    assert (await office.process())["repaired"] == 0
    assert len(await office.items()) == 3


async def test_a_changed_definition_reaches_nobody_new_for_an_old_occurrence(office: Office) -> None:
    await queued(office)
    await lose_two(office)
    changed = {"recipients": {"addresses": [{"email": "new@example.com"}]}, "revision": 2}
    await office.db.scheduled_notifications.update_one({}, {"$set": changed})
    office.clock.advance(61)
    assert (await office.process())["repaired"] == 0
    assert len(await office.items()) == 3
    assert (await office.scheduled())["daemon"]["lastRun"]["checked"] is True


async def test_a_document_that_cannot_be_read_stops_nothing(office: Office) -> None:
    await queued(office)
    await office.db.scheduled_notifications.update_one({}, {"$set": {"channels": "pigeon"}})
    office.clock.advance(61)
    await office.process()
    assert (await office.scheduled())["daemon"]["lastRun"]["checked"] is True
