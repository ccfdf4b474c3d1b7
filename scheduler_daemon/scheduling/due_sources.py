"""When the documents of the declared due sources fall due, and which jobs are to run for them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from scheduler_daemon.job_template import DueSource, JobTemplate, Services
from scheduler_daemon.store.due_sources import DueHead, DueSourceStore

log = structlog.get_logger(__name__)

SHORTEST_GAP = timedelta(milliseconds=250)
FIRST_BACKOFF = timedelta(seconds=1)
LONGEST_BACKOFF = timedelta(seconds=60)
RECHECK_BLOCKED = timedelta(seconds=5)


@dataclass(slots=True)
class _Watched:
    """What is known of one source. A head that a run did not take away is asked for again ever more slowly."""

    source: DueSource
    stale: bool = True
    head: DueHead | None = None
    asked_for: DueHead | None = None
    not_before: datetime | None = None
    backoff: timedelta = FIRST_BACKOFF
    blocked: bool = False
    rests_until: datetime | None = None


class DueSources:
    """Remembers each source's next moment, and looks again only when there is a reason to."""

    def __init__(self, store: DueSourceStore, templates: Mapping[str, JobTemplate], services: Services) -> None:
        self._store = store
        self._templates = templates
        self._services = services
        self._watched = {
            kind: _Watched(template.due_source)
            for kind, template in templates.items()
            if template.due_source is not None
        }

    @property
    def types(self) -> list[str]:
        return list(self._watched)

    def mark_stale(self) -> None:
        """Something may have changed in any source."""
        for watched in self._watched.values():
            watched.stale = True
            if watched.blocked:
                watched.blocked, watched.not_before = False, None

    async def due(self, now: datetime) -> dict[str, datetime]:
        """Templates whose source has due documents, with the earliest due moment."""
        found: dict[str, datetime] = {}
        for kind, watched in self._watched.items():
            if watched.stale or (watched.head is not None and _moment(watched.head, now) <= now):
                watched.stale = False
                watched.head = await self._store.head(watched.source)
            if watched.head is None:
                watched.backoff, watched.asked_for = FIRST_BACKOFF, None
                continue
            moment = _moment(watched.head, now)
            watched.rests_until = self._rest(kind)
            if watched.not_before is not None and watched.not_before - now > LONGEST_BACKOFF:
                watched.not_before = None  # the wall clock was set back
            if watched.rests_until is not None and watched.rests_until > now:
                continue
            if moment <= now and (watched.not_before is None or watched.not_before <= now):
                found[kind] = moment
        return found

    def _rest(self, kind: str) -> datetime | None:
        try:
            return self._templates[kind].due_source_rests_until(self._services)
        except Exception:  # a plugin's fault is that plugin's, not the pass's
            log.error("due_source_failed", template=kind, exc_info=True)
            return None

    def asked(self, kind: str, now: datetime) -> None:
        """Runs were started for this template's due documents."""
        watched = self._watched[kind]
        if watched.head is not None and watched.head == watched.asked_for:
            watched.not_before = now + watched.backoff
            watched.backoff = min(LONGEST_BACKOFF, watched.backoff * 2)
        else:
            watched.not_before = now + SHORTEST_GAP
            watched.backoff = FIRST_BACKOFF
        watched.asked_for = watched.head

    def blocked(self, kind: str, now: datetime) -> None:
        """Every job of this template is running, or there is none that may run."""
        watched = self._watched[kind]
        watched.blocked = True
        watched.not_before = now + RECHECK_BLOCKED

    def freed(self, kind: str) -> None:
        """A run of this template has ended: its source has changed, and its job may run again."""
        watched = self._watched.get(kind)
        if watched is None:
            return
        watched.stale = True
        if watched.blocked:
            watched.blocked, watched.not_before = False, None

    def next_moment(self, now: datetime) -> datetime | None:
        """When to ask again."""
        moments = [
            max(_moment(watched.head, now), watched.not_before or now, watched.rests_until or now)
            for watched in self._watched.values()
            if watched.head is not None
        ]
        return min(moments, default=None)


def _moment(head: DueHead, now: datetime) -> datetime:
    return now if head.at is None else head.at
