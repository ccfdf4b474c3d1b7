"""`api_tokens`. Only hashes are stored."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from pymongo.client_session import ClientSession

from api.store import journal
from api.store.actor import Actor
from api.store.connection import Connection
from api.store.errors import NoSuchDocument, RevisionMismatch, translated
from api.store.ids import by_id
from api.store.insertion import insert_once
from api.store.pages import Page, read_page
from shared.collections import API_TOKENS
from shared.errors import InvalidDefinition
from shared.indexes import INDEXES
from shared.models.access import ApiToken
from shared.queries.keyset import Position
from shared.queries.revisions import etag, etag_matches

USE_NOTED_EVERY = timedelta(minutes=1)
MOST_TOKENS = 1000


class TokenStore:
    """Tokens of the API."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @translated()
    def find_by_hash(self, token_hash: str) -> ApiToken | None:
        """The token of that hash, revoked and expired ones too; None if there is none that can be read."""
        return _parsed(self._connection.collection(API_TOKENS).find_one({"tokenHash": token_hash}))

    @translated()
    def note_use(self, token: ApiToken, now: datetime) -> None:
        """Sets lastUsedAt, at most once a minute; of many callers at once one writes."""
        if token.last_used_at is not None and now - token.last_used_at < USE_NOTED_EVERY:
            return
        self._connection.collection(API_TOKENS).update_one(
            {"_id": token.id, "lastUsedAt": token.last_used_at}, {"$set": {"lastUsedAt": now}}
        )

    def create(self, token: ApiToken, actor: Actor, request_hash: str | None = None) -> dict[str, Any]:
        """The inserted token, or the one that the same request made; on a database without indexes, too."""
        self._ensure_indexes()
        stored = token.to_document()
        entry = journal.entry(actor, token.created_at, "token.create", API_TOKENS, None, stored)
        return insert_once(self._connection, API_TOKENS, stored, entry, request_hash)

    @translated()
    def _ensure_indexes(self) -> None:
        collection = self._connection.collection(API_TOKENS)
        for index in INDEXES:
            if index.collection == API_TOKENS:
                collection.create_index(list(index.keys), name=index.name, unique=index.unique)

    @translated()
    def find(self, token_id: str) -> dict[str, Any]:
        """The token as stored; NoSuchDocument if there is none."""
        found = self._connection.collection(API_TOKENS).find_one(by_id(token_id))
        if found is None:
            raise NoSuchDocument(token_id)
        return found

    def page(self, limit: int, position: Position | None) -> Page:
        """The newest first, also those that are of no use any more."""
        return read_page(self._connection, API_TOKENS, {}, "createdAt", limit, position)

    @translated()
    def all(self) -> list[ApiToken]:
        """The newest first."""
        found = self._connection.collection(API_TOKENS).find({}).sort("createdAt", -1).limit(MOST_TOKENS)
        return [token for document in found if (token := _parsed(document)) is not None]

    @translated()
    def revoke(self, id_or_name: str, actor: Actor, now: datetime) -> int:
        """How many tokens were revoked just now: the one of this id, or all of this name; NoSuchDocument: none."""
        collection = self._connection.collection(API_TOKENS)
        found = list(collection.find({"$or": [{"_id": id_or_name}, {"name": id_or_name}]}).limit(MOST_TOKENS))
        if not found:
            raise NoSuchDocument(id_or_name)
        return self._revoke(found, actor, now)

    @translated()
    def revoke_one(self, token_id: str, if_match: str, actor: Actor, now: datetime) -> None:
        """Revokes the token of this id; nothing changes if it is revoked already."""
        seen = self.find(token_id)
        if not etag_matches(if_match, token_revision(seen)):
            raise RevisionMismatch(etag(token_revision(seen)))
        self._revoke([seen], actor, now)

    def _revoke(self, found: Sequence[dict[str, Any]], actor: Actor, now: datetime) -> int:
        def work(session: ClientSession) -> int:
            revoked = 0
            for document in found:
                result = self._connection.collection(API_TOKENS).update_one(
                    {"_id": document["_id"], "revokedAt": None}, {"$set": {"revokedAt": now}}, session=session
                )
                if result.modified_count:
                    revoked += 1
                    after = {**document, "revokedAt": now}
                    entry = journal.entry(actor, now, "token.revoke", API_TOKENS, document, after)
                    journal.write(self._connection, session, entry)
            return revoked

        return self._connection.transaction(work)


def token_revision(stored: Mapping[str, Any]) -> int:
    """A token changes once: it is revoked."""
    return 1 if stored.get("revokedAt") is None else 2


def _parsed(document: dict[str, object] | None) -> ApiToken | None:
    if document is None:
        return None
    try:
        return ApiToken.from_document(document)
    except InvalidDefinition:
        return None
