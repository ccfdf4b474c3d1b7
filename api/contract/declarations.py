"""Which answers a view gives: said once, beside its permission. The rest follows from its parts."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Any, TypeVar

from pydantic import BaseModel

from api.contract.shapes import Malformed, page_of

View = TypeVar("View", bound=Callable[..., Any])

_ATTRIBUTE = "declared_answers"


class IfMatch(StrEnum):
    """How a view heeds If-Match; the name of its component."""

    REQUIRED = "IfMatch"
    OF_WHAT_EXISTS = "IfMatchOfWhatExists"
    EXACT = "ExactIfMatch"


@dataclass(frozen=True, slots=True)
class Success:
    """One answer of a view. shapes: one of these as JSON; none: no content, or the media types."""

    status: HTTPStatus
    shapes: tuple[type[BaseModel], ...] = ()
    media_types: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answers:
    """All that a view says of its answers. if_match: it changes a document of that revision."""

    successes: tuple[Success, ...] = ()
    refusals: tuple[HTTPStatus, ...] = ()
    if_match: IfMatch | None = None


def answers_of(view: Callable[..., Any]) -> Answers | None:
    """What the view has declared; None: nothing."""
    found: Answers | None = getattr(view, _ATTRIBUTE, None)
    return found


def _declare(
    *successes: Success, refusals: tuple[HTTPStatus, ...] = (), if_match: IfMatch | None = None
) -> Callable[[View], View]:
    def mark(view: View) -> View:
        before = answers_of(view) or Answers()
        declared = Answers(
            (*successes, *before.successes),
            (*refusals, *before.refusals),
            if_match=if_match or before.if_match,
        )
        setattr(view, _ATTRIBUTE, declared)
        return view

    return mark


def shows(*shapes: type[BaseModel]) -> Callable[[View], View]:
    """200 with one of these."""
    return _declare(Success(HTTPStatus.OK, shapes))


def shows_document(shape: type[BaseModel]) -> Callable[[View], View]:
    """200 with a document and its ETag; a damaged one as it is."""
    return _declare(Success(HTTPStatus.OK, (shape, Malformed), headers=("ETag",)))


def lists(shape: type[BaseModel], *, damaged: bool = True) -> Callable[[View], View]:
    """200 with a page of these. damaged: some may be malformed."""
    return shows(page_of(shape, damaged=damaged))


def creates(shape: type[BaseModel]) -> Callable[[View], View]:
    """201 with the new document, its ETag and its address."""
    return _declare(Success(HTTPStatus.CREATED, (shape,), headers=("ETag", "Location")))


def changes(*shapes: type[BaseModel]) -> Callable[[View], View]:
    """200 with the changed document and its new ETag. Needs If-Match."""
    return _declare(Success(HTTPStatus.OK, shapes, headers=("ETag",)), if_match=IfMatch.REQUIRED)


def changes_or_creates(*shapes: type[BaseModel]) -> Callable[[View], View]:
    """200 with the document and its ETag. Needs If-Match unless there is none yet."""
    return _declare(Success(HTTPStatus.OK, shapes, headers=("ETag",)), if_match=IfMatch.OF_WHAT_EXISTS)


def approves(*shapes: type[BaseModel]) -> Callable[[View], View]:
    """200 with the document and its ETag. Needs If-Match with the revision that was seen: `*` does not do."""
    return _declare(Success(HTTPStatus.OK, shapes, headers=("ETag",)), if_match=IfMatch.EXACT)


def deletes(view: View) -> View:
    """204. Needs If-Match."""
    return _declare(Success(HTTPStatus.NO_CONTENT), if_match=IfMatch.REQUIRED)(view)


def accepts(shape: type[BaseModel]) -> Callable[[View], View]:
    """202: the daemon will do it."""
    return _declare(Success(HTTPStatus.ACCEPTED, (shape,)))


def obeys(view: View) -> View:
    """204 without If-Match."""
    return _declare(Success(HTTPStatus.NO_CONTENT))(view)


def serves(*media_types: str) -> Callable[[View], View]:
    """200 with something that is not JSON."""
    return _declare(Success(HTTPStatus.OK, media_types=media_types))


def serves_file(*media_types: str) -> Callable[[View], View]:
    """A file: whole, in part, or not at all if the client has it already."""
    headers = ("ETag", "Content-Disposition")
    return _declare(
        Success(HTTPStatus.OK, media_types=media_types, headers=headers),
        Success(HTTPStatus.PARTIAL_CONTENT, media_types=media_types, headers=(*headers, "Content-Range")),
        Success(HTTPStatus.NOT_MODIFIED, headers=("ETag",)),
        refusals=(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, HTTPStatus.GONE),
    )


def refuses(*statuses: HTTPStatus) -> Callable[[View], View]:
    """Refusals that follow from nothing else that the view declares."""
    return _declare(refusals=statuses)
