"""The answers of tokens, the audit log, exports, maintenance mode and the status."""

from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field

from api.answers.alarms import AlarmCode
from api.contract.shapes import Answer, Problem, Revision
from shared.models.access import Permission, Role
from shared.models.base import Moment
from shared.models.exports import ExportFormat

_Field = TypeVar("_Field")
AsStored = Annotated[_Field | Any, Field(description="What a daemon wrote; anything, if somebody damaged it.")]


class Me(Answer):
    """Whose token it is, and what it may do."""

    id: str = Field(description="Of the token; of a user of the host application `host:` and the subject.")
    name: str
    roles: list[Role]
    permissions: list[Permission]
    expires_at: Moment | None
    at: Moment = Field(description="The time of the API.")
    version: str


class Token(Answer):
    """Who may call the API: everything but the secret."""

    id: str
    revision: Revision
    name: str
    role: Role
    permissions: list[Permission]
    created_at: Moment
    created_by: str
    expires_at: Moment | None
    last_used_at: Moment | None
    revoked_at: Moment | None
    state: Literal["valid", "expired", "revoked"]
    problem: Problem


class NewToken(Token):
    """The only answer that shows the secret."""

    token: str = Field(description="The secret. It is stored nowhere.")


class AuditSubject(Answer):
    """What a change is about, as it stands now: of a command its job, of a version its template."""

    resource: str = Field(description="The collection.")
    id: str
    name: str | None
    exists: bool


class AuditWords(Answer):
    """What the audit log can be asked for: up to 500 of each."""

    actors: list[str]
    actions: list[str]


class AuditEntry(Answer):
    """One change: who, what, before and after, without secrets."""

    id: str
    at: Moment | None
    by: str | None
    by_id: str | None = Field(description="Id of the token; null: the command line.")
    action: str | None
    resource: str | None = Field(description="The collection.")
    document_id: str | None
    request_id: str | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    subject: AuditSubject | None = Field(description="Null: it has no name.")


class DefinitionChange(Answer):
    """One change of a job or scheduled notification: the fields that it changed, without secrets."""

    id: str
    at: Moment | None
    by: str | None
    action: str | None
    revision: int | None = Field(description="That the change made.")
    before: dict[str, Any] | None = Field(description="Null: it was created.")
    after: dict[str, Any] | None


class SettingInForce(Answer):
    """One setting."""

    name: str
    value: Any = Field(description="A secret is `***`; null: unset.")
    default: Any
    source: Literal["environment", ".env", "credential", "command line", "default"]
    of: Literal["api", "daemon", "both"] = Field(description="Which program it is for.")
    description: str


class GivenSetting(Answer):
    """A setting of a daemon."""

    name: AsStored[str]
    value: Any = Field(description="Null: it is set to something that the daemon does not tell.")
    source: AsStored[str]


class SettingsOfDaemon(Answer):
    """What is not the default in a daemon that lives."""

    instance: AsStored[str]
    host: AsStored[str | None]
    settings: list[GivenSetting]


class SettingsInForce(Answer):
    """Every setting by name, as the API runs with it, and what the daemons run with."""

    items: list[SettingInForce]
    daemons: list[SettingsOfDaemon]


class Export(Answer):
    """A file that data_export wrote."""

    id: str
    collection: str
    format: ExportFormat
    file_name: str
    rows: int
    bytes: int
    sha256: str
    run_id: str
    job_id: str
    created_at: Moment
    expires_at: Moment | None
    available: bool
    problem: Problem


class Maintenance(Answer):
    """Whether nothing starts anywhere."""

    active: bool
    reason: str
    since: Moment | None
    until: Moment | None
    updated_at: Moment | None
    updated_by: str | None
    revision: Revision
    problem: Problem


class Daemon(Answer):
    """A daemon that beats, or has beaten. Of a damaged heartbeat each field is as it stands there."""

    instance: AsStored[str]
    host: AsStored[str | None]
    pid: AsStored[int | None]
    version: AsStored[str | None]
    role: AsStored[str | None]
    problem: AsStored[str | None]
    running: AsStored[int | None]
    started_at: Moment | None
    beat_at: Moment | None
    alive: bool
    state: Literal["alive", "away", "replaced"] = Field(
        description="`replaced`: it is gone, and one that was started later on its host lives."
    )


class Leader(Answer):
    """Who holds the lease."""

    instance: AsStored[str | None]
    host: AsStored[str | None]
    pid: AsStored[int | None]
    version: AsStored[str | None]
    epoch: AsStored[int | None]
    renewed_at: Moment | None
    alive: bool


class RestingChannel(Answer):
    """A channel whose provider cannot be used for now."""

    channel: str
    reason: AsStored[str | None]
    since: Moment | None
    rests_until: Moment | None


class RaisedAlarm(Answer):
    """One thing that is wrong, and the remedy in words."""

    code: AlarmCode
    detail: str


class OldestWaiting(Answer):
    """Since when the oldest of them wait that could go on now."""

    run: Moment | None
    messages: dict[str, Moment | None] = Field(description="By channel.")


class Status(Answer):
    """How the whole system is. `problems` says it in sentences; counts that took too long are null."""

    daemons: list[Daemon]
    leader: Leader | None
    daemon_alive: bool
    maintenance: Maintenance | None
    alarms: list[RaisedAlarm]
    problems: list[str]
    channels: list[RestingChannel]
    queues: dict[str, dict[str, int | None]]
    overdue: int | None
    overdue_notifications: int | None
    oldest_waiting: OldestWaiting
    unplanned: int | None
    open_commands: int | None
    quarantined: dict[str, int | None]
    at: Moment
