"""Misfire, excluded days, jitter and intervals: every nominal instant is decided on once, by the rule that holds."""

from datetime import date, datetime, timedelta
from itertools import islice, pairwise

from hypothesis import given
from hypothesis import strategies as st

from shared.clock import MILLISECOND
from shared.models.policies import Misfire
from shared.models.schedule import Schedule
from shared.schedule.exclusions import Exclusions, excluded_days
from shared.schedule.misfire import ON_TIME, due_occurrences, next_not_excluded
from shared.schedule.occurrences import jittered, next_occurrence, occurrences_after
from shared.schedule.zones import load_zone
from tests.unit.shared.schedule_builders import ANCHOR, calendar, cron, instants, interval, once
from tests.unit.shared.schedule_properties import world
from tests.unit.shared.schedule_properties.profile import examples

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
RULES = ["0 * * * *", "30 2 * * *", "*/20 9-17 * * 1-5", "0 0 * * *", "59 23 * * *", "*/7 * * * *"]

zones = st.sampled_from(world.CHOSEN)
begins = st.sampled_from([change for _, change in world.TRANSITIONS]).flatmap(
    lambda change: st.integers(-3 * 86_400, 86_400).map(lambda seconds: change + seconds * SECOND)
)
jitters = st.sampled_from([0, 0, 1, 59, 300, 3600, 86_400]).map(lambda seconds: timedelta(seconds=seconds))


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    zone = draw(zones)
    kind = draw(st.sampled_from(["cron", "cron", "interval", "once"]))
    if kind == "cron":
        schedule: Schedule = cron(draw(st.sampled_from(RULES)), zone)
    elif kind == "interval":
        schedule = interval(f"{draw(st.integers(40, 40_000))}s", timezone=zone)
    else:
        schedule = once(draw(begins).replace(tzinfo=None).isoformat(), zone)
    return schedule.model_copy(update={"jitter": draw(jitters)})


@st.composite
def closed_days(draw: st.DrawFn, around: datetime) -> list[tuple[str, list[tuple[str, str, str]]]]:
    """Up to two calendars around a moment: zone, and entries of (name, first, last)."""
    calendars = []
    for number in range(draw(st.integers(0, 2))):
        entries = []
        for place in range(draw(st.integers(1, 4))):
            first = around.date() + draw(st.integers(-2, 12)) * DAY
            last = first + draw(st.integers(0, 3)) * DAY
            entries.append((f"c{number}e{place}", first.isoformat(), last.isoformat()))
        calendars.append((draw(zones), entries))
    return calendars


def exclusions_of(calendars: list[tuple[str, list[tuple[str, str, str]]]]) -> Exclusions:
    return Exclusions(day for zone, entries in calendars for day in excluded_days(calendar(entries, zone)))


def names_of(calendars: list[tuple[str, list[tuple[str, str, str]]]], at: datetime) -> set[str]:
    """By definition: entries that list the date which the calendar's clock shows."""
    return {
        name
        for zone, entries in calendars
        for name, first, last in entries
        if date.fromisoformat(first) <= at.astimezone(load_zone(zone)).date() <= date.fromisoformat(last)
    }


misfires = st.builds(
    Misfire,
    policy=st.sampled_from(["latest", "all", "skip"]),
    window=st.sampled_from([0, 30, 3600, 86_400, 10 * 86_400]).map(lambda seconds: seconds * SECOND),
    max=st.sampled_from([1, 3, 100]),
)
waits = st.lists(st.integers(0, 4 * 86_400_000) | st.integers(0, 90_000), min_size=1, max_size=6)


@given(schedules(), begins, waits, misfires, st.data())
@examples(200)
def test_every_nominal_instant_is_in_exactly_one_of_runs_skipped_and_excluded(schedule, begin, waits, misfire, data):
    calendars = data.draw(closed_days(begin))
    exclusions = exclusions_of(calendars)
    cursor = now = begin
    for wait in waits:
        now += wait * MILLISECOND
        step = due_occurrences(schedule, "job", cursor, now, ANCHOR, misfire, exclusions)
        nominal = instants(schedule, cursor + MILLISECOND, step.cursor) if step.cursor else []
        places = {at: [] for at in nominal}
        for at in step.runs:
            places[at].append("run")
        for word, ranges in (("skipped", step.skipped), ("excluded", step.excluded)):
            for each in ranges:
                assert each.first in places
                assert each.last in places
                inside = [at for at in nominal if each.first <= at <= each.last]
                assert each.count == len(inside) if each.exact else each.count < len(inside)
                for at in inside:
                    places[at].append(word)
        for at, words in places.items():
            assert len(words) == 1, (at, words)
            assert (words == ["excluded"]) == bool(names_of(calendars, at))
        for each in step.excluded:
            assert set(each.name.split(" and ")[0].split(", ")) <= {
                name for at in nominal if each.first <= at <= each.last for name in names_of(calendars, at)
            }
        assert step.following == next_occurrence(schedule, step.cursor or cursor, ANCHOR)
        if step.following is not None and step.following.at <= now:
            assert jittered(schedule, "job", step.following.at, ANCHOR) > now
        cursor = step.cursor or cursor
        assert cursor <= now


@given(schedules(), begins, st.integers(0, 12 * 86_400), st.data())
@examples(150)
def test_after_an_outage_latest_runs_the_newest_instant_that_is_not_excluded(schedule, begin, seconds, data):
    schedule = schedule.model_copy(update={"jitter": timedelta(0)})
    calendars = data.draw(closed_days(begin))
    now = begin + seconds * SECOND
    step = due_occurrences(
        schedule, "job", begin, now, ANCHOR, Misfire(window=timedelta(days=30)), exclusions_of(calendars)
    )
    free = [at for at in instants(schedule, begin + MILLISECOND, now) if not names_of(calendars, at)]
    on_time = [at for at in free if now - at <= ON_TIME]
    assert step.runs == (on_time or free[-1:])


@given(schedules(), begins, st.data())
@examples(150)
def test_the_next_that_is_not_excluded_is_the_first_of_all_that_come(schedule, begin, data):
    calendars = data.draw(closed_days(begin))
    upcoming = (each for each in occurrences_after(schedule, begin, ANCHOR) if not names_of(calendars, each.at))
    assert next_not_excluded(schedule, begin, ANCHOR, exclusions_of(calendars)) == next(upcoming, None)


@given(schedules(), begins, st.text(max_size=8))
@examples(150)
def test_jitter_stays_below_the_next_nominal_instant_everywhere(schedule, begin, key):
    found = [each.at for each in islice(occurrences_after(schedule, begin, ANCHOR), 6)]
    for nominal, following in pairwise(found):
        acts_at = jittered(schedule, key, nominal, ANCHOR)
        assert nominal <= acts_at < following
        assert acts_at <= nominal + schedule.jitter
        assert acts_at == jittered(schedule, key, nominal, ANCHOR)


@given(
    zones,
    st.integers(1000, 10**10).map(lambda milliseconds: milliseconds * MILLISECOND),
    begins,
    st.integers(-(10**12), 10**12).map(lambda milliseconds: milliseconds * MILLISECOND),
)
@examples(150)
def test_an_interval_is_its_anchor_plus_whole_lengths_of_elapsed_time_in_every_zone(zone, every, anchor, offset):
    schedule = interval("1s", timezone=zone).model_copy(update={"every": every, "anchor": anchor})
    after = anchor + offset
    found = [each.at for each in islice(occurrences_after(schedule, after, ANCHOR), 5)]
    assert all((at - anchor) % every == timedelta(0) for at in found)
    assert all(at >= anchor for at in found)
    assert found[0] > after
    assert found[0] - every <= after or found[0] == anchor
    assert all(later - earlier == every for earlier, later in pairwise(found))
