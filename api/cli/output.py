"""What commands print: JSON for programs, tables and lines for people. Nothing that is shown can steer a terminal."""

import json
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import click

from api.cli.session import Session

Command = TypeVar("Command", bound=Callable[..., Any])
Column = tuple[str, str]
"""Heading, and the dotted path of the field."""

NARROWEST = 8


def json_option(command: Command) -> Command:
    """`--json` behind a command; before it, it is an option of the whole."""

    def keep(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
        if value and isinstance(context.obj, Session):
            context.obj.as_json = True

    option = click.option(
        "--json", is_flag=True, expose_value=False, callback=keep, help="JSON instead of text for people."
    )
    return option(command)


def printable(value: Any) -> str:
    """As text on one line, without control characters."""
    if value is None:
        return "-"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return "".join(letter if letter.isprintable() else "�" for letter in text)


def show_list(session: Session, items: Iterable[Mapping[str, Any]], columns: Sequence[Column]) -> None:
    """One JSON document per line, or a table."""
    if session.as_json:
        for item in items:
            click.echo(json.dumps(item, ensure_ascii=False))
        return
    rows = [[printable(_field(item, path)) for _, path in columns] for item in items]
    for line in table([heading for heading, _ in columns], rows, _width()):
        click.echo(line)


def show_document(session: Session, document: Mapping[str, Any]) -> None:
    """One field per line, or JSON."""
    if session.as_json:
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))
        return
    longest = max((len(name) for name in document), default=0)
    for name, value in document.items():
        click.echo(f"{printable(name):{longest}}  {printable(value)}")


def done(session: Session, sentence: str, answer: Mapping[str, Any]) -> None:
    """What was achieved, or the answer of the API as JSON."""
    click.echo(json.dumps(answer, ensure_ascii=False) if session.as_json else sentence)


def table(headings: Sequence[str], rows: Sequence[Sequence[str]], width: int | None) -> list[str]:
    """Aligned columns. width: of the terminal; the widest columns give way to it. None: nothing is cut."""
    widths = [max(len(cell) for cell in column) for column in zip(headings, *rows, strict=True)]
    while width is not None and sum(widths) + 2 * (len(widths) - 1) > width and max(widths) > NARROWEST:
        widths[widths.index(max(widths))] -= 1
    return [
        "  ".join(_fit(cell, room) for cell, room in zip(row, widths, strict=True)).rstrip()
        for row in [[heading.upper() for heading in headings], *rows]
    ]


def _fit(cell: str, room: int) -> str:
    return cell.ljust(room) if len(cell) <= room else cell[: room - 1] + "…"


def _width() -> int | None:
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _field(item: Any, path: str) -> Any:
    for name in path.split("."):
        item = item.get(name) if isinstance(item, Mapping) else None
    return item
