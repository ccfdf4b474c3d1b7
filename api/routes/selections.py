"""What the lists of jobs and of scheduled notifications, and their bulk actions, are asked with alike."""

from typing import Annotated

from pydantic import Field

from api.paging import PageQuery
from api.store.definition_filter import DefinitionFilter, DefinitionSort
from shared.models.base import Model, Text


class Selection(Model):
    """The filters of a list, without the page."""

    q: Annotated[Text, Field(min_length=1, max_length=200, description="Part of the name.")] | None = None

    def which(self) -> DefinitionFilter:
        """As the store takes them."""
        raise NotImplementedError


class OrderedQuery(PageQuery):
    """The part of a query of a list that has several orders."""

    sort: Annotated[DefinitionSort, Field(description="Unless told: the newest first, or by name with `q`.")] | None = (
        None
    )
