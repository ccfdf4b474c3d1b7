"""What bulk actions share: one action on many definitions, each as its own request would do it."""

from collections import Counter
from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Any

from flask import Response
from pydantic import Field, model_validator

from api.context import actor
from api.problems import FieldFault, Problem, ProblemCode
from api.responses import ok
from api.routes.pauses import PauseBody
from api.routes.selections import Selection
from api.store.definitions import DefinitionStore, Mutation
from api.store.errors import NoSuchDocument
from api.store.managed import ManagedByFiles
from shared.errors import InvalidDefinition, TransactionConflict
from shared.models.base import DocumentId

MOST = 500

Stored = dict[str, Any]
Act = Callable[[Stored], bool]
"""Does it to a stored definition; whether that changes anything. What a single request refuses is raised."""


class ManyBody(PauseBody):
    """Which ones, by `ids` or by the filters of the list. dryRun: only says what would happen.

    reason, until: of a pause.
    """

    may_be_empty = False

    action: str
    ids: Annotated[list[DocumentId], Field(min_length=1, max_length=MOST)] | None = None
    filter: Selection | None = None
    dry_run: bool = False

    @model_validator(mode="after")
    def _one_selection(self) -> "ManyBody":
        if (self.ids is None) == (self.filter is None):
            raise ValueError("give either ids or filter")
        return self


def done_to_many(body: ManyBody, definitions: DefinitionStore, act: Act) -> Response:
    """Each is a change of its own, with its own entry in the audit log: a refused one leaves the others alone."""
    found, absent = _chosen(body, definitions)
    noun = definitions.noun.replace("_", " ")
    items = [_outcome(act, each, noun) for each in found] + [_absent(each, noun) for each in absent]
    counts = Counter(str(item["outcome"]) for item in items)
    totals = {outcome: counts[outcome] for outcome in ("changed", "unchanged", "refused")}
    return ok({"action": body.action, "dryRun": body.dry_run, **totals, "items": items})


def changing(definitions: DefinitionStore, mutation: Mutation, action: str, *, dry_run: bool) -> Act:
    """A change whatever the revision. action: as the audit log calls it."""

    def change(stored: Stored) -> bool:
        if dry_run:
            definitions.check_change(stored, action, actor())
            return not mutation(stored).nothing
        before = stored.get("revision")
        changed = definitions.change(str(stored["_id"]), "*", mutation, actor(), action)
        return bool(changed.get("revision") != before)

    return change


def deleting(definitions: DefinitionStore, *, dry_run: bool) -> Act:
    """A deletion whatever the revision."""

    def delete(stored: Stored) -> bool:
        if dry_run:
            definitions.check_change(stored, "delete", actor())
        else:
            definitions.delete(str(stored["_id"]), "*", actor())
        return True

    return delete


def _chosen(body: ManyBody, definitions: DefinitionStore) -> tuple[list[Stored], list[str]]:
    """The definitions as they are stored, and those ids that none has. Problem 409 for a filter that fits too many."""
    if body.ids is not None:
        ids = list(dict.fromkeys(body.ids))
        found = {str(each["_id"]): each for each in definitions.by_ids(ids)}
        return list(found.values()), [each for each in ids if each not in found]
    assert body.filter is not None  # noqa: S101 - checked when it was read
    page = definitions.search(body.filter.which(), None, MOST, None)
    if page.end is not None:
        raise Problem(
            HTTPStatus.CONFLICT,
            ProblemCode.TOO_MANY,
            f"More than {MOST} {definitions.noun.replace('_', ' ')}s fit; choose fewer, or do it in several steps.",
            [FieldFault("filter", ProblemCode.TOO_MANY, f"fits more than {MOST}")],
        )
    return page.documents, []


def _outcome(act: Act, stored: Stored, noun: str) -> dict[str, Any]:
    name = stored.get("name")
    shown = {"id": str(stored["_id"]), "name": name if isinstance(name, str) else None, "code": None, "detail": None}
    try:
        return {**shown, "outcome": "changed" if act(stored) else "unchanged"}
    except Problem as problem:
        code, detail = str(problem.code), problem.detail
    except InvalidDefinition as fault:
        code, detail = fault.code, str(fault)
    except ManagedByFiles:
        code, detail = ProblemCode.MANAGED_BY_FILES.value, "It is kept in files: change it there."
    except NoSuchDocument:
        return _absent(str(stored["_id"]), noun)
    except TransactionConflict:
        code, detail = ProblemCode.CONFLICT.value, "Somebody else keeps changing it; try again."
    return {**shown, "outcome": "refused", "code": code, "detail": detail}


def _absent(document_id: str, noun: str) -> dict[str, Any]:
    code, detail = ProblemCode.NOT_FOUND.value, f"There is no such {noun}."
    return {"id": document_id, "name": None, "outcome": "refused", "code": code, "detail": detail}
