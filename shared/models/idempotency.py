"""A request that carries an Idempotency-Key, and its first answer. `idempotency_keys`."""

from pydantic import Field

from shared.models.base import Document, Moment, Part


class StoredAnswer(Part):
    """What the first request was answered. body None: it held a secret, which is shown once and stored nowhere."""

    status: int
    headers: dict[str, str]
    body: str | None


class IdempotentRequest(Document):
    """Written before the work. The id is made of token, method, path and key.

    attempt: names the try that is at work, or was when its process died; only it may write the answer.
    """

    id: str = Field(alias="_id")
    request_hash: str
    attempt: str
    started_at: Moment
    answer: StoredAnswer | None = None
    expire_at: Moment
