"""Links to unsubscribe: only ours are obeyed, and they say whom they are about."""

import pytest

from shared.models.notification_models import Channel
from shared.models.queue import QueueItem, QueueRecipient, QueueState
from shared.queries.suppressions import Subject
from shared.unsubscribe import UnsubscribeLinks
from tests.support.documents import MONDAY

LINKS = UnsubscribeLinks("https://notify.example.com", "a key of sixteen characters")
SUBJECTS = [
    Subject(Channel.EMAIL, "ada@example.com", "news"),
    Subject(Channel.EMAIL, "ada@example.com", None),
    Subject(Channel.EMAIL, "Ädä+tag@bücher.example", "Angebote & <mehr>"),
    Subject(Channel.SMS, "+33123456789", None),
    Subject(Channel.EMAIL, f"{'a' * 64}@{'b' * 250}.example", "c" * 100),
]


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_link_is_read_back(subject: Subject) -> None:
    url = LINKS.url(subject)
    assert url.startswith("https://notify.example.com/unsubscribe/")
    assert len(url) < 950, "it must fit into a line of a mail's header"
    assert url.isascii()
    assert LINKS.subject(url.rpartition("/")[2]) == subject


def test_a_forged_or_foreign_link_is_none() -> None:
    token = LINKS.url(SUBJECTS[0]).rpartition("/")[2]
    payload, _, signature = token.partition(".")
    other = LINKS.url(SUBJECTS[1]).rpartition("/")[2]
    forged = [
        "",
        ".",
        payload,
        f"{payload}.",
        f"{payload}.AAAA",
        f"{other.partition('.')[0]}.{signature}",
        f"{payload}.{signature[:-2]}",
        f"{token}.x",
        "é.é",
        "a" * 5000,
    ]
    assert [LINKS.subject(each) for each in forged] == [None] * len(forged)
    assert UnsubscribeLinks("https://notify.example.com", "another key of the house").subject(token) is None


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_stand_in_is_as_long_as_the_link_and_takes_nobody_off(subject: Subject) -> None:
    item = item_of(subject, scheduled_notification_id="wave")
    link, stand_in = LINKS.of_message(item), LINKS.stand_in(item)
    assert link == LINKS.url(subject)
    assert stand_in is not None
    assert len(stand_in) == len(link)
    assert stand_in.startswith("https://notify.example.com/unsubscribe/hiddenx")
    assert LINKS.subject(stand_in.rpartition("/")[2]) is None


def test_an_alert_of_a_job_has_no_link_and_nothing_stands_for_it() -> None:
    assert LINKS.stand_in(item_of(SUBJECTS[0], job_id="job")) is None


def item_of(subject: Subject, **source: str) -> QueueItem:
    return QueueItem(
        id="item",
        occurrence=MONDAY,
        channel=subject.channel,
        recipient=QueueRecipient(address=subject.address),
        template_id="welcome",
        template_version=1,
        category=subject.category,
        state=QueueState.PENDING,
        send_after=MONDAY,
        message_id="<item@localhost>",
        created_at=MONDAY,
        **source,
    )


def test_one_click_needs_https() -> None:
    assert LINKS.one_click
    assert not UnsubscribeLinks("http://notify.example.com", "key").one_click
