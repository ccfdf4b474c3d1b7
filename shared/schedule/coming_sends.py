"""When the messages of coming occurrences would leave, by the daemon's own rule. Pure."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import NamedTuple

from shared.clock import MILLISECOND
from shared.models.notification_models import ScheduledNotification
from shared.models.sending_rules import Throttle
from shared.schedule.sending_times import (
    FIRST_ZONE,
    LONGEST_REST,
    OpenHours,
    SendingTimes,
    Timing,
    follows_recipients,
)
from shared.schedule.zones import load_zone


class Departure(NamedTuple):
    """When the messages of one occurrence leave: the first, the last, and how many expire before their turn."""

    first: datetime
    last: datetime
    too_late: int


def timings(notification: ScheduledNotification, at: datetime, now: datetime) -> Iterator[Timing]:
    """The timing of one message after the other, for recipients whose clock is that of the schedule's own zone.

    at: the occurrence in that zone. Nothing: the moment has passed, and such recipients are skipped.
    """
    follows = follows_recipients(notification, notification.schedule)
    zone = notification.schedule.timezone if follows else None
    fired = at
    if follows:
        wall = at.astimezone(notification.schedule.zone).replace(tzinfo=load_zone(FIRST_ZONE))
        fired = wall.astimezone(UTC)
    times = SendingTimes(notification, fired, now)
    while (timing := times.of(zone)) is not None:
        yield timing


def departure(notification: ScheduledNotification, at: datetime, now: datetime, messages: int) -> Departure | None:
    """Of that many messages, at least one; None if their recipients are skipped."""
    throttle = notification.throttle
    per_minute = messages if throttle is None else throttle.per_minute
    one_a_minute = None if throttle is None else Throttle(per_minute=1)  # what fills a minute leaves together
    coming = timings(notification.model_copy(update={"throttle": one_a_minute}), at, now)
    minutes = list(islice(coming, -(-messages // per_minute)))
    if not minutes:
        return None
    in_last = messages - (len(minutes) - 1) * per_minute
    late = [timing for timing in minutes if timing.expires_at is not None and timing.expires_at <= timing.send_after]
    too_late = (len(late) - 1) * per_minute + in_last if late else 0
    return Departure(minutes[0].send_after, minutes[-1].send_after, too_late)


def leaving(
    notification: ScheduledNotification, occurrences: Iterable[datetime], now: datetime
) -> Iterator[datetime | None]:
    """When the first message of each leaves; None if its recipients are skipped. occurrences: in their order."""
    held: tuple[datetime, datetime] | None = None
    for at in occurrences:
        if held is None or not held[0] <= at <= held[1]:  # all that waits for the same open hour leaves then
            first = next(timings(notification, at, now), None)
            held = None if first is None else (at, first.send_after)
        yield held and held[1]


def last_occurrence_before(notification: ScheduledNotification, moment: datetime) -> datetime:
    """Occurrences up to this moment leave before `moment`; all later ones leave then, or later."""
    hours = OpenHours.of(notification)
    if hours is None:
        return moment - MILLISECOND
    quiet = notification.quiet_hours
    fallback = notification.timezone_fallback or notification.schedule.timezone
    own = notification.schedule.timezone if follows_recipients(notification, notification.schedule) else fallback
    zone = load_zone(quiet.timezone if quiet and quiet.timezone else own)
    before, after = moment - LONGEST_REST, moment
    while after - before > MILLISECOND:
        middle = before + (after - before) / 2
        if hours.next_open(middle, zone) < moment:
            before = middle
        else:
            after = middle
    return before
