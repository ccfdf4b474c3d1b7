"""What all models share: camelCase outside, moments in UTC cut to milliseconds, text that MongoDB can store."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    PlainSerializer,
    StringConstraints,
    ValidationError,
    WithJsonSchema,
)
from pydantic.alias_generators import to_camel

from shared.clock import cut_to_milliseconds, rfc3339
from shared.errors import InvalidDefinition
from shared.jsonable import jsonable


def _instant(moment: datetime) -> datetime:
    try:
        return cut_to_milliseconds(moment)
    except OverflowError:  # year 1 or 9999 with an offset that leads out of the calendar
        raise ValueError("out of the range of dates") from None


Moment = Annotated[
    AwareDatetime,
    AfterValidator(_instant),
    PlainSerializer(
        rfc3339,
        return_type=Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})],
        when_used="json",
    ),
]
"""An instant: BSON date in documents, RFC 3339 with Z and milliseconds in JSON."""


Anything = Annotated[Any, PlainSerializer(jsonable, when_used="json")]
"""Whatever somebody stored here; in JSON what JSON has no word for is described."""


def _refuse_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("text may not contain the NUL character")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("text may not contain unpaired surrogates") from None
    return text


Text = Annotated[str, AfterValidator(_refuse_nul)]
Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    AfterValidator(_refuse_nul),
]
Label = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]([A-Za-z0-9_./-]{0,61}[A-Za-z0-9])?$")]
DocumentId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


class Model(BaseModel):
    """snake_case in Python, camelCase in documents and JSON; unknown fields are refused."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, validate_by_alias=True, extra="forbid")


class Value(Model):
    """A part of a definition that never changes: it can be shared as a default, and is not copied."""

    model_config = ConfigDict(frozen=True)


class Part(Model):
    """A part of a stored document. Fields of a newer version are ignored, so that one can go back to this one."""

    model_config = ConfigDict(extra="ignore")


class Document(Part):
    """A stored document."""

    def to_document(self) -> dict[str, Any]:
        """The BSON form: camelCase, moments as dates, durations as text."""
        return self.model_dump(by_alias=True)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Reads a stored document; InvalidDefinition names the first field that is wrong."""
        try:
            return cls.model_validate(document)
        except ValidationError as fault:
            raise invalid_definition(fault) from None


def invalid_definition(fault: ValidationError) -> InvalidDefinition:
    """The first error of a pydantic ValidationError, without the input (it may hold a secret)."""
    first = fault.errors(include_url=False, include_input=False, include_context=False)[0]
    more = fault.error_count() - 1
    detail = first["msg"].removeprefix("Value error, ") + (f" (and {more} more)" if more else "")
    return InvalidDefinition(".".join(str(part) for part in first["loc"]), detail, first["type"])


def utc(moment: datetime) -> datetime:
    """For code that builds documents without a model: the Moment that a model would store."""
    return cut_to_milliseconds(moment)
