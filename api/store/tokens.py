"""`api_tokens`. Only hashes are stored."""

from datetime import datetime, timedelta

from pymongo.client_session import ClientSession

from api.store import journal
from api.store.actor import Actor
from api.store.connection import Connection
from api.store.errors import NoSuchDocument, translated
from shared.collections import API_TOKENS
from shared.errors import InvalidDefinition
from shared.indexes import INDEXES
from shared.models.access import ApiToken

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

    @translated()
    def create(self, token: ApiToken, actor: Actor) -> None:
        """Inserts it, on a database that no daemon has prepared yet, too."""
        collection = self._connection.collection(API_TOKENS)
        for index in INDEXES:
            if index.collection == API_TOKENS:
                collection.create_index(list(index.keys), name=index.name, unique=index.unique)
        stored = token.to_document()
        entry = journal.entry(actor, token.created_at, "token.create", API_TOKENS, None, stored)

        def work(session: ClientSession) -> None:
            collection.insert_one(stored, session=session)
            journal.write(self._connection, session, entry)

        self._connection.transaction(work)

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

        def work(session: ClientSession) -> int:
            revoked = 0
            for document in found:
                result = collection.update_one(
                    {"_id": document["_id"], "revokedAt": None}, {"$set": {"revokedAt": now}}, session=session
                )
                if result.modified_count:
                    revoked += 1
                    after = {**document, "revokedAt": now}
                    entry = journal.entry(actor, now, "token.revoke", API_TOKENS, document, after)
                    journal.write(self._connection, session, entry)
            return revoked

        return self._connection.transaction(work)


def _parsed(document: dict[str, object] | None) -> ApiToken | None:
    if document is None:
        return None
    try:
        return ApiToken.from_document(document)
    except InvalidDefinition:
        return None
