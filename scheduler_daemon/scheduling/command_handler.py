"""Carries out what people ask for: run now, cancel, retry, and decisions about messages."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog

from scheduler_daemon.scheduling.backfill import backfill_runs, in_portions
from scheduler_daemon.scheduling.executor import Executor
from scheduler_daemon.scheduling.job_reader import JobReader
from scheduler_daemon.scheduling.outcome import Retention
from scheduler_daemon.scheduling.standing_rules import StandingRules
from scheduler_daemon.store.commands import CommandStore
from scheduler_daemon.store.jobs import JobStore
from scheduler_daemon.store.passes import PassStore
from scheduler_daemon.store.runs import RunStore
from shared.clock import Clock
from shared.errors import PASSING, InvalidDefinition, LeadershipLost, StoreError
from shared.models.commands import Command
from shared.models.jobs import Job
from shared.models.policies import Policies
from shared.models.runs import LIVE, Run, RunState, SkipReason, Trigger
from shared.queries import runs as run_queries
from shared.queries.runs import RunDocument
from shared.schedule.backfill import past_occurrences
from shared.schedule.overlap import NO_LIVE_RUNS, Decision, LiveRuns, decide_overlap, width_of

log = structlog.get_logger(__name__)

MOST_AT_ONCE = 25
"""In one pass. Each is a commit of its own, and what falls due meanwhile waits for them."""
KEEP_HANDLED = timedelta(days=7)


class MessageDecisions(Protocol):
    """What the notification service does with a message because a person said so."""

    async def retry_message(self, item_id: str, now: datetime) -> tuple[bool, str]: ...

    async def resolve_message(self, item_id: str, state: str, now: datetime) -> tuple[bool, str]: ...


class CommandHandler:
    """Answers every open command once. A run and the answer to its command are one commit."""

    def __init__(
        self,
        commands: CommandStore,
        jobs: JobStore,
        runs: RunStore,
        passes: PassStore,
        reader: JobReader,
        rules: StandingRules,
        executor: Executor,
        messages: MessageDecisions,
        clock: Clock,
        retention: Retention,
        on_waiting: Callable[[str], None],
    ) -> None:
        """on_waiting: told the job of a run that waits behind another."""
        self._commands = commands
        self._jobs = jobs
        self._runs = runs
        self._passes = passes
        self._reader = reader
        self._rules = rules
        self._executor = executor
        self._messages = messages
        self._clock = clock
        self._retention = retention
        self._on_waiting = on_waiting
        self._handlers: Mapping[str, Callable[[Command], Awaitable[_Answer]]] = {
            "run": self._run_now,
            "cancel": self._cancel,
            "retry": self._retry,
            "backfill": self._backfill,
            "retry_message": self._retry_message,
            "resolve_message": self._resolve_message,
        }

    async def run_once(self) -> bool:
        """Whether there may be more commands than were handled."""
        documents = await self._commands.open(MOST_AT_ONCE)
        for document in documents:
            await self._handle(document)
        return len(documents) == MOST_AT_ONCE

    async def _handle(self, document: Mapping[str, Any]) -> None:
        try:
            command = Command.from_document(document)
            answer = await self._handlers[command.kind](command)
        except InvalidDefinition as fault:
            answer = _Answer(False, str(fault))
        except (*PASSING, LeadershipLost):
            raise
        except StoreError as fault:
            answer = _refused(document, fault)
        except Exception as fault:  # one odd document: answered, so that it is not read again for ever
            log.error("command_failed", command_id=str(document["_id"]), exc_info=True)
            answer = _Answer(False, f"could not be carried out: {type(fault).__name__}")
        try:
            await self._answer(document, answer)
        except PASSING:
            raise
        except StoreError as fault:
            await self._answer(document, _refused(document, fault))

    async def _answer(self, document: Mapping[str, Any], answer: "_Answer") -> None:
        now = self._clock.now()
        update = {
            "$set": {
                "handledAt": now,
                "outcome": {"accepted": answer.accepted, "detail": answer.detail},
                "expireAt": now + KEEP_HANDLED,
            }
        }
        await self._passes.answer_command(document["_id"], update, answer.runs, answer.skipped)
        log.info(
            "command_handled",
            command_id=str(document["_id"]),
            kind=document.get("kind"),
            accepted=answer.accepted,
            detail=answer.detail,
        )

    async def _run_now(self, command: Command) -> "_Answer":
        if command.job_id is None or command.run_id is None:
            raise InvalidDefinition("jobId", "a run command names jobId and runId")
        return await self._start(command, command.job_id, command.run_id, "manual", command.params)

    async def _retry(self, command: Command) -> "_Answer":
        former = await self._runs.by_id(command.retry_of or "")
        if former is None or command.run_id is None:
            return _Answer(False, "there is no such run to retry")
        Run.from_document(former)
        if former["state"] in {state.value for state in LIVE}:
            return _Answer(False, f"the run is {former['state']}; only a run that has ended can be retried")
        return await self._start(command, former["jobId"], command.run_id, "retry", former["params"])

    async def _start(
        self, command: Command, job_id: str, run_id: str, trigger: Trigger, params: dict[str, Any] | None
    ) -> "_Answer":
        job = await self._job(job_id)
        now = self._clock.now()
        run = run_queries.new_run(
            job,
            identity=run_id,
            trigger=trigger,
            scheduled_for=command.created_at,
            now=now,
            created_by=command.created_by,
            params=params,
        )
        live = (await self._runs.live_by_job([job_id])).get(job_id, NO_LIVE_RUNS)
        if command.force:
            return self._forced(job.policies.max_concurrent, live, run)
        return self._under_overlap(job.policies, live, run, now)

    async def _job(self, job_id: str | None) -> Job:
        document = await self._jobs.by_id(job_id or "")
        if document is None or document.get("deletedAt") is not None:
            raise InvalidDefinition("jobId", "the job does not exist any more")
        return self._reader.read(document)

    def _forced(self, most: int | None, live: LiveRuns, run: RunDocument) -> "_Answer":
        if most is None or live.active < most:
            return _Answer(True, "started", [run])
        self._on_waiting(run["jobId"])
        return _Answer(True, f"waits: {most} runs of the job are alive (maxConcurrent)", [run_queries.waits(run, most)])

    def _under_overlap(self, policies: Policies, live: LiveRuns, run: RunDocument, now: datetime) -> "_Answer":
        policy, most = policies.overlap, policies.max_concurrent
        match decide_overlap(policy, live, most):
            case Decision.RUN:
                return _Answer(True, "started", [run])
            case Decision.SKIP:
                record = run_queries.skipped_run(run, "overlap", now, self._retention.success)
                why = f"recorded as skipped: the job is running and its overlap policy is {policy}"
                return _Answer(True, why, [record], skipped=(run["jobId"], "overlap"))
            case decision:
                self._on_waiting(run["jobId"])
                if decision is Decision.REPLACE:
                    self._executor.cancel_job(run["jobId"], "replaced by a newer run")
                return _Answer(True, "waits for the run before it", [run_queries.waits(run, width_of(policy, most))])

    async def _backfill(self, command: Command) -> "_Answer":
        job, past, now = await self._job(command.job_id), command.range, self._clock.now()
        if past is None:
            raise InvalidDefinition("range", "a backfill command names its range")
        exclusions = self._rules.exclusions_of(job.schedule)
        moments = past_occurrences(job.schedule, past, job.created_at, now, exclusions)
        settled = await self._runs.settled_moments(job.id, past.first, past.last)
        *portions, last = in_portions(backfill_runs(job, command, past, moments, settled, now))
        for portion in portions:  # the same command makes the same runs: done again after a crash, it changes nothing
            await self._passes.insert_missing(portion)
        count = sum(len(portion) for portion in portions) + len(last)
        left_out = f"; {len(moments) - count} have succeeded or are alive already" if count < len(moments) else ""
        self._on_waiting(job.id)
        return _Answer(True, f"{count} runs wait for their turn{left_out}", last)

    async def _cancel(self, command: Command) -> "_Answer":
        run_id = command.run_id or ""
        if self._executor.cancel(run_id, f"cancelled by {command.created_by}"):
            return _Answer(True, "the running attempt was told to stop")
        if await self._runs.cancel_before_start(run_id, self._clock.now(), self._retention.failure):
            return _Answer(True, "cancelled before it started")
        run = await self._runs.by_id(run_id)
        if run is None:
            return _Answer(False, "there is no such run")
        if run["state"] == RunState.RUNNING.value:
            return _Answer(False, "the run is just ending")
        return _Answer(False, f"the run is {run['state']} already")

    async def _retry_message(self, command: Command) -> "_Answer":
        return _Answer(*await self._messages.retry_message(command.item_id or "", self._clock.now()))

    async def _resolve_message(self, command: Command) -> "_Answer":
        state = str((command.params or {}).get("state", ""))
        return _Answer(*await self._messages.resolve_message(command.item_id or "", state, self._clock.now()))


class _Answer:
    """What the person is told, and the runs that are inserted together with the answer."""

    __slots__ = ("accepted", "detail", "runs", "skipped")

    def __init__(
        self,
        accepted: bool,
        detail: str,
        runs: Sequence[RunDocument] = (),
        skipped: tuple[str, SkipReason] | None = None,
    ) -> None:
        """skipped: the job that skipped one of the runs, and why."""
        self.accepted = accepted
        self.detail = detail
        self.runs = runs
        self.skipped = skipped


def _refused(document: Mapping[str, Any], fault: StoreError) -> _Answer:
    log.error("run_not_storable", command_id=str(document["_id"]), error=str(fault))
    return _Answer(False, "the run cannot be stored")
