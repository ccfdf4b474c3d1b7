"""What all answers have in common. Models here describe answers and are never used to make them."""

from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, create_model

from api.problems import ProblemCode
from shared.models.base import Model, Moment

Item = TypeVar("Item")

Revision = Annotated[int, Field(ge=0, description="Also in the ETag. What cannot be read has 0.")]
Problem = Annotated[str, Field(description="Why the document needs a person. Null: it needs none.")] | None


class Answer(Model):
    """Base of the shapes: exactly these fields, and always all of them."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)


class Malformed(Answer):
    """A document that somebody damaged in the database: its fields as they stand there, and what is wrong."""

    model_config = ConfigDict(extra="allow")

    id: str
    problem: str


class Page(Answer, Generic[Item]):
    """A part of a list."""

    items: list[Item]
    next_cursor: str | None = Field(description="Pass it as `cursor` for the page after; null: nothing follows.")


class Counted(Answer):
    """How many fit."""

    count: int | None = Field(description="Null: it takes too long to count them.")
    more: bool = Field(description="There are more than `count`.")


class Commanded(Answer):
    """The daemon will do it."""

    command_id: str
    daemon_alive: bool = Field(description="False: no daemon was heard of lately; it is done when one is back.")


class Authored(Answer):
    """Who wrote a document, when."""

    id: str
    revision: Revision
    created_at: Moment
    created_by: str | None
    updated_at: Moment


class KeptInFiles(Authored):
    """A definition that `unified-scheduler apply` may keep as a file says."""

    managed_by: str | None = Field(description="`files`: another change needs `force`. Null: nothing keeps it.")
    managed_label: str | None = Field(description="Of the set of files.")
    managed_digest: str | None = Field(description="SHA-256 of what the file says; null after a forced change.")


def page_of(item: type[BaseModel], *, damaged: bool = True) -> type[BaseModel]:
    """The page of a list of these. damaged: a document of it may be malformed."""
    listed: Any = item | Malformed if damaged else item
    shape: Any = Page.__class_getitem__(listed)
    return create_model(f"PageOf{item.__name__}", __base__=shape, __doc__=f"A part of a list of {item.__name__}.")


class FieldProblem(Answer):
    """One wrong field."""

    field: str = Field(description="Dotted path, such as `schedule.expression`.")
    code: str
    detail: str


class ProblemDocument(Answer):
    """Why a request was refused (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: ProblemCode
    request_id: str = Field(description="Also in the log of the API.")
    errors: list[FieldProblem]
