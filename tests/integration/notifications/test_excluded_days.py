"""Scheduled notifications leave out the days that their calendars exclude, and count what they left out."""

from tests.integration.notifications.conftest import Office, moment
from tests.support.documents import MONDAY, calendar_document

TODAY = [{"name": "Founders' Day", "first": "2026-11-23", "last": "2026-11-23"}]
MINUTELY = {"kind": "interval", "every": "1m", "excludeCalendars": ["holidays"]}


async def test_an_occurrence_on_an_excluded_day_queues_nothing_and_is_counted(office: Office) -> None:
    await office.db.calendars.insert_one(calendar_document(entries=TODAY))
    await office.add_template()
    await office.schedule(schedule=MINUTELY)
    await office.process()
    office.clock.advance(60)
    report = await office.process()
    assert (report["occurrences"], report["excluded"], report["skipped"]) == (0, 1, 1)
    assert await office.items() == []
    progress = (await office.scheduled())["daemon"]
    assert (progress["occurrencesSkipped"], progress["occurrencesQueued"]) == (1, 0)
    assert (progress["cursor"], progress["nextRun"]) == (moment(minutes=1), moment(minutes=2))


async def test_the_calendar_holds_as_it_is_when_the_moment_comes(office: Office) -> None:
    await office.db.calendars.insert_one(calendar_document(entries=TODAY))
    await office.add_template()
    await office.schedule(schedule=MINUTELY)
    await office.process()
    await office.db.calendars.update_one({"_id": "holidays"}, {"$set": {"entries": [], "revision": 2}})
    office.clock.advance(60)
    assert (await office.process())["queued"] == 2


async def test_a_missing_calendar_puts_aside_with_its_name_until_it_is_there(office: Office) -> None:
    await office.add_template()
    await office.schedule(schedule=MINUTELY)
    await office.schedule("sound", schedule={"kind": "interval", "every": "1m"})
    assert (await office.process())["quarantined"] == 1
    quarantine = (await office.scheduled())["daemon"]["quarantine"]
    assert quarantine["field"] == "schedule.excludeCalendars"
    assert "'holidays'" in quarantine["reason"]
    assert (await office.scheduled("sound"))["daemon"]["nextRun"] == moment(minutes=1)
    await office.db.calendars.insert_one(calendar_document(createdAt=MONDAY))
    await office.process()
    await office.process()
    progress = (await office.scheduled())["daemon"]
    assert (progress["quarantine"], progress["nextRun"]) == (None, moment(minutes=1))
