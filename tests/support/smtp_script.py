"""What a scripted SMTP server answers instead of the normal reply, and when."""

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

VERBS = ("CONNECT", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "BODY")
"""BODY is the moment after the final dot; the others are the command of that name (CONNECT: the
greeting; EHLO: HELO too)."""


class Deed(Enum):
    """What happens instead of the normal answer."""

    REPLY = "answers with the rule's own text"
    STALL = "never answers"
    DROP = "closes the connection without an answer"
    ACCEPT_AND_DROP = "takes the message into the journal and closes the connection without an answer (BODY only)"


@dataclass
class Rule:
    """One deviation. `recipient` None: any. `times` None: always."""

    verb: str
    deed: Deed
    text: str
    recipient: str | None
    times: int | None


class SmtpScript:
    """The rules of one server; the first that matches applies, and is used up after its `times`."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []
        self._lock = threading.Lock()

    def add(self, verb: str, deed: Deed, text: str, recipient: str | None, times: int | None) -> None:
        """Adds a rule after those that are there."""
        if verb not in VERBS:
            raise ValueError(f"{verb} is none of {VERBS}")
        if deed is Deed.REPLY and not re.match(r"[2-5]\d\d ", text):
            raise ValueError(f"{text!r} is no SMTP reply such as '451 4.3.0 Later'")
        with self._lock:
            self._rules.append(Rule(verb, deed, text, recipient, times))

    def clear(self) -> None:
        """From now on every answer is the normal one."""
        with self._lock:
            self._rules.clear()

    def take(self, verb: str, recipients: Sequence[str]) -> Rule | None:
        """The rule for this moment, counted as used; None: answer normally."""
        with self._lock:
            for rule in self._rules:
                if rule.verb == verb and (rule.recipient is None or rule.recipient in recipients):
                    if rule.times is not None:
                        rule.times -= 1
                        if rule.times <= 0:
                            self._rules.remove(rule)
                    return rule
        return None
