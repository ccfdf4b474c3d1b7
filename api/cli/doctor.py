"""`unified-scheduler doctor`: looks at everything that must be right before the scheduler can work."""

import json

import click

from api.cli.checkup import Check, State, folders, mail, units
from api.cli.output import json_option, printable
from api.cli.session import EXIT_FOUND, Session, sentence_of
from api.store.diagnosis import ServerFacts
from shared.errors import SchedulerError, SettingsError
from shared.secrets_vault import Vault
from shared.settings import Settings, load_settings

OLDEST_VERSION = (6, 0)
MOST_CLOCK_DIFFERENCE_SECONDS = 30.0
DOUBTFUL_CLOCK_DIFFERENCE_SECONDS = 2.0
MOST_NAMED = 5
_SET_KEY = "set it for both programs (`openssl rand -base64 32`)"


@click.command()
@json_option
@click.pass_context
def doctor(context: click.Context) -> None:
    """Check settings, MongoDB, secrets, indexes, clock, mail server, folders, units and, if a URL is given, the API.

    Says what to do. Exit code 1 if anything is wrong. Run it as the user and with the environment of the services:
    it looks at their settings, and a folder may be writable for one user only.
    """
    session: Session = context.obj
    found: list[Check] = []
    try:
        settings = load_settings()
    except SettingsError as fault:
        found.append(Check("settings", State.FAULT, str(fault), "docs/settings.md has every setting"))
    else:
        found.append(Check("settings", State.OK, f"database {settings.mongodb_database}"))
        found += [*_mongodb(session, settings), *folders(settings), mail(settings), *_sms(settings)]
    found += [*units(), *_api(session)]
    for check in found:
        click.echo(json.dumps(check.told()) if session.as_json else _line(check))
    if any(check.state is State.FAULT for check in found):
        context.exit(EXIT_FOUND)


def _line(check: Check) -> str:
    remedy = f" -> {check.remedy}" if check.remedy else ""
    text = printable(f"{check.state.value:5}  {check.name:9}  {check.finding}{remedy}")
    return click.style(text, fg={State.FAULT: "red", State.NOTE: "yellow"}.get(check.state))


def _mongodb(session: Session, settings: Settings) -> list[Check]:
    try:
        server = session.store.diagnosis.server()
    except SchedulerError as fault:
        return [Check("mongodb", State.FAULT, sentence_of(fault), "start it, or mend MONGODB_URI")]
    checks = [_version(server), _replica_set(server), _clock(server)]
    try:
        checks.append(_secrets(session, Vault.of(settings.secrets_key)))
        missing = session.store.diagnosis.missing_indexes()
    except SchedulerError as fault:
        return [*checks, Check("indexes", State.FAULT, sentence_of(fault), "the MongoDB user needs readWrite")]
    if missing:
        named = ", ".join(missing[:MOST_NAMED]) + (" ..." if len(missing) > MOST_NAMED else "")
        finding = f"{len(missing)} missing: {named}"
        return [*checks, Check("indexes", State.FAULT, finding, "start the daemon once: it creates them")]
    return [*checks, Check("indexes", State.OK, "all there")]


def _version(server: ServerFacts) -> Check:
    version = ".".join(str(number) for number in server.version)
    if server.version[:2] < OLDEST_VERSION:
        return Check("mongodb", State.FAULT, f"version {version}", "use MongoDB 6.0 or later")
    return Check("mongodb", State.OK, f"version {version}")


def _replica_set(server: ServerFacts) -> Check:
    hello = server.hello
    if hello.get("isreplicaset"):
        return Check("replicas", State.FAULT, "the replica set is not initiated", "run rs.initiate() once")
    name = hello.get("setName")
    if name is None and hello.get("msg") != "isdbgrid":
        remedy = "start mongod with --replSet rs0 and run rs.initiate() once; one node is enough"
        return Check("replicas", State.FAULT, "a standalone server", remedy)
    return Check("replicas", State.OK, f"replica set {name}" if name else "a sharded cluster")


def _clock(server: ServerFacts) -> Check:
    difference = abs(server.ahead.total_seconds())
    finding = f"{difference:.1f} s from MongoDB's"
    if difference > MOST_CLOCK_DIFFERENCE_SECONDS:
        return Check("clock", State.FAULT, finding, "set up NTP on both machines: nothing is scheduled above 30 s")
    if difference > DOUBTFUL_CLOCK_DIFFERENCE_SECONDS + server.took.total_seconds():
        return Check("clock", State.NOTE, finding, "set up NTP on both machines")
    return Check("clock", State.OK, finding)


def _secrets(session: Session, vault: Vault) -> Check:
    """Whether the secrets of jobs can be read, and are encrypted."""
    schemas = {template.type: template.parameters_schema for template in session.store.catalogue.all()}
    held = session.store.diagnosis.held_secrets(schemas)
    lost = {key: jobs for key, jobs in held.encrypted.items() if not vault.knows(key)}
    if lost:
        finding = f"{_jobs(max(lost.values()))} encrypted with {', '.join(sorted(lost))}: not in SECRETS_KEY"
        return Check("secrets", State.FAULT, finding, "add that key to SECRETS_KEY, or write these secrets anew")
    if vault.fingerprint is None and held.plain:
        finding = f"SECRETS_KEY is not set, and {_jobs(held.plain)} in plain text"
        return Check("secrets", State.FAULT, finding, _SET_KEY)
    if vault.fingerprint is None:
        finding = "SECRETS_KEY is not set: jobs with secret parameters are refused"
        return Check("secrets", State.NOTE, finding, _SET_KEY)
    old = sum(jobs for key, jobs in held.encrypted.items() if key != vault.fingerprint)
    if held.plain or old:
        finding = f"{_jobs(held.plain)} in plain text, {old} under an old key"
        return Check("secrets", State.NOTE, finding, "change these jobs once: each write encrypts anew")
    return Check("secrets", State.OK, f"{_jobs(held.encrypted[vault.fingerprint])}, key {vault.fingerprint}")


def _jobs(number: int) -> str:
    return "1 job holds secrets" if number == 1 else f"{number} jobs hold secrets"


def _sms(settings: Settings) -> list[Check]:
    if settings.sms_provider is None:
        return [Check("sms", State.NOTE, "SMS_PROVIDER is not set: short messages wait in the queue")]
    return [Check("sms", State.OK, f"provider {settings.sms_provider}; it is not called")]


def _api(session: Session) -> list[Check]:
    if not session.names_api:
        return []
    try:
        session.api.get("/readyz")
        session.api.get("/api/admin/scheduler/status")
    except SchedulerError as fault:
        return [Check("api", State.FAULT, sentence_of(fault))]
    return [Check("api", State.OK, "ready, and the token may read")]
