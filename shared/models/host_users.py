"""The people of the host application: which collection, and which of its fields says what."""

from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from shared.models.base import Model, Text, Value
from shared.queries.filters import FilterText

MOST_NAMED = 1000

FieldPath = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z_][A-Za-z0-9_-]*){0,4}$")]
"""A field, or one inside of others: `contact.email`."""
VariableName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")]
Words = Annotated[list[Annotated[Text, Field(min_length=1, max_length=200)]], Field(max_length=MOST_NAMED)]


class HostUsers(Value):
    """The setting HOST_USERS. A field that is not named is not known of anybody."""

    collection: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]{0,119}$")]
    id: FieldPath = "_id"
    email: FieldPath | None = None
    phone: FieldPath | None = None
    name: FieldPath | None = None
    locale: FieldPath | None = None
    timezone: FieldPath | None = None
    role: FieldPath | None = None
    tags: FieldPath | None = None
    groups: FieldPath | None = None
    filter_fields: list[FieldPath] = []
    """What a filter may ask about."""
    variables: dict[VariableName, FieldPath] = {}
    """Variables of each user, and the fields that hold them."""

    @model_validator(mode="after")
    def _reachable(self) -> "HostUsers":
        if self.email is None and self.phone is None:
            raise ValueError("name the field of the e-mail address or of the phone number")
        return self


class HostSelection(Model):
    """Users of the host application: whoever is named, or has one of the roles, tags or groups; or everyone.

    filter: of them only those who match it; alone: everyone who does.
    """

    ids: Words = []
    roles: Words = []
    tags: Words = []
    groups: Words = []
    everyone: bool = False
    filter: FilterText = ""

    @model_validator(mode="after")
    def _somebody(self) -> "HostSelection":
        if not (self.ids or self.roles or self.tags or self.groups or self.everyone or self.filter.strip()):
            raise ValueError("name at least one: ids, roles, tags, groups, a filter, or everyone")
        return self
