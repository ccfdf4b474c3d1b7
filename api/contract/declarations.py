"""Which answers a view gives: said once, beside its permission. The rest follows from its parts."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar

from pydantic import BaseModel

from api.contract.shapes import Malformed, page_of

View = TypeVar("View", bound=Callable[..., Any])

_ATTRIBUTE = "declared_answers"


@dataclass(frozen=True, slots=True)
class Success:
    """One answer of a view. shapes: one of these as JSON; none: no content, or the media types."""

    status: HTTPStatus
    shapes: tuple[type[BaseModel], ...] = ()
    media_types: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answers:
    """All that a view says of its answers.

    if_match: it changes a document of that revision.  takes: media type of a body that no model describes.
    """

    successes: tuple[Success, ...] = ()
    refusals: tuple[HTTPStatus, ...] = ()
    if_match: bool = False
    takes: str | None = None


def answers_of(view: Callable[..., Any]) -> Answers | None:
    """What the view has declared; None: nothing."""
    found: Answers | None = getattr(view, _ATTRIBUTE, None)
    return found


def _declare(
    *successes: Success, refusals: tuple[HTTPStatus, ...] = (), if_match: bool = False, takes: str | None = None
) -> Callable[[View], View]:
    def mark(view: View) -> View:
        before = answers_of(view) or Answers()
        declared = Answers(
            (*successes, *before.successes),
            (*refusals, *before.refusals),
            if_match=if_match or before.if_match,
            takes=takes or before.takes,
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
    return _declare(Success(HTTPStatus.OK, shapes, headers=("ETag",)), if_match=True)


def deletes(view: View) -> View:
    """204. Needs If-Match."""
    return _declare(Success(HTTPStatus.NO_CONTENT), if_match=True)(view)


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


def takes(media_type: str) -> Callable[[View], View]:
    """The body is of this type and no JSON."""
    return _declare(takes=media_type)
