"""Which refusals of a recipient say that there is no such mailbox, now and for ever. Pure.

By the enhanced status code (RFC 3463, RFC 5248) where the server gives one; an older server's words otherwise. Refusals
by policy (5.7.x), full mailboxes (5.2.2) and disabled ones (5.2.1) are not among them: the address may work tomorrow.
"""

import re

NO_SUCH_MAILBOX = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"})
"""Unknown mailbox, unknown domain, bad syntax, moved without a new address, a null MX."""
_ENHANCED = re.compile(r"\s*([245]\.[0-9]{1,3}\.[0-9]{1,3})(?![0-9.])")
_WORDS = re.compile(
    r"\b(no such (user|mailbox|recipient|address)|(user|mailbox|recipient|address) (is )?(unknown|not found)"
    r"|unknown (user|mailbox|recipient)|(user|mailbox|recipient|address) does(n't| not) exist)\b",
    re.IGNORECASE,
)
_SILENT_CODES = (550, 551, 553)


def is_hard_bounce(code: int, text: str) -> bool:
    """code and text: the server's answer to RCPT or DATA, for the one recipient of the message."""
    if not 500 <= code < 600:
        return False
    enhanced = _ENHANCED.match(text)
    if enhanced is not None:
        return enhanced[1] in NO_SUCH_MAILBOX
    return code in _SILENT_CODES and _WORDS.search(text) is not None
