"""Carries out what people ask for: run now, cancel, retry, and decisions about messages."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

import structlog

from scheduler_daemon.scheduling.answers import Answer, refused, sized
from scheduler_daemon.scheduling.backfill import backfill_runs, in_portions
from scheduler_daemon.scheduling.executor import Executor
from scheduler_daemon.scheduling.job_reader import JobReader
from scheduler_daemon.scheduling.outcome import Retention
from scheduler_daemon.scheduling.standing_rules import StandingRules
from scheduler_daemon.store.commands import CommandStore
from scheduler_daemon.store.jobs import JobStore
from scheduler_daemon.store.passes import PassStore
from scheduler_daemon.store.runs import RunStore
from scheduler_daemon.store.transactions import MOST_BYTES
from shared.clock import Clock
from shared.errors import PASSING, InvalidDefinition, LeadershipLost, StoreError
from shared.models.commands import Command
from shared.models.jobs import Job
from shared.models.policies import Policies
from shared.models.runs import LIVE, Run, RunState, Trigger
from shared.queries.run_documents import RunDocument, new_run, skipped_run, waits
from shared.schedule.backfill import past_occurrences
from shared.schedule.overlap import NO_LIVE_RUNS, Decision, LiveRuns, decide_overlap, width_of

log = structlog.get_logger(__name__)

MOST_AT_ONCE = 100
MOST_COMMITS = 10
"""In one pass: what falls due meanwhile waits for them."""


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
        self._handlers: Mapping[str, Callable[[Command], Awaitable[Answer]]] = {
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
        waiting = documents
        for _ in range(MOST_COMMITS):
            if not waiting:
                break
            answered = await self._decide_together(waiting[: _handled_together(waiting)])
            await self._write(answered)
            waiting = waiting[len(answered) :]
        return bool(waiting) or len(documents) == MOST_AT_ONCE

    async def _decide_together(self, documents: Sequence[Mapping[str, Any]]) -> list[tuple[Mapping[str, Any], Answer]]:
        """As many of the first, at least one, as fit into one transaction with their runs."""
        answered: list[tuple[Mapping[str, Any], Answer]] = []
        size = 0
        for document in documents:
            answer, bytes_of_runs = sized(document, await self._decide(document))
            answered.append((document, answer))
            size += bytes_of_runs
            if size >= MOST_BYTES:
                break
        return answered

    async def _decide(self, document: Mapping[str, Any]) -> Answer:
        try:
            command = Command.from_document(document)
            return await self._handlers[command.kind](command)
        except InvalidDefinition as fault:
            return Answer(False, str(fault))
        except (*PASSING, LeadershipLost):
            raise
        except StoreError as fault:
            return refused(document, fault)
        except Exception as fault:  # one odd document: answered, so that it is not read again for ever
            log.error("command_failed", command_id=str(document["_id"]), exc_info=True)
            return Answer(False, f"could not be carried out: {type(fault).__name__}")

    async def _write(self, answered: Sequence[tuple[Mapping[str, Any], Answer]]) -> None:
        """All in one commit. If something is refused, each alone: the others do not suffer for one."""
        now = self._clock.now()
        try:
            await self._passes.answer_commands([answer.to(document, now) for document, answer in answered])
        except PASSING:
            raise
        except StoreError as fault:
            if len(answered) > 1:
                for each in answered:
                    await self._write([each])
                return
            [(document, _)] = answered
            answered = [(document, refused(document, fault))]
            await self._passes.answer_commands([answer.to(document, now) for document, answer in answered])
        for document, answer in answered:
            log.info(
                "command_handled",
                command_id=str(document["_id"]),
                kind=document.get("kind"),
                accepted=answer.accepted,
                detail=answer.detail,
            )

    async def _run_now(self, command: Command) -> Answer:
        if command.job_id is None or command.run_id is None:
            raise InvalidDefinition("jobId", "a run command names jobId and runId")
        return await self._start(command, command.job_id, command.run_id, "manual", command.params)

    async def _retry(self, command: Command) -> Answer:
        former = await self._runs.by_id(command.retry_of or "")
        if former is None or command.run_id is None:
            return Answer(False, "there is no such run to retry")
        Run.from_document(former)
        if former["state"] in {state.value for state in LIVE}:
            return Answer(False, f"the run is {former['state']}; only a run that has ended can be retried")
        return await self._start(command, former["jobId"], command.run_id, "retry", former["params"])

    async def _start(
        self, command: Command, job_id: str, run_id: str, trigger: Trigger, params: dict[str, Any] | None
    ) -> Answer:
        job = await self._job(job_id)
        now = self._clock.now()
        run = new_run(
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

    def _forced(self, most: int | None, live: LiveRuns, run: RunDocument) -> Answer:
        if most is None or live.active < most:
            return Answer(True, "started", [run])
        self._on_waiting(run["jobId"])
        return Answer(True, f"waits: {most} runs of the job are alive (maxConcurrent)", [waits(run, most)])

    def _under_overlap(self, policies: Policies, live: LiveRuns, run: RunDocument, now: datetime) -> Answer:
        policy, most = policies.overlap, policies.max_concurrent
        match decide_overlap(policy, live, most):
            case Decision.RUN:
                return Answer(True, "started", [run])
            case Decision.SKIP:
                record = skipped_run(run, "overlap", now, self._retention.success)
                why = f"recorded as skipped: the job is running and its overlap policy is {policy}"
                return Answer(True, why, [record], skipped=(run["jobId"], "overlap"))
            case decision:
                self._on_waiting(run["jobId"])
                if decision is Decision.REPLACE:
                    self._executor.cancel_job(run["jobId"], "replaced by a newer run")
                return Answer(True, "waits for the run before it", [waits(run, width_of(policy, most))])

    async def _backfill(self, command: Command) -> Answer:
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
        return Answer(True, f"{count} runs wait for their turn{left_out}", last)

    async def _cancel(self, command: Command) -> Answer:
        run_id = command.run_id or ""
        if self._executor.cancel(run_id, f"cancelled by {command.created_by}"):
            return Answer(True, "the running attempt was told to stop")
        if await self._runs.cancel_before_start(run_id, self._clock.now(), self._retention.failure):
            return Answer(True, "cancelled before it started")
        run = await self._runs.by_id(run_id)
        if run is None:
            return Answer(False, "there is no such run")
        if run["state"] == RunState.RUNNING.value:
            return Answer(False, "the run is just ending")
        return Answer(False, f"the run is {run['state']} already")

    async def _retry_message(self, command: Command) -> Answer:
        return Answer(*await self._messages.retry_message(command.item_id or "", self._clock.now()))

    async def _resolve_message(self, command: Command) -> Answer:
        state = str((command.params or {}).get("state", ""))
        return Answer(*await self._messages.resolve_message(command.item_id or "", state, self._clock.now()))


def _handled_together(documents: Sequence[Mapping[str, Any]]) -> int:
    """How many of the first can be decided on before any of them is written: run-nows, each of another job."""
    jobs: set[str] = set()
    for document in documents:
        job = document.get("jobId")
        if document.get("kind") != "run" or not isinstance(job, str) or job in jobs:
            break
        jobs.add(job)
    return max(1, len(jobs))
