"""Which refusals mean that there is no such mailbox."""

import pytest

from scheduler_daemon.notifications.notifiers.hard_bounces import is_hard_bounce


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (550, "5.1.1 The email account that you tried to reach does not exist"),
        (550, "5.1.1 <ada@example.com>: Recipient address rejected: User unknown"),
        (550, "5.1.2 Host unknown"),
        (501, "5.1.3 Bad recipient address syntax"),
        (551, "5.1.6 Mailbox has moved"),
        (556, "5.1.10 Recipient address has null MX"),
        (550, "No such user here"),
        (550, "Unknown user"),
        (553, "sorry, mailbox not found"),
        (550, "Requested action not taken: mailbox unknown"),
        (550, "User doesn't exist"),
    ],
)
def test_a_mailbox_that_does_not_exist(code: int, text: str) -> None:
    assert is_hard_bounce(code, text)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (550, "5.7.1 Message rejected as spam"),
        (550, "5.7.1 no such user may write here"),
        (550, "5.7.13 User account disabled"),
        (552, "5.2.2 Mailbox full"),
        (550, "5.2.1 Mailbox disabled"),
        (550, "5.1.8 Sender address rejected"),
        (550, "5.1.11 not a code that we know"),
        (450, "4.1.1 User unknown for now"),
        (550, "Blocked by policy, unknown reputation"),
        (552, "No such user, and too large"),
        (250, "5.1.1"),
    ],
)
def test_anything_else_may_work_tomorrow(code: int, text: str) -> None:
    assert not is_hard_bounce(code, text)
