"""All child processes of the launcher: a step is only waited for while every one of them runs."""

import asyncio
from collections.abc import Awaitable, Coroutine
from contextlib import AsyncExitStack
from typing import Any, TypeVar

from deploy.local.errors import LaunchError
from deploy.local.part import Part

Result = TypeVar("Result")


class PartGroup:
    """The parts that were started, in order."""

    def __init__(self) -> None:
        self._parts: list[Part] = []

    @property
    def killed_names(self) -> list[str]:
        """The parts that did not stop by themselves."""
        return [part.name for part in self._parts if part.was_killed]

    async def add(self, stack: AsyncExitStack, starting: Awaitable[Part], *, stop_seconds: float) -> Part:
        """Takes a part in; `stack` stops it. A cancellation cannot fall between its start and its registration."""
        task = asyncio.ensure_future(starting)
        try:
            part = await asyncio.shield(task)
        except asyncio.CancelledError:
            self._register(stack, await task, stop_seconds)
            raise
        return self._register(stack, part, stop_seconds)

    async def while_all_run(self, step: Coroutine[Any, Any, Result]) -> Result:
        """The step's result; LaunchError with the reason as soon as a part ends before that."""
        task = asyncio.create_task(step)
        try:
            await asyncio.wait([task, *(part.ended for part in self._parts)], return_when=asyncio.FIRST_COMPLETED)
            self._raise_if_one_ended()
            return task.result()
        finally:
            task.cancel()

    async def end_of(self, name: str) -> Part:
        """Waits until the part of that name ends; LaunchError with the reason if another one does."""
        await asyncio.wait([part.ended for part in self._parts], return_when=asyncio.FIRST_COMPLETED)
        ended = [part for part in self._parts if part.ended.done()]
        if [part.name for part in ended] != [name]:
            self._raise_if_one_ended()
        return ended[0]

    def forget(self, part: Part) -> None:
        """It has ended and was stopped; another one may take its place."""
        self._parts.remove(part)

    def kill_all(self) -> None:
        """Ends every part at once; the last resort."""
        for part in self._parts:
            part.kill()

    def _register(self, stack: AsyncExitStack, part: Part, stop_seconds: float) -> Part:
        self._parts.append(part)
        stack.push_async_callback(part.stop, stop_seconds)
        return part

    def _raise_if_one_ended(self) -> None:
        for part in self._parts:
            if part.ended.done():
                raise LaunchError(part.obituary())
