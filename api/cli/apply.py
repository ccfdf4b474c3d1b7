"""`unified-scheduler apply`, `diff` and `export`: definitions kept in YAML files, over the API."""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click
import yaml

from api.cli.apply_plan import Existing, Step, Wanted, ids_by_name, plan, read_files
from api.cli.client import ApiRefused, Json, path_of
from api.cli.kinds import BY_WORD, KINDS, NAMED_BY, translated
from api.cli.output import done, json_option, printable
from api.cli.session import EXIT_FOUND, Session
from api.cli.yaml_files import FileFault

Command = TypeVar("Command", bound=Callable[..., Any])

HEADER = "X-Managed-By"
NO_DIGEST = "0" * 64
LABEL = re.compile(r"[A-Za-z0-9_.-]{1,63}")


def _checked_label(_context: click.Context, _parameter: click.Parameter, label: str) -> str:
    if LABEL.fullmatch(label) is None:
        raise click.BadParameter("write 1 to 63 letters, digits, '.', '_' or '-'")
    return label


def _of_files(command: Command) -> Command:
    """The options that say which files, and what becomes of the rest."""
    options = (
        click.option(
            "--file", "-f", "files", multiple=True, required=True, type=click.Path(exists=True, path_type=Path),
            help="A YAML file, or a folder with all .yaml, .yml and .json below it; repeatable.",
        ),
        click.option(
            "--label", default="default", show_default=True, callback=_checked_label, help="Names this set of files."
        ),
        click.option("--prune", is_flag=True, help="Delete what came from files of this label and is gone there."),
        click.option("--adopt", is_flag=True, help="Take over what has the same name and is not kept in files yet."),
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


@click.command()
@_of_files
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@json_option
@click.pass_obj
def apply(session: Session, files: tuple[Path, ...], label: str, prune: bool, adopt: bool, dry_run: bool) -> None:
    """Make jobs, calendars, notification templates, groups and scheduled notifications as files say.

    The files are checked as a whole before anything is changed. A document of a file is found again by its kind and
    name. Applying the same files again changes nothing.
    """
    existing = _existing(session)
    steps = plan(read_files(files), existing, label, adopt=adopt, prune=prune)
    ids = ids_by_name(existing, label)
    for step in steps:
        if not dry_run:
            _carry_out(session, step, label, ids)
        _tell(session, step)


@click.command()
@_of_files
@json_option
@click.pass_context
def diff(context: click.Context, files: tuple[Path, ...], label: str, prune: bool, adopt: bool) -> None:
    """Show what `apply` would do, and nothing else. Exit code 1 if it would do anything."""
    session: Session = context.obj
    steps = plan(read_files(files), _existing(session), label, adopt=adopt, prune=prune)
    changes = [step for step in steps if step.action != "unchanged"]
    for step in changes:
        _tell(session, step)
    if changes:
        context.exit(EXIT_FOUND)


@click.command()
@click.option("--kind", "words", multiple=True, type=click.Choice(list(BY_WORD)), help="Only these; repeatable.")
@json_option
@click.pass_obj
def export(session: Session, words: tuple[str, ...]) -> None:
    """Print what exists as files for `apply`. References are written as names; a secret is `***`."""
    existing = _existing(session)
    names = {word: {each["id"]: str(each.get(NAMED_BY)) for each in documents} for word, documents in existing.items()}
    for kind in KINDS:
        for document in existing[kind.word] if kind.word in words or not words else ():
            fields = {name: document[name] for name in kind.fields if document.get(name) is not None}
            shown = {"kind": kind.word, NAMED_BY: document.get(NAMED_BY), **translated(kind, fields, names)}
            click.echo(_as_json(shown) if session.as_json else _as_yaml(shown))


def _as_json(document: Mapping[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False)


def _as_yaml(document: Mapping[str, Any]) -> str:
    text: str = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120, explicit_start=True)
    return text.rstrip()


def _existing(session: Session) -> Existing:
    return {kind.word: list(session.api.items(kind.path)) for kind in KINDS}


def _carry_out(session: Session, step: Step, label: str, ids: dict[str, dict[str, str]]) -> None:
    """ids: by kind, from names to ids; it learns what is created."""
    try:
        if step.wanted is None:
            _change(session, "DELETE", step, _header(label, NO_DIGEST), None)
        elif step.action == "create":
            body = translated(step.kind, step.wanted.content, ids)
            made = session.api.create(step.kind.path, body, _mark(label, step.wanted))
            ids[step.kind.word][step.name] = made["id"]
        elif step.action == "update":
            body = translated(step.kind, step.wanted.content, ids)
            _change(session, "PUT", step, _mark(label, step.wanted), body)
    except ApiRefused as fault:
        sentence = f"{step.kind.word} {step.name!r}: {fault}"
        raise step.wanted.source.fault(sentence) if step.wanted else FileFault(sentence) from None


def _change(session: Session, method: str, step: Step, headers: Mapping[str, str], body: Json | None) -> None:
    path = f"{step.kind.path}/{path_of(str((step.present or {})['id']))}"
    found = session.api.find(path)  # its newest ETag
    session.api.change(method, path, found.etag, body, headers)


def _mark(label: str, wanted: Wanted) -> dict[str, str]:
    return _header(label, wanted.digest)


def _header(label: str, digest: str) -> dict[str, str]:
    return {HEADER: f"files; label={label}; digest={digest}"}


def _tell(session: Session, step: Step) -> None:
    done(session, printable(f"{step.action:9}  {step.kind.word:21}  {step.name}"), step.told())
