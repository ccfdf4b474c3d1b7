"""The operator's command `unified-scheduler`, as the launcher uses it."""

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.local.errors import LaunchError

_TOKEN_NAME = "make run"  # noqa: S105 - a name, no secret


async def run_operator_command(arguments: Sequence[str], environment: Mapping[str, str]) -> str:
    """What `unified-scheduler ARGUMENTS...` prints; LaunchError with its words when it fails."""
    command = Path(sys.executable).with_name("unified-scheduler")
    process = await asyncio.create_subprocess_exec(
        command,
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=dict(environment),
        process_group=0,
    )
    try:
        output, words = await process.communicate()
    except asyncio.CancelledError:
        os.killpg(process.pid, 9)
        await process.wait()
        raise
    if process.returncode != 0:
        raise LaunchError(f"`unified-scheduler {' '.join(arguments)}` failed: {words.decode(errors='replace').strip()}")
    return output.decode()


async def create_admin_token(environment: Mapping[str, str]) -> str:
    """A fresh admin token; the one of the last start ends."""
    arguments = ["token", "create", "--role", "admin", "--name", _TOKEN_NAME, "--replace"]
    output = await run_operator_command(arguments, environment)
    return output.split()[-1]
