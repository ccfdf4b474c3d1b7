"""How long things are kept: the newest runs of each job, and settings that were changed. Removal itself is MongoDB's.

The review looks at each run once, shortly before it expires, so it costs by what is about to expire. A changed setting
goes through everything that has ended once, in batches; how far it has come survives a crash.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import structlog

from scheduler_daemon.scheduling.loop import Loop
from scheduler_daemon.store.retention import RetentionStore, RunDocument
from scheduler_daemon.store.transactions import Fence
from shared.clock import Clock
from shared.collections import JOB_RUNS, NOTIFICATION_QUEUE
from shared.errors import LeadershipLost
from shared.models.scheduler_state import ApplyingTo, RetentionSettings, RetentionState
from shared.queries import retention as queries

log = structlog.get_logger(__name__)

PAUSE_SECONDS = 60.0
REVIEW_PAUSE_SECONDS = 0.05
APPLY_PAUSE_SECONDS = 0.25
BATCH = 500


class Housekeeper(Loop):
    """Acts only while this process leads."""

    name = "housekeeper"

    def __init__(
        self, store: RetentionStore, fence: Fence, settings: RetentionSettings, clock: Clock, batch: int = BATCH
    ) -> None:
        """batch: how many documents one piece of work looks at; at least 2."""
        super().__init__()
        self._store = store
        self._fence = fence
        self._settings = settings
        self._clock = clock
        self._batch = batch

    async def run_once(self) -> float:
        try:
            _ = self._fence.epoch
        except LeadershipLost:
            return PAUSE_SECONDS  # a standby removes and keeps nothing
        state = await self._known()
        more = state is not None and await self._review(state)
        state = await self._known()
        if state is not None and state.applying is not None:
            await self._apply(state, state.applying)
            return APPLY_PAUSE_SECONDS
        return REVIEW_PAUSE_SECONDS if more else PAUSE_SECONDS

    async def _known(self) -> RetentionState | None:
        """The state, of the settings in force; None: another leader is at it."""
        seen = await self._store.state()
        if seen is not None and seen.settings == self._settings:
            return seen
        now = self._clock.now()
        adopted = RetentionState(
            settings=self._settings,
            reviewed_until=now if seen is None else seen.reviewed_until,
            gapless_since=None if seen is None else _gapless_since(seen, now),
            applying=ApplyingTo(collection=JOB_RUNS),
        )
        log.info("retention_changed", **self._settings.model_dump(mode="json"))
        return await self._store.save(seen, adopted)

    async def _review(self, state: RetentionState) -> bool:
        """Moves on what is about to expire and is among the newest of its job. Whether there is more to review."""
        now = self._clock.now()
        until = now + queries.look_ahead(self._settings.shortest_of_runs, state.applying is not None)
        runs = await self._store.expiring(state.reviewed_until, until, self._batch)
        kept = await self._among_newest(runs)
        if kept:
            await self._move_on(kept, until, now)
        more = len(runs) >= self._batch
        # `until` also when it is the earlier one: the clock was set back, and what was ahead comes again.
        reviewed = max(run["expireAt"] for run in runs) if more else until
        await self._store.save(state, state.model_copy(update={"reviewed_until": reviewed}))
        return more

    async def _among_newest(self, runs: Sequence[RunDocument]) -> list[RunDocument]:
        of_job: dict[str, list[RunDocument]] = defaultdict(list)
        for run in runs:
            named = isinstance(run["_id"], str) and isinstance(run.get("jobId"), str)
            if named and run.get("state") in queries.RUN_STATES:
                of_job[run["jobId"]].append(run)
        jobs = await self._store.jobs(list(of_job))
        kept: list[RunDocument] = []
        for job_id, expiring in of_job.items():
            count = queries.kept_of(jobs.get(job_id))
            if count:
                newest = await self._store.newest_ended(job_id, count)
                kept += [run for run in expiring if run["_id"] in newest]
        return kept

    async def _move_on(self, runs: Sequence[RunDocument], until: datetime, now: datetime) -> None:
        succeeded = [run["_id"] for run in runs if run["state"] in queries.KEPT_AS_SUCCESS]
        failed = [run["_id"] for run in runs if run["state"] not in queries.KEPT_AS_SUCCESS]
        moved = 0
        for ids, keep in ((succeeded, self._settings.success), (failed, self._settings.failure)):
            if ids:
                moved += await self._store.move_on(ids, until, now + keep)
        log.info("newest_runs_kept", runs=moved)

    async def _apply(self, state: RetentionState, applying: ApplyingTo) -> None:
        """One batch of what ended under earlier settings."""
        ids = await self._store.ids_from(applying.collection, applying.after, self._batch)
        await self._keep_anew(applying.collection, ids)
        following: ApplyingTo | None = ApplyingTo(collection=applying.collection, after=ids[-1] if ids else None)
        if len(ids) < self._batch:
            following = ApplyingTo(collection=NOTIFICATION_QUEUE) if applying.collection == JOB_RUNS else None
        await self._store.save(state, state.model_copy(update={"applying": following}))
        if len(ids) < self._batch:
            log.info("retention_applied", collection=applying.collection)

    async def _keep_anew(self, collection: str, ids: list[Any]) -> None:
        now = self._clock.now()
        if collection == JOB_RUNS:
            await self._store.keep_runs_anew(ids, self._settings.success, self._settings.failure, now)
        else:
            await self._store.keep_messages_anew(ids, self._settings.messages, now)


def _gapless_since(seen: RetentionState, now: datetime) -> datetime:
    """What ended earlier may have been removed under the settings until now."""
    by_age = now - seen.settings.shortest_of_runs
    return by_age if seen.gapless_since is None else max(by_age, seen.gapless_since)
