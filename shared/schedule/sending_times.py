"""When the messages of one occurrence leave: the recipient's own zone, quiet hours, allowed days, throttle. Pure."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from shared.clock import cut_to_milliseconds
from shared.models.notification_models import ScheduledNotification
from shared.models.schedule import IntervalSchedule, OnceSchedule, Schedule
from shared.models.sending_rules import WEEKDAYS, SendingRules
from shared.schedule.cron import end_of_gap
from shared.schedule.exclusions import Exclusions
from shared.schedule.zones import is_in_gap, load_zone, transition_between

FIRST_ZONE, LAST_ZONE = "Etc/GMT-14", "Etc/GMT+12"
"""Where a wall-clock time comes first and last (the signs of these names are the other way round)."""
AROUND_THE_WORLD = timedelta(hours=26)
JUST_PAST = timedelta(seconds=60)
"""A moment that had just passed when its rule was made still counts."""
_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
LONGEST_REST = timedelta(days=8)
"""No closed time of quiet hours and days that are not allowed is longer."""
_MIDNIGHT = time()


def follows_recipients(rules: SendingRules, schedule: Schedule) -> bool:
    """Whether each recipient's own wall clock decides: an interval, and a moment with an offset, have none."""
    if not rules.recipient_timezone or isinstance(schedule, IntervalSchedule):
        return False
    return not isinstance(schedule, OnceSchedule) or schedule.at.tzinfo is None


def firing_schedule(rules: SendingRules, schedule: Schedule) -> Schedule:
    """The schedule by which occurrences are queued: where recipients' clocks decide, when the first one shows it."""
    if not follows_recipients(rules, schedule):
        return schedule
    return schedule.model_copy(update={"timezone": FIRST_ZONE})


def last_schedule(rules: SendingRules, schedule: Schedule) -> Schedule:
    """The schedule by which an occurrence has passed for everybody."""
    if not follows_recipients(rules, schedule):
        return schedule
    return schedule.model_copy(update={"timezone": LAST_ZONE})


def firing_exclusions(rules: SendingRules, schedule: Schedule, exclusions: Exclusions) -> Exclusions:
    """The days that the firing schedule leaves out: the same wall clock is left out for everybody."""
    if not exclusions or not follows_recipients(rules, schedule):
        return exclusions
    zone, first = schedule.zone, load_zone(FIRST_ZONE)
    return exclusions.moved(lambda at: at.astimezone(zone).replace(tzinfo=first).astimezone(UTC))


def longest_wait(rules: SendingRules, schedule: Schedule) -> timedelta:
    """No message of an occurrence is meant for later than this after it."""
    wait = timedelta(0)
    if follows_recipients(rules, schedule):
        wait += AROUND_THE_WORLD + (2 * _DAY if rules.already_passed == "next_day" else timedelta(0))
    if OpenHours.of(rules) is not None:
        wait += LONGEST_REST
    return wait


@dataclass(frozen=True, slots=True)
class OpenHours:
    """Wall-clock times at which messages may leave. days: of the week, Monday is 0."""

    quiet_from: time | None
    quiet_to: time
    days: frozenset[int]

    @classmethod
    def of(cls, rules: SendingRules) -> "OpenHours | None":
        """None: always."""
        if rules.critical or (rules.quiet_hours is None and rules.allowed_days is None):
            return None
        quiet, days = rules.quiet_hours, rules.allowed_days
        return cls(
            time.fromisoformat(quiet.begin) if quiet else None,
            time.fromisoformat(quiet.end) if quiet else _MIDNIGHT,
            frozenset(range(7) if days is None else (WEEKDAYS.index(day) for day in days)),
        )

    def is_open(self, local: datetime) -> bool:
        """Whether a message may leave at this wall-clock time."""
        if local.weekday() not in self.days:
            return False
        if self.quiet_from is None:
            return True
        at = local.time()
        if self.quiet_from < self.quiet_to:
            return not self.quiet_from <= at < self.quiet_to
        return self.quiet_to <= at < self.quiet_from

    def next_open(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """`moment`, or the first instant after it at which the zone's wall clock shows an open time."""
        while not self.is_open(moment.astimezone(zone)):
            moment = min(each for each in self._edges(moment, zone) if each > moment)
        return moment

    def _edges(self, moment: datetime, zone: ZoneInfo) -> Iterator[datetime]:
        """Instants in the next days at which a closed time may end: midnights, ends of quiet hours, clock changes."""
        if (moment + _DAY).astimezone(zone).utcoffset() != moment.astimezone(zone).utcoffset():
            yield transition_between(moment, moment + _DAY, zone)
        today = moment.astimezone(zone).date()
        for day in (today, today + _DAY, today + 2 * _DAY):
            for at in (_MIDNIGHT, self.quiet_to):
                wall = datetime.combine(day, at, tzinfo=zone)
                if is_in_gap(wall):
                    yield end_of_gap(wall)
                else:
                    yield wall.astimezone(UTC)
                    yield wall.replace(fold=1).astimezone(UTC)


class Spread:
    """Gives each minute no more messages than it may have."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._taken: Counter[datetime] = Counter()
        self._room_from: dict[str, datetime] = {}

    def place(self, zone: str, wanted: datetime, next_open: Callable[[datetime], datetime]) -> datetime:
        """The first open moment from `wanted` on in a minute that has room; takes the room.

        wanted: the same for all messages of a zone.
        """
        at = self._room_from.get(zone, wanted)
        while self._taken[_minute(at)] >= self._per_minute:
            at = next_open(_minute(at) + _MINUTE)
        self._taken[_minute(at)] += 1
        self._room_from[zone] = at
        return at


@dataclass(frozen=True, slots=True)
class Timing:
    """When a message leaves, and from when on it is too late for it."""

    send_after: datetime
    expires_at: datetime | None


class SendingTimes:
    """The timing of each message of one occurrence. Each zone is worked out once.

    A message expires `expiresAfter` later than it was meant for: the recipient's own time, after the wait for an open
    hour. The throttle moves no expiry.
    """

    def __init__(self, scheduled: ScheduledNotification, occurrence: datetime, now: datetime) -> None:
        self._rules = scheduled
        self._now = now
        self._meant_for = occurrence
        self._since = scheduled.schedule_since - JUST_PAST
        self._follows = follows_recipients(scheduled, scheduled.schedule)
        self._fallback = scheduled.timezone_fallback or scheduled.schedule.timezone
        self._hours = OpenHours.of(scheduled)
        self._spread = Spread(scheduled.throttle.per_minute) if scheduled.throttle else None
        self._timings: dict[str, Timing | None] = {}

    def of(self, zone_name: str | None) -> Timing | None:
        """For a recipient of that zone; None: the moment had passed, and the rule is to skip them."""
        name = zone_name or self._fallback
        if name not in self._timings:
            try:
                load_zone(name)
            except ValueError:
                name = self._fallback
        if name not in self._timings:
            self._timings[name] = self._work_out(load_zone(name))
        timing = self._timings[name]
        if timing is None or self._spread is None:
            return timing
        zone = load_zone(name)
        at = self._spread.place(name, timing.send_after, lambda moment: self._opened(moment, zone))
        return Timing(at, timing.expires_at)

    def _work_out(self, zone: ZoneInfo) -> Timing | None:
        nominal = self._nominal(zone)
        if nominal is None:
            return None
        send_after = self._opened(max(nominal, self._now), zone)
        after = self._rules.expires_after
        return Timing(send_after, None if after is None else self._opened(nominal, zone) + after)

    def _nominal(self, zone: ZoneInfo) -> datetime | None:
        """The occurrence in this zone."""
        if not self._follows:
            return self._meant_for
        wall = self._meant_for.astimezone(load_zone(FIRST_ZONE)).replace(tzinfo=None)
        at = _instant(wall, zone)
        if at >= self._since:
            return at
        match self._rules.already_passed:
            case "now":
                return max(at, self._now)
            case "skip":
                return None
        while at < self._since:
            wall += _DAY
            at = _instant(wall, zone)
        return at

    def _opened(self, moment: datetime, zone: ZoneInfo) -> datetime:
        if self._hours is None:
            return moment
        quiet = self._rules.quiet_hours
        return self._hours.next_open(moment, load_zone(quiet.timezone) if quiet and quiet.timezone else zone)


def _instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """In a gap shifted forward by the gap (RFC 5545, 3.3.5), in an overlap the first."""
    return cut_to_milliseconds(wall.replace(tzinfo=zone, fold=0))


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
