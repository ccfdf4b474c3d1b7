"""What the daemon remembers of calendars and maintenance mode, and when it reads them again."""

import asyncio
from typing import Any

import pytest

from scheduler_daemon.scheduling import standing_rules
from scheduler_daemon.scheduling.standing_rules import StandingRules
from shared.errors import InvalidDefinition, StoreUnavailable
from shared.models.schedule import Schedule
from shared.schedule.exclusions import NO_EXCLUSIONS
from tests.support.documents import MONDAY, calendar_document, job_document, maintenance_document, seconds
from tests.unit.shared.schedule_builders import interval, moment


class Shelf:
    """Stands for the store: counts what is read."""

    def __init__(self, *calendars: dict[str, Any]) -> None:
        self.calendars = list(calendars)
        self.control: dict[str, Any] | None = None
        self.reads = 0
        self.looked_again: list[list[str]] = []
        self.broken = False

    async def all(self) -> list[dict[str, Any]]:
        self.reads += 1
        await asyncio.sleep(0)
        if self.broken:
            raise StoreUnavailable("away")
        return list(self.calendars)

    async def maintenance(self) -> dict[str, Any] | None:
        return self.control

    async def look_again_at_users(self, calendar_ids: list[str]) -> int:
        if self.broken:
            raise StoreUnavailable("away")
        self.looked_again.append(list(calendar_ids))
        return 1


class Ticking:
    """Only monotonic time matters here."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds


def rules_on(shelf: Shelf, clock: Ticking | None = None) -> StandingRules:
    return StandingRules(shelf, clock or Ticking(), longest_seconds=30)  # type: ignore[arg-type]


def closed_on(*calendars: str) -> Schedule:
    return interval("1m", excludeCalendars=list(calendars))


CHRISTMAS = moment("2026-12-25T12:00")


async def test_a_schedule_without_calendars_costs_nothing_and_needs_no_read():
    assert rules_on(Shelf()).exclusions_of(interval("1m")) is NO_EXCLUSIONS


async def test_the_days_of_all_named_calendars_are_excluded_and_remembered():
    rules = rules_on(Shelf(calendar_document("a"), calendar_document("b", entries=[entry("Labour Day", "2027-05-01")])))
    await rules.refresh()
    both = rules.exclusions_of(closed_on("a", "b"))
    assert both.at(CHRISTMAS) is not None
    assert both.at(moment("2027-05-01")) is not None
    assert rules.exclusions_of(closed_on("b")).at(CHRISTMAS) is None
    assert rules.exclusions_of(closed_on("a", "b")) is both


def entry(name: str, day: str) -> dict[str, str]:
    return {"name": name, "first": day, "last": day}


@pytest.mark.parametrize(
    ("stored", "words"),
    [
        ([], "there is no calendar 'a'"),
        ([calendar_document("a", entries=[entry("x", "2026-02-30")])], "'a' is malformed: entries.0.first"),
        ([calendar_document("a", timezone=5)], "'a' is malformed: timezone"),
        ([calendar_document("a", revision="x")], "'a' is malformed: revision"),
        ([{"_id": "a", "entries": "x" * 1000}], "'a' is malformed"),
    ],
)
async def test_a_calendar_that_is_missing_or_malformed_is_named_and_harms_no_other(stored, words):
    rules = rules_on(Shelf(calendar_document("good"), *stored))
    await rules.refresh()
    with pytest.raises(InvalidDefinition, match=words) as refused:
        rules.exclusions_of(closed_on("good", "a"))
    assert refused.value.field == "schedule.excludeCalendars"
    assert rules.exclusions_of(closed_on("good")).at(CHRISTMAS) is not None


async def test_it_reads_again_when_told_or_after_a_while_or_for_an_unknown_calendar_and_not_otherwise():
    shelf, clock = Shelf(calendar_document("a")), Ticking()
    rules = rules_on(shelf, clock)
    await rules.refresh()
    await rules.refresh([job_document(schedule={"excludeCalendars": ["a"]}), job_document(schedule=5), {"_id": 5}])
    assert shelf.reads == 1
    rules.mark_stale()
    await rules.refresh()
    assert shelf.reads == 2
    clock.seconds = 29.9
    await rules.refresh()
    assert shelf.reads == 2
    clock.seconds = 30
    await rules.refresh()
    assert shelf.reads == 3
    shelf.calendars.append(calendar_document("b"))
    await rules.refresh([job_document(schedule={"excludeCalendars": ["a", "b"]})])
    assert shelf.reads == 4
    assert rules.exclusions_of(closed_on("b"))


async def test_two_who_ask_at_once_share_one_read_and_neither_sees_what_is_outdated():
    shelf = Shelf()
    rules = rules_on(shelf)
    await rules.refresh()
    shelf.calendars.append(calendar_document("a"))
    rules.mark_stale()

    async def ask() -> bool:
        await rules.refresh()
        return bool(rules.exclusions_of(closed_on("a")))

    assert await asyncio.gather(ask(), ask()) == [True, True]
    assert shelf.reads == 2


async def test_a_change_a_removal_and_a_mended_calendar_are_seen():
    shelf = Shelf(calendar_document("a"), calendar_document("b", entries=5))
    rules = rules_on(shelf)
    await rules.refresh()
    assert rules.exclusions_of(closed_on("a")).at(CHRISTMAS) is not None
    shelf.calendars = [calendar_document("a", entries=[]), calendar_document("b")]
    rules.mark_stale()
    await rules.refresh()
    assert not rules.exclusions_of(closed_on("a"))
    assert rules.exclusions_of(closed_on("b")).at(CHRISTMAS) is not None
    shelf.calendars = []
    rules.mark_stale()
    await rules.refresh()
    with pytest.raises(InvalidDefinition):
        rules.exclusions_of(closed_on("a"))


async def test_what_waited_for_a_calendar_is_planned_again_once_it_can_be_used_even_if_the_database_was_away():
    shelf = Shelf(calendar_document("a"))
    rules = rules_on(shelf)
    await rules.refresh()
    assert shelf.looked_again == [["a"]]
    shelf.calendars.append(calendar_document("b"))
    shelf.broken = True
    for _ in range(2):
        rules.mark_stale()
        with pytest.raises(StoreUnavailable):
            await rules.refresh()
    shelf.broken = False
    await rules.refresh()
    assert shelf.looked_again == [["a"], ["b"]]
    rules.mark_stale()
    await rules.refresh()
    assert len(shelf.looked_again) == 2, "nothing was gained"


async def test_only_so_many_combinations_are_remembered(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(standing_rules, "MOST_CACHED", 2)
    rules = rules_on(Shelf(*(calendar_document(name) for name in "abc")))
    await rules.refresh()
    for name in "abcabc":
        assert rules.exclusions_of(closed_on(name))
    assert len(rules._exclusions) <= 2


async def test_a_very_large_calendar_is_read_too():
    entries = [entry(f"Day {number}", f"2026-{1 + number % 12:02}-{1 + number % 28:02}") for number in range(1000)]
    rules = rules_on(Shelf(calendar_document("a", entries=entries)))
    await rules.refresh()
    assert rules.exclusions_of(closed_on("a")).at(moment("2026-01-01")) is not None


@pytest.mark.parametrize(
    ("control", "on"),
    [
        (None, False),
        (maintenance_document(), True),
        (maintenance_document(active=False), False),
        (maintenance_document(until=MONDAY + seconds(1)), True),
        (maintenance_document(until=MONDAY), False),
        (maintenance_document(active=[]), False),
        ({"_id": "maintenance"}, False),
    ],
)
async def test_maintenance_holds_while_it_is_active_and_has_not_ended(control, on):
    shelf = Shelf()
    shelf.control = control
    rules = rules_on(shelf)
    assert rules.maintenance_at(MONDAY) is None
    await rules.refresh()
    assert (rules.maintenance_at(MONDAY) is not None) == on
