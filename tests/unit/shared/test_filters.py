"""Filters of parameters: what is read, and what is refused with its place and the remedy."""

from datetime import UTC, datetime
from typing import Annotated

import pytest
from bson import Decimal128, ObjectId
from pydantic import BaseModel, ValidationError

from shared.errors import InvalidDefinition
from shared.queries.filters import FilterText, read_filter, together, walks_everything

JUNE = datetime(2026, 6, 1, 10, tzinfo=UTC)
ID = "65f000000000000000000000"

READ = [
    ("", {}),
    (" {} ", {}),
    ('{"a": 1}', {"a": {"$eq": 1}}),
    ('{"a": null, "b": true}', {"a": {"$eq": None}, "b": {"$eq": True}}),
    ('{"a.b.0": "x"}', {"a.b.0": {"$eq": "x"}}),
    ('{"a": {"$gt": 1, "$lte": 2.5}}', {"a": {"$gt": 1, "$lte": 2.5}}),
    ('{"a": {"$in": [1, "x", null]}}', {"a": {"$in": [1, "x", None]}}),
    ('{"a": {"$nin": []}}', {"a": {"$nin": []}}),
    ('{"a": {"$exists": false}}', {"a": {"$exists": False}}),
    ('{"a": {"$not": {"$gte": 3}}}', {"a": {"$not": {"$gte": 3}}}),
    ('{"$or": [{"a": 1}, {"$and": [{"b": 2}]}]}', {"$or": [{"a": {"$eq": 1}}, {"$and": [{"b": {"$eq": 2}}]}]}),
    ('{"$nor": [{"a": 1}]}', {"$nor": [{"a": {"$eq": 1}}]}),
    ('{"a": {"$lt": "2026-06-01T12:00:00+02:00"}}', {"a": {"$lt": JUNE}}),
    ('{"a": "2026-06-01T10:00:00.000999Z"}', {"a": {"$eq": JUNE}}),
    ('{"a": "2026-06-01"}', {"a": {"$eq": "2026-06-01"}}),
    ('{"a": {"$date": "2026-06-01T10:00:00Z"}}', {"a": {"$eq": JUNE}}),
    ('{"a": {"$date": {"$numberLong": "1780308000000"}}}', {"a": {"$eq": JUNE}}),
    (f'{{"_id": {{"$gt": {{"$oid": "{ID}"}}}}}}', {"_id": {"$gt": ObjectId(ID)}}),
    ('{"a": {"$numberDecimal": "1.10"}}', {"a": {"$eq": Decimal128("1.10")}}),
]

REFUSED = [
    ("{", "not JSON"),
    ("{'a': 1}", "not JSON"),
    ("[]", "write an object"),
    ('"a"', "write an object"),
    ('{"a": 1, "a": 2}', "a key stands twice"),
    ('{"$where": "true"}', r"^\$where: \$where is not allowed; these are: \$eq"),
    ('{"$expr": {"$eq": ["$a", 1]}}', r"\$expr is not allowed"),
    ('{"$text": {"$search": "x"}}', r"\$text is not allowed"),
    ('{"$comment": "x"}', r"\$comment is not allowed"),
    ('{"a": {"$function": {"body": "x"}}}', r"^a\.\$function: \$function is not allowed"),
    ('{"a": {"$regex": "(x+)+y"}}', "^a: takes null"),
    ('{"a": {"$in": [{"$regex": "x", "$options": ""}]}}', r"^a\.\$in\.0: takes null"),
    ('{"a": {"$not": {"$where": "x"}}}', r"^a\.\$not\.\$where: \$where is not allowed"),
    ('{"$or": [{"a": 1}, {"b": {"$where": "x"}}]}', r"^\$or\.1\.b\.\$where"),
    ('{"a": {"$elemMatch": {"b": 1}}}', r"\$elemMatch is not allowed"),
    ('{"a": {"b": 1}}', "write the path of a field with dots: a.b"),
    ('{"a": {}}', "name an operator"),
    ('{"a": [1]}', "takes null"),
    ('{"a": {"$eq": {"b": 1}}}', "takes null"),
    ('{"a": {"$in": 1}}', "takes a list"),
    ('{"a": {"$exists": 1}}', "takes true or false"),
    ('{"a": {"$not": 1}}', "takes operators"),
    ('{"$and": []}', "at least one filter"),
    ('{"$and": {"a": 1}}', "at least one filter"),
    ('{"$or": [1]}', r"^\$or\.0: write an object"),
    ('{"": 1}', "not the name of a field"),
    ('{"a..b": 1}', "not the name of a field"),
    ('{"a.$b": 1}', "not the name of a field"),
    ('{"a\\u0000": 1}', "not the name of a field"),
    ('{"a": 9223372036854775808}', "more than 64 bits"),
    ('{"a": "2026-02-30T00:00:00Z"}', "no such date"),
    ('{"a": {"$oid": "x"}}', "not JSON"),
    ('{"a": {"$code": "x"}}', "takes null"),
    ('{"a": {"$in": [' + ",".join("1" * 1001) + "]}}", "at most 1,000 values"),
    ('{"$and": [' * 9 + '{"a": 1}' + "]}" * 9, "nested deeper than 8"),
    ('{"a": ' + '{"$not": ' * 9 + '{"$gt": 1}' + "}" * 10, "nested deeper than 8"),
    ("[" * 5000 + "]" * 5000, "not JSON|write an object"),
    (" " * 10_000 + "{}", "at most 10,000 characters"),
]


@pytest.mark.parametrize(("text", "meaning"), READ)
def test_a_filter_is_read(text, meaning):
    assert read_filter(text) == meaning


@pytest.mark.parametrize(("text", "words"), REFUSED, ids=lambda value: value[:40])
def test_a_filter_that_means_nothing_or_too_much_is_refused(text, words):
    with pytest.raises(InvalidDefinition, match=words):
        read_filter(text)


def test_a_parameter_is_checked_where_it_is_declared():
    class Parameters(BaseModel):
        filter: Annotated[FilterText, "as a template declares it"] = ""

    assert Parameters(filter='{"a": 1}').filter == '{"a": 1}'
    with pytest.raises(ValidationError, match="is not allowed"):
        Parameters(filter='{"$where": "1"}')
    assert Parameters.model_json_schema()["properties"]["filter"]["contentMediaType"] == "application/json"


def test_filters_are_joined():
    assert together() == together({}, {}) == {}
    assert together({"a": 1}, {}) == {"a": 1}
    assert together({"a": 1}, {"a": 2}) == {"$and": [{"a": 1}, {"a": 2}]}


@pytest.mark.parametrize(
    ("plan", "walks"),
    [
        ({"winningPlan": {"stage": "FETCH", "inputStage": {"stage": "IXSCAN"}}}, False),
        ({"winningPlan": {"stage": "EOF"}}, False),
        ({"winningPlan": {"stage": "SORT", "inputStage": {"stage": "COLLSCAN"}}}, True),
        ({"winningPlan": {"queryPlan": {"stage": "OR", "inputStages": [{"stage": "COLLSCAN"}]}}}, True),
        (None, False),
    ],
)
def test_a_plan_that_reads_everything_is_recognised(plan, walks):
    assert walks_everything(plan) is walks
