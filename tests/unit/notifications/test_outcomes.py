"""What follows from how an attempt ended."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from scheduler_daemon.notifications import outcomes
from scheduler_daemon.notifications.outcomes import RetryPolicy
from scheduler_daemon.store.queue_outcomes import Outcome
from shared.errors import DeliveryError, InvalidDefinition
from shared.models.queue import LIVE, TERMINAL, TRANSITIONS, QueueItem, QueueState
from tests.support.documents import MONDAY

POLICY = RetryPolicy(3, timedelta(seconds=10), timedelta(minutes=10), timedelta(days=90))


def item(**changes: Any) -> QueueItem:
    return QueueItem.model_validate(
        {
            "_id": "m",
            "occurrence": MONDAY,
            "channel": "email",
            "recipient": {"address": "ada@example.com"},
            "templateId": "t",
            "templateVersion": 1,
            "state": "sending",
            "attempt": 1,
            "sendAfter": MONDAY,
            "token": "token",
            "epoch": 1,
            "messageId": "<m@localhost>",
            "createdAt": MONDAY,
            **changes,
        }
    )


def fault(**flags: bool) -> DeliveryError:
    return DeliveryError("no", **{"permanent": False, **flags})


def refused(changed: dict[str, Any], **flags: bool) -> Outcome:
    return outcomes.refused(item(**changed), fault(**flags), MONDAY, POLICY)


@pytest.mark.parametrize(
    ("changed", "flags", "state", "delivery", "ambiguous"),
    [
        ({}, {}, "retry_wait", "refused", False),
        ({}, {"permanent": True}, "failed", "refused", False),
        ({}, {"ambiguous": True}, "retry_wait", "unknown", True),
        ({"attempt": 3}, {}, "dead", "refused", False),
        ({"attempt": 3}, {"ambiguous": True}, "dead", "unknown", True),
        ({"attempt": 4}, {}, "retry_wait", "refused", False),
        ({"attempt": 6}, {}, "dead", "refused", False),
        ({"ambiguous": True}, {}, "retry_wait", "refused", True),
        ({"channel": "sms"}, {"ambiguous": True}, "unknown", "unknown", True),
        ({"channel": "sms"}, {}, "retry_wait", "refused", False),
    ],
)
def test_a_refusal(changed: dict[str, Any], flags: dict[str, bool], state: str, delivery: str, ambiguous: bool) -> None:
    outcome = refused(changed, **flags)
    assert (outcome.changes["state"], outcome.changes["ambiguous"]) == (state, ambiguous)
    assert outcome.delivery is not None
    assert outcome.delivery["$set"]["state"] == delivery


def test_a_fault_of_the_channel_is_not_counted_and_leaves_no_delivery() -> None:
    outcome = refused({"attempt": 2}, channel_fault=True)
    assert (outcome.changes["state"], outcome.changes["attempt"]) == ("pending", 1)
    assert outcome.delivery is None


def test_waits_grow_up_to_their_bound() -> None:
    waits = [refused({"attempt": attempt}).changes["sendAfter"] - MONDAY for attempt in (1, 2)]
    assert all(later > earlier for earlier, later in pairwise(waits))
    assert max(waits) <= POLICY.max_backoff


def all_outcomes() -> list[Outcome]:
    flags = [{}, {"permanent": True}, {"ambiguous": True}, {"channel_fault": True}]
    made = [refused({"attempt": n, "channel": c}, **f) for n in (1, 3) for c in ("email", "sms") for f in flags]
    made.append(outcomes.sent(item(), "250", MONDAY, POLICY))
    made.append(outcomes.unrenderable(item(), InvalidDefinition("text", "x"), MONDAY, POLICY))
    made.append(outcomes.handed_back(item(), None))
    return made


@pytest.mark.parametrize("outcome", all_outcomes())
def test_every_outcome_is_a_legal_and_complete_step(outcome: Outcome) -> None:
    state = QueueState(outcome.changes["state"])
    assert state in TRANSITIONS[QueueState.SENDING]
    assert (state in TERMINAL) == (outcome.changes.get("expireAt") is not None)
    assert (state in LIVE) == ("token" in outcome.changes)
    if outcome.delivery is not None:
        assert outcome.delivery["$set"]["expireAt"] == MONDAY + POLICY.keep


@pytest.mark.parametrize(
    ("changes", "state", "attempt", "delivery"),
    [
        ({"attempt": 2}, "pending", 1, None),
        ({"attempt": 3}, "pending", 2, None),
        ({"attempt": 2, "handoffAt": MONDAY}, "pending", None, "unknown"),
        ({"attempt": 3, "handoffAt": MONDAY}, "dead", None, "unknown"),
        ({"channel": "sms", "handoffAt": MONDAY}, "unknown", None, "unknown"),
        ({"attempt": "x"}, "dead", None, None),
    ],
)
def test_a_message_whose_sender_died(
    changes: dict[str, Any], state: str, attempt: int | None, delivery: str | None
) -> None:
    document = {**item().to_document(), **changes}
    release = outcomes.released(document, MONDAY, POLICY)
    assert release.update["$set"]["state"] == state
    assert release.update["$set"].get("attempt") == attempt
    assert (release.delivery and release.delivery["$set"]["state"]) == delivery
    assert release.update["$set"]["token"] is None
