"""The one error tree. A class docstring is the sentence that a reader of the error needs.

SchedulerError
├── SettingsError              a setting is missing or wrong; the start stops
├── InvalidDefinition          a document cannot mean anything; carries the field and the remedy
│   └── ScheduleError          ... and the fault is in its schedule
├── StoreError                 MongoDB refused or did not answer
│   ├── StoreUnavailable       ... not reachable now; trying again may help
│   ├── TransactionConflict    ... another writer was first; trying again is right
│   ├── CommitUnknown          ... a commit got no answer; the documents tell what happened
│   ├── DuplicateDocument      ... the identity exists already
│   └── DocumentRefused        ... one document can never be written (too large, not encodable)
├── LeadershipLost             this process may no longer act as the scheduler
├── PluginError                a job template cannot be loaded; the start stops
└── DeliveryError              a provider did not take a message; says whether trying again can help
"""

from datetime import timedelta


class SchedulerError(Exception):
    """Something in Unified Scheduler went wrong."""


class SettingsError(SchedulerError):
    """A setting is missing or wrong."""


class InvalidDefinition(SchedulerError):
    """A definition is wrong. `field` is its dotted path in JSON, `code` a stable word, the text the remedy."""

    def __init__(self, field: str, detail: str, code: str = "invalid") -> None:
        super().__init__(f"{field}: {detail}" if field else detail)
        self.field = field
        self.detail = detail
        self.code = code


class ScheduleError(InvalidDefinition):
    """A schedule is wrong or never fires."""


class StoreError(SchedulerError):
    """MongoDB refused or did not answer."""


class StoreUnavailable(StoreError):
    """MongoDB cannot be reached now."""


class TransactionConflict(StoreError):
    """Another writer was first; the transaction was rolled back whole."""


class CommitUnknown(StoreError):
    """A commit was sent and no answer came: it may or may not have happened."""


class DuplicateDocument(StoreError):
    """A document of this identity exists already."""


class DocumentRefused(StoreError):
    """One document can never be written: too large or not encodable."""


PASSING = (StoreUnavailable, TransactionConflict, CommitUnknown)
"""Store errors after which the same act is right to be tried again."""


class LeadershipLost(SchedulerError):
    """This process may no longer act as the scheduler."""


class PluginError(SchedulerError):
    """A job template cannot be loaded."""


class DeliveryError(SchedulerError):
    """A provider did not take a message.

    permanent: trying the same message again is useless.
    ambiguous: the message may have been taken; only the same message id may be sent again.
    channel_fault: the fault is the channel's (wrong credentials), not the message's.
    suppress: why the address shall get nothing any more (a value of SuppressionReason); "" if it may.
    retry_after: how long the provider asks to wait; None: it does not say.
    """

    def __init__(
        self,
        detail: str,
        *,
        permanent: bool,
        ambiguous: bool = False,
        channel_fault: bool = False,
        suppress: str = "",
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(detail)
        self.permanent = permanent
        self.ambiguous = ambiguous
        self.channel_fault = channel_fault
        self.suppress = suppress
        self.retry_after = retry_after
