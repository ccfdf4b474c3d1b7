"""Cron, in every zone and at every change of its clocks: the same as a scan of the wall clock, and as cronsim."""

from datetime import datetime, timedelta
from itertools import islice, pairwise, product

import pytest
from cronsim import CronSim
from hypothesis import assume, given
from hypothesis import strategies as st

from shared.models.schedule import DstPolicy
from shared.schedule.cron import check_expression, occurrences
from shared.schedule.occurrences import occurrences_after
from shared.schedule.zones import load_zone
from tests.unit.shared.schedule_builders import ANCHOR, cron, instants
from tests.unit.shared.schedule_properties import world
from tests.unit.shared.schedule_properties.brute_force import Rule, rule, rules, scan
from tests.unit.shared.schedule_properties.profile import examples

HOUR = timedelta(hours=1)
AROUND = timedelta(hours=9)
POLICIES = list(product(("next", "skip"), ("first", "last", "both")))
FIXED = [rule("30", "0,1,2,3,4,22,23"), rule("0", "0"), rule("0,15,45", "1,2,3"), rule("59", "23"), rule("5", "2")]
ELAPSED = [rule("*", "*"), rule("*/7", "2"), rule("0", "*"), rule("20", "*/2"), rule("*/15", "0,1,3,23")]
MINUTES = int((world.END - world.BEGIN).total_seconds() // 60)

zones = st.sampled_from(world.CHOSEN)
policies = st.sampled_from(POLICIES)
anywhere = st.integers(0, MINUTES).map(lambda minute: world.BEGIN + timedelta(minutes=minute))
near_a_change = st.tuples(st.sampled_from(world.TRANSITIONS), st.integers(-2000, 2000)).map(
    lambda place: (place[0][0], place[0][1] + timedelta(minutes=place[1]))
)
places = st.tuples(zones, anywhere) | near_a_change | near_a_change


def possible(rule: Rule) -> bool:
    """Not 30 February."""
    try:
        check_expression(rule.expression)
    except ValueError:
        return False
    return True


def test_the_world_is_known():
    assert len(world.ZONES) > 400
    assert len(world.CHOSEN) > 50
    assert len(world.TRANSITIONS) > 80


@pytest.mark.parametrize("zone", sorted({zone for zone, _ in world.TRANSITIONS}))
def test_at_every_change_of_the_clocks_cron_is_a_scan_of_the_wall_clock(zone):
    for name, change in world.TRANSITIONS:
        if name != zone:
            continue
        start, end = change - AROUND, change + AROUND
        for each in ELAPSED:
            assert instants(cron(each.expression, zone), start, end) == scan(
                each, load_zone(zone), start, end, "next", "first"
            ), (each.expression, change)
        for each, (gap, overlap) in product(FIXED, POLICIES):
            schedule = cron(each.expression, zone, dst=DstPolicy(gap=gap, overlap=overlap))
            assert instants(schedule, start, end) == scan(each, load_zone(zone), start, end, gap, overlap), (
                each.expression, change, gap, overlap,
            )  # fmt: skip


@given(places, rules.filter(possible), policies)
@examples(150)
def test_any_rule_anywhere_is_a_scan_of_the_wall_clock(place, rule, policy):
    zone, start = place
    end = start + timedelta(days=2)
    schedule = cron(rule.expression, zone, dst=DstPolicy(gap=policy[0], overlap=policy[1]))
    assert instants(schedule, start, end) == scan(rule, load_zone(zone), start, end, *policy)


@given(places, rules.filter(possible), policies)
@examples(150)
def test_occurrences_are_strictly_increasing_and_a_restart_anywhere_finds_the_same(place, rule, policy):
    zone, after = place
    schedule = cron(rule.expression, zone, dst=DstPolicy(gap=policy[0], overlap=policy[1]))
    found = [each.at for each in islice(occurrences_after(schedule, after, ANCHOR), 12)]
    assert all(earlier < later for earlier, later in pairwise([after, *found]))
    for earlier, later in pairwise(found):
        assert next(occurrences_after(schedule, earlier, ANCHOR)).at == later
        between = earlier + (later - earlier) / 2
        assert next(occurrences_after(schedule, between, ANCHOR)).at == later


@given(places, rules.filter(possible))
@examples(150)
def test_the_default_policy_is_cronsims(place, rule):
    zone, after = load_zone(place[0]), place[1]
    assume(not _is_changing(place[0], after))
    assume(not rule.follows_elapsed_time or _shifts_whole_hours(place[0]))
    expected: list[datetime] = []
    for wall in islice(CronSim(rule.expression, after.astimezone(zone)), 40):
        at = wall.astimezone(world.UTC)
        if rule.follows_elapsed_time and at.astimezone(zone).replace(tzinfo=None) != wall.replace(tzinfo=None):
            continue  # cronsim shows a midnight that no clock ever shows, e.g. in Santiago
        if at > max([after, *expected[-1:]]):
            expected.append(at)
    found = [each.at for each in islice(occurrences(rule.expression, zone, after, "next", "first"), len(expected))]
    assert found == expected


def _shifts_whole_hours(zone: str) -> bool:
    """cronsim goes from hour to hour in steps of an hour, and is lost where the clock is set back by half of one."""
    return all((later - earlier) % HOUR == timedelta(0) for (_, earlier), (_, later) in pairwise(world.behaviour(zone)))


def _is_changing(zone: str, after: datetime) -> bool:
    """cronsim forgets which of the two passages of a repeated hour it starts in."""
    return any(abs(change - after) <= timedelta(hours=3) for change, _ in world.behaviour(zone)[1:])
