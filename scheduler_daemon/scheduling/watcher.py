"""Listens to what the API writes and wakes the loop. A hint only: the poll is the truth."""

from collections.abc import Callable

from scheduler_daemon.scheduling.loop import Loop
from scheduler_daemon.store.changes import ChangeStore


class Watcher(Loop):
    """Holds one change stream open; opens it again when it dies."""

    name = "watcher"

    def __init__(self, changes: ChangeStore, wake: Callable[[], None], rules_changed: Callable[[], None]) -> None:
        super().__init__()
        self._changes = changes
        self._wake = wake
        self._rules_changed = rules_changed

    async def run_once(self) -> float:
        async for heard in self._changes.events():
            if heard.rules:
                self._rules_changed()
            if heard.changed:
                self._wake()
            if self.stopping:
                break
        return 0.5
