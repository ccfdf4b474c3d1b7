"""Jobs: from a request to the stored document, or to a change of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from api.checks.params import checked_params, find_template, written_params
from api.checks.schedules import schedule_since
from api.definitions.recipients import check_recipients
from api.definitions.record import mended_record, new_record
from api.problems import ProblemCode, conflict
from api.requests import refuse_invalid
from api.store import Actor, Store
from api.store.definitions import Change
from shared.durations import format_duration
from shared.errors import InvalidDefinition
from shared.models.catalogue import PublishedTemplate
from shared.models.definitions import Pause
from shared.models.jobs import Job, JobDefinition, JobProgress
from shared.models.notification_models import Channel
from shared.models.policies import Alerts, Policies
from shared.secrets_vault import Vault

FIELDS = ("name", "template", "params", "schedule", "enabled", "labels", "policies")


def check_policies(policies: Policies, store: Store) -> None:
    """InvalidDefinition if a policy could never act, or if an alert names people or groups that do not exist."""
    if policies.soft_timeout is not None and policies.soft_timeout >= policies.timeout:
        raise InvalidDefinition(
            "policies.softTimeout",
            f"must be shorter than policies.timeout ({format_duration(policies.timeout)}), or no run is ever slow",
            "not_below_timeout",
        )
    if policies.alerts is not None:
        check_recipients(policies.alerts.recipients, store, "policies.alerts.recipients")
        _check_reach(policies.alerts)


def _check_reach(alerts: Alerts) -> None:
    """People and groups may get an address later; what is written here can be told at once."""
    wanted, channels = alerts.recipients, alerts.channels
    reached = any(
        (Channel.EMAIL in channels and each.email) or (Channel.SMS in channels and each.phone)
        for each in wanted.addresses
    )
    if not (reached or wanted.people or wanted.groups or wanted.users):
        raise InvalidDefinition(
            "policies.alerts.channels",
            f"none of the recipients has an address for {' or '.join(channel.value for channel in channels)}; "
            "add one, or choose another channel",
            "reaches_nobody",
        )


def new_job(
    document_id: str,
    definition: JobDefinition,
    catalogue: Sequence[PublishedTemplate],
    vault: Vault,
    actor: Actor,
    now: datetime,
) -> Job:
    """The job to insert; InvalidDefinition or Problem 422 if it could never run."""
    params = checked_params(definition.params, None, find_template(definition.template, catalogue), vault, document_id)
    since = schedule_since(definition.schedule, now)
    return Job(
        **{**{name: getattr(definition, name) for name in FIELDS}, "params": params},
        **new_record(document_id, actor, now),
        schedule_since=since,
    )


def replaced(
    stored: Mapping[str, Any],
    definition: JobDefinition,
    catalogue: Sequence[PublishedTemplate],
    vault: Vault,
    actor: Actor,
    now: datetime,
) -> Change:
    """The whole definition anew. A malformed document is mended by it.

    The rule counts from now if schedule or `enabled` changed; a new name alone moves nothing. A masked secret is the
    stored one.
    """
    shown = stored.get("params") if stored.get("template") == definition.template else None
    template = find_template(definition.template, catalogue)
    params = checked_params(definition.params, shown, template, vault, str(stored["_id"]))
    fields = {name: value for name, value in definition.model_dump(by_alias=True).items() if name in FIELDS}
    fields["params"] = params
    mended = mended_record(stored, actor, now)
    since = None
    if fields["schedule"] != stored.get("schedule"):
        since = schedule_since(definition.schedule, now)
    elif fields["enabled"] != stored.get("enabled") or "scheduleSince" in mended:
        since = now
    mended.pop("scheduleSince", None)
    return Change({**mended, **fields}, since)


def merged(stored: Mapping[str, Any], given: Mapping[str, Any]) -> JobDefinition:
    """The stored definition with the given fields over it; `policies` is merged field by field, null clears.

    Problem 422 names what is wrong in the whole, also what was wrong before.
    """
    present = {name: stored[name] for name in FIELDS if name in stored}
    if "policies" in given:
        old = present.get("policies")
        given = {**given, "policies": _merged_policies(old if isinstance(old, Mapping) else {}, given["policies"])}
    try:
        # Not strict: what is stored are BSON values, and `given` was checked when it was read.
        return JobDefinition.model_validate({**present, **given})
    except ValidationError as fault:
        refuse_invalid(fault)


def _merged_policies(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Field by field; only `alerts` is replaced whole: who is told is one list of people, not a merge of two."""
    merged_fields = _merge_patch(old, new)
    return {**merged_fields, "alerts": new["alerts"]} if "alerts" in new else merged_fields


def _merge_patch(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(old)
    for name, value in new.items():
        before = result.get(name)
        nested = isinstance(before, Mapping) and isinstance(value, Mapping)
        result[name] = _merge_patch(before, value) if nested and isinstance(before, Mapping) else value
    return result


def paused(stored: Mapping[str, Any], pause: Pause, now: datetime) -> Change:
    """The job rests. What it misses is not caught up: the rule counts from the resumption."""
    readable(stored)
    return Change({"pause": pause.model_dump(by_alias=True)}, now)


def resumed(stored: Mapping[str, Any], now: datetime) -> Change:
    """The job is active from now on, whoever made it rest."""
    job = readable(stored)
    if job.enabled and job.pause is None and job.daemon.auto_paused is None:
        return Change(nothing=True)
    return Change({"pause": None, "enabled": True}, now)


def enabled(stored: Mapping[str, Any], now: datetime) -> Change:
    """The job counts again, from now on."""
    return Change(nothing=True) if readable(stored).enabled else Change({"enabled": True}, now)


def disabled(stored: Mapping[str, Any], now: datetime) -> Change:
    """The job does not count until somebody enables it."""
    return Change({"enabled": False}, now) if readable(stored).enabled else Change(nothing=True)


def readable(stored: Mapping[str, Any]) -> Job:
    """The stored job; Problem 409 if its definition is malformed. The daemon's part does not matter here."""
    try:
        return Job.from_document(stored)
    except InvalidDefinition as fault:
        if not fault.field.startswith("daemon"):
            raise conflict(ProblemCode.QUARANTINED, f"It is quarantined: {fault}. Mend it with PUT first.") from None
        return Job.from_document({**stored, "daemon": JobProgress().model_dump(by_alias=True)})


def startable(stored: Mapping[str, Any]) -> Job:
    """The stored job; Problem 409 if it is malformed, or if the daemon has put it aside."""
    job = readable(stored)
    quarantine = job.daemon.quarantine
    if quarantine is not None and job.planned_revision == job.revision:
        where = f"{quarantine.field}: " if quarantine.field else ""
        raise conflict(ProblemCode.QUARANTINED, f"It is quarantined: {where}{quarantine.reason}. Change it first.")
    return job


def override_params(
    job: Job, override: Mapping[str, Any] | None, catalogue: Sequence[PublishedTemplate], vault: Vault
) -> dict[str, Any] | None:
    """The parameters of one run over the job's own, checked together; a masked secret is the job's."""
    template = find_template(job.template, catalogue)
    whole = written_params({**job.params, **(override or {})}, job.params, template, vault, job.id)
    if override is None:
        return None
    given = {name: whole[name] for name in override}
    return vault.sealed(given, template.parameters_schema, job.id, {name: job.params.get(name) for name in override})
