"""One statement that gives each of many documents an update of its own.

In a transaction MongoDB 6 plans every statement anew and reads the whole catalogue entry for each: 500 single updates
cost it half as much again as one that looks its fields up in a table.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pymongo import UpdateMany, UpdateOne

Document = dict[str, Any]

FEWEST = 8
"""Below this, single updates are as cheap."""


def set_in_each(
    criteria: Mapping[str, Any], changes: Sequence[tuple[Any, Document]]
) -> list[UpdateOne] | list[UpdateMany]:
    """Operations of a bulk write: in each document of these ids that fits `criteria`, sets its top-level fields.

    changes: (id, fields); each id once. The values are taken literally, whatever they look like.
    """
    if len(changes) < FEWEST:
        return [UpdateOne({"_id": identity, **criteria}, {"$set": fields}) for identity, fields in changes]
    ids = [identity for identity, _ in changes]
    table = [fields for _, fields in changes]
    mine = {"$arrayElemAt": [{"$literal": table}, {"$indexOfArray": [{"$literal": ids}, "$_id"]}]}
    return [UpdateMany({"_id": {"$in": ids}, **criteria}, [{"$replaceWith": {"$mergeObjects": ["$$ROOT", mine]}}])]
