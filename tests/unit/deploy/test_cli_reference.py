"""docs/cli.md is what the commands themselves say."""

import click

from api.cli.main import main
from deploy.cli_reference import DOCUMENT, rendered, subcommands


def test_the_document_is_up_to_date() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == rendered(), "run `make docs`"


def test_every_command_takes_json_or_has_nothing_to_print_in_it() -> None:
    def leaves(command: click.Command, path: str) -> list[tuple[str, click.Command]]:
        if isinstance(command, click.Group):
            inner = subcommands(click.Context(command), command)
            return [leaf for name, each in inner for leaf in leaves(each, f"{path} {name}")]
        return [(path.strip(), command)]

    plain = {path for path, command in leaves(main, "") if not any("--json" in each.opts for each in command.params)}
    assert plain == {"bootstrap", "completion"}
