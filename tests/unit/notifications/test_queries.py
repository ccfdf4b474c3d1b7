"""Filters and updates for notifications."""

from datetime import timedelta

import pytest

from shared.indexes import INDEXES
from shared.models.notification_models import Channel
from shared.models.queue import HELD, LIVE, TERMINAL, QueueState
from shared.queries import notifications as queries
from tests.support.documents import MONDAY

KEEP = timedelta(days=90)


@pytest.mark.parametrize("state", TERMINAL)
def test_an_end_comes_with_its_expiry(state: QueueState) -> None:
    assert queries.terminal_fields(state, MONDAY, KEEP) == {
        "state": state.value,
        "finishedAt": MONDAY,
        "expireAt": MONDAY + KEEP,
    }


@pytest.mark.parametrize("state", HELD)
def test_what_waits_for_a_person_does_not_expire(state: QueueState) -> None:
    assert queries.terminal_fields(state, MONDAY, KEEP)["expireAt"] is None


@pytest.mark.parametrize("state", LIVE)
def test_a_live_state_is_no_end(state: QueueState) -> None:
    with pytest.raises(ValueError, match="not an end"):
        queries.terminal_fields(state, MONDAY, KEEP)


@pytest.mark.parametrize(("revision", "planned"), [(3, 3), ("x", 0), (None, 0), (True, 0), (1.5, 0)])
def test_a_malformed_revision_is_planned_as_zero(revision: object, planned: int) -> None:
    assert queries.planned({"_id": 1, "revision": revision}, {})["$set"]["plannedRevision"] == planned


def test_values_of_a_malformed_document_are_compared_and_never_obeyed() -> None:
    document = {"_id": {"$ne": 1}, "revision": {"$gt": 0}, "state": {"$exists": True}, "daemon": [1]}
    for criteria in (queries.still_unplanned(document), queries.still_due(document), queries.unchanged(document)):
        for name, condition in criteria.items():
            if name != "plannedRevision":
                assert list(condition) == ["$eq"]


def test_a_claim_is_held_only_by_its_token() -> None:
    assert queries.held("m", "t") == {"_id": "m", "state": "sending", "token": "t"}


def test_the_due_source_names_every_state_of_its_partial_index() -> None:
    (sendable,) = [spec for spec in INDEXES if spec.name == "sendable"]
    assert sendable.partial is not None
    assert queries.free_messages(Channel.EMAIL)["state"] == sendable.partial["state"]
