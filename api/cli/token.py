"""`unified-scheduler token`: the API's tokens. Only hashes are stored."""

import uuid
from contextlib import suppress

import click

from api.cli.output import done, json_option, show_list
from api.cli.session import Session
from api.definitions.tokens import hash_token, new_secret
from api.store.errors import NoSuchDocument
from shared.clock import rfc3339
from shared.durations import parse_duration
from shared.errors import InvalidDefinition
from shared.models.access import ApiToken, Role


@click.group()
def token() -> None:
    """Create, list and revoke tokens of the API."""


@token.command()
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True, help="What it may do.")
@click.option("--name", required=True, help="Appears in createdBy and in the audit log.")
@click.option("--expires-in", metavar="DURATION", help='How long it is valid, e.g. "30d". Default: for ever.')
@click.option("--replace", is_flag=True, help="Revoke the tokens of this name that exist.")
@json_option
@click.pass_obj
def create(session: Session, role: str, name: str, expires_in: str | None, replace: bool) -> None:
    """Print a new token, and nothing else, on stdout. It is shown this once."""
    text = new_secret()
    now = session.clock.now()
    try:
        expires_at = None if expires_in is None else now + parse_duration(expires_in)
    except ValueError as fault:
        raise click.BadParameter(str(fault), param_hint="--expires-in") from None
    document: dict[str, object] = {
        "id": uuid.uuid4().hex,
        "name": name,
        "role": role,
        "token_hash": hash_token(text),
        "created_at": now,
        "created_by": session.actor.name,
        "expires_at": expires_at,
    }
    try:
        made = ApiToken.from_document(document)
    except InvalidDefinition as fault:
        raise click.BadParameter(fault.detail, param_hint=f"--{fault.field}") from None
    if replace:
        with suppress(NoSuchDocument):
            session.store.tokens.revoke(name, session.actor, now)
    session.store.tokens.create(made, session.actor)
    done(session, text, {"id": made.id, "name": made.name, "role": made.role.value, "token": text})


@token.command("list")
@json_option
@click.pass_obj
def list_tokens(session: Session) -> None:
    """List the tokens, never the secret."""
    columns = [(name, name) for name in ("id", "role", "state", "name")] + [("last used", "lastUsedAt")]
    show_list(session, (_told(each, session) for each in session.store.tokens.all()), columns)


def _told(each: ApiToken, session: Session) -> dict[str, str | None]:
    used = None if each.last_used_at is None else rfc3339(each.last_used_at)
    return {
        "id": each.id,
        "role": each.role.value,
        "state": _state(each, session),
        "name": each.name,
        "lastUsedAt": used,
    }


def _state(each: ApiToken, session: Session) -> str:
    if each.revoked_at is not None:
        return "revoked"
    expired = each.expires_at is not None and each.expires_at <= session.clock.now()
    return "expired" if expired else "valid"


@token.command()
@click.argument("id_or_name")
@json_option
@click.pass_obj
def revoke(session: Session, id_or_name: str) -> None:
    """Revoke a token by its id, or all tokens of a name. They stop working at once."""
    try:
        revoked = session.store.tokens.revoke(id_or_name, session.actor, session.clock.now())
    except NoSuchDocument:
        raise click.ClickException(f"there is no token of the id or name {id_or_name!r}") from None
    click.echo(f"{revoked} token(s) revoked", err=True)
    if session.as_json:
        done(session, "", {"revoked": revoked})
