"""`idempotency_keys`: which requests came before, and what the first was answered. Kept for a day."""

import uuid
from datetime import datetime, timedelta

from api.store.connection import Connection
from api.store.errors import IdempotencyKeyReused, RequestInFlight, translated
from shared.collections import IDEMPOTENCY_KEYS
from shared.errors import DuplicateDocument
from shared.models.idempotency import IdempotentRequest, StoredAnswer

KEPT = timedelta(hours=24)
GIVEN_UP_AFTER = timedelta(seconds=60)
"""Longer than any request takes: a try that is older and has no answer died with its process."""


class IdempotencyStore:
    """One document per key; only the try that it names may answer or withdraw it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def begin(self, key_id: str, request_hash: str, now: datetime) -> str | StoredAnswer:
        """The name of a new try, whose work may begin; or the answer that the first request got.

        IdempotencyKeyReused: the key came with another request. RequestInFlight: the first is still at work.
        """
        attempt = uuid.uuid4().hex
        request = IdempotentRequest(
            id=key_id, request_hash=request_hash, attempt=attempt, started_at=now, expire_at=now + KEPT
        )
        try:
            with translated():
                self._connection.collection(IDEMPOTENCY_KEYS).insert_one(request.to_document())
        except DuplicateDocument:
            return self._repeated(request)
        return attempt

    @translated()
    def _repeated(self, request: IdempotentRequest) -> str | StoredAnswer:
        collection = self._connection.collection(IDEMPOTENCY_KEYS)
        found = collection.find_one({"_id": request.id})
        if found is None:
            raise RequestInFlight("the first request ended just now without effect")
        first = IdempotentRequest.from_document(found)
        if first.request_hash != request.request_hash:
            raise IdempotencyKeyReused("another request came with this key")
        if first.answer is not None:
            return first.answer
        if first.started_at > request.started_at - GIVEN_UP_AFTER:
            raise RequestInFlight("the first request has no answer yet")
        taken = collection.update_one(
            {"_id": request.id, "attempt": first.attempt, "answer": None},
            {"$set": {"attempt": request.attempt, "startedAt": request.started_at, "expireAt": request.expire_at}},
        )
        if taken.matched_count == 0:
            raise RequestInFlight("another repeat was first")
        return request.attempt

    @translated()
    def answer(self, key_id: str, attempt: str, answer: StoredAnswer) -> None:
        """Keeps the answer for repeats; nothing happens if another try has taken over."""
        self._connection.collection(IDEMPOTENCY_KEYS).update_one(
            {"_id": key_id, "attempt": attempt, "answer": None}, {"$set": {"answer": answer.model_dump(by_alias=True)}}
        )

    @translated()
    def withdraw(self, key_id: str, attempt: str) -> None:
        """The try failed: the key is free again."""
        self._connection.collection(IDEMPOTENCY_KEYS).delete_one({"_id": key_id, "attempt": attempt, "answer": None})
