"""Test suites that the settings allow: the one place from which their commands come."""

import shlex
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, field_validator

from shared.models.base import Text, Value

JUNIT = "{junit}"
"""Stands in a command for the file that its JUnit report goes to."""
SUITE_NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"

SuiteName = Annotated[str, Field(pattern=SUITE_NAME)]


class Suite(Value):
    """A command, split as a shell splits it and run without one."""

    command: Annotated[Text, Field(max_length=4_000)]
    folder: Path | None = None
    """Where it runs; None: the daemon's working folder."""
    environment: dict[str, Text] = {}
    """Variables beside the few that a suite is given; nothing else of the daemon's environment reaches it."""

    @field_validator("command")
    @classmethod
    def _is_a_command(cls, command: str) -> str:
        try:
            words = shlex.split(command)
        except ValueError as fault:
            raise ValueError(f"not a command: {fault}") from None
        if not words:
            raise ValueError("write the command of the suite, such as `pytest -q tests/smoke`")
        return command

    @field_validator("folder")
    @classmethod
    def _is_absolute(cls, folder: Path | None) -> Path | None:
        if folder is not None and not folder.is_absolute():
            raise ValueError("write the whole path of the folder, from / on")
        return folder

    def words(self, junit: Path) -> list[str]:
        """The command and its arguments, with the report going to `junit`."""
        return [word.replace(JUNIT, str(junit)) for word in shlex.split(self.command)]


def _from_command(value: Any) -> Any:
    return {"command": value} if isinstance(value, str) else value


Suites = dict[SuiteName, Annotated[Suite, BeforeValidator(_from_command)]]
"""By name; a text is a suite that is nothing but a command."""
