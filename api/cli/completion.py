"""`unified-scheduler completion`: the script that makes a shell complete the command."""

import click
from click.shell_completion import get_completion_class

PROGRAM = "unified-scheduler"


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print a completion script, for `eval "$(unified-scheduler completion bash)"` in the shell's start file."""
    script = get_completion_class(shell)
    if script is None:
        raise click.ClickException(f"{shell} is not supported")
    click.echo(script(context.find_root().command, {}, PROGRAM, "_UNIFIED_SCHEDULER_COMPLETE").source())
