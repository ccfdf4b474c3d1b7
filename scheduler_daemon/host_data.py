"""What templates see of the host application's collections: only those that the settings name.

Each method that takes `criteria` uses them as they are: they must come from shared.queries.filters.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol

Filter = Mapping[str, Any]


class Placed(NamedTuple):
    """A document's place in the order by a date: the date and its identity."""

    at: datetime
    id: Any


@dataclass(frozen=True, slots=True)
class Archived:
    """What became of a batch of tickets. refused: another ticket of the same identity is in the archive."""

    moved: int
    refused: int


class CleanableCollection(Protocol):
    """A collection that documents may be deleted from."""

    @property
    def name(self) -> str: ...

    async def walks_everything(self, criteria: Filter, by: str | None) -> bool:
        """Whether finding these documents, sorted by a field, would read the whole collection."""
        ...

    async def count(self, criteria: Filter, most: int) -> int:
        """How many documents match; counting stops at `most`."""
        ...

    async def newest(self, criteria: Filter, field: str, rank: int) -> Placed | None:
        """The place of the `rank`-th newest document that matches (1: the newest); None if there are fewer."""
        ...

    def ids(self, criteria: Filter, by: str | None, size: int) -> AsyncGenerator[list[Any], None]:
        """Identities of what matches, in batches; the lowest `by` first. Close it (contextlib.aclosing)."""
        ...

    async def delete(self, ids: Sequence[Any], criteria: Filter) -> int:
        """Deletes those of `ids` that match when they are deleted. How many."""
        ...


class TicketCollection(CleanableCollection, Protocol):
    """A collection of tickets with its archive, `<name>_archive`."""

    async def archive(self, ids: Sequence[Any], criteria: Filter) -> Archived:
        """Moves those of `ids` that match when they are moved, unchanged; each is always in exactly one of both."""
        ...


class ReadableCollection(Protocol):
    """A collection that may be exported."""

    @property
    def name(self) -> str: ...

    async def count(self, criteria: Filter, most: int) -> int:
        """How many documents match; counting stops at `most`."""
        ...

    async def shape(self, criteria: Filter) -> dict[str, set[str]]:
        """The top-level fields of what matches, each with the BSON types (`$type` names) that it has."""
        ...

    def raw_batches(
        self, criteria: Filter, projection: Sequence[str], sort: Sequence[tuple[str, int]], limit: int
    ) -> AsyncGenerator[bytes, None]:
        """BSON documents, many in one piece. projection: dotted paths, empty: whole documents. limit 0: all."""
        ...


class HostDatabase(Protocol):
    """Gives collections; InvalidDefinition names the parameter and the setting that would allow one."""

    def cleanable(self, name: str) -> CleanableCollection: ...

    def tickets(self, name: str) -> TicketCollection: ...

    def exportable(self, name: str) -> ReadableCollection: ...
