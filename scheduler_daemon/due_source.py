"""What a job template declares if its jobs must also run the moment a document falls due."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class DueSource:
    """A collection whose due documents start a run of the template's jobs at their time.

    filter: which documents count; due_field: the date from which on a document is due;
    at_once: documents that are due whatever their date (None: there are no such).
    beside: another source of the same template; the earlier of the two heads counts.
    """

    collection: str
    filter: Mapping[str, Any]
    due_field: str
    at_once: Mapping[str, Any] | None = None
    beside: "DueSource | None" = None
