"""`notification_templates`: every save is a new version; the versions that are in use stay readable."""

from datetime import datetime
from typing import Any

from pymongo.client_session import ClientSession

from api.store import journal
from api.store.actor import Actor
from api.store.connection import Connection
from api.store.errors import NoSuchDocument, RevisionMismatch, translated
from api.store.insertion import insert_once
from api.store.managed import mark_fields, refuse_foreign_change
from api.store.pages import Page, contains, read_page
from shared.clock import Clock
from shared.collections import NOTIFICATION_TEMPLATES
from shared.errors import DuplicateDocument, TransactionConflict
from shared.models.notification_models import NotificationTemplate, NotificationTemplateDefinition
from shared.queries.keyset import Position
from shared.queries.revisions import etag, etag_matches, next_revision

_LATEST: dict[str, Any] = {"latest": True, "deletedAt": None}
IN_A_CATEGORY: dict[str, Any] = {**_LATEST, "category": {"$gt": ""}}
MOST_TRIES = 5


class NotificationTemplateStore:
    """Notification templates and their versions."""

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock

    @translated()
    def find(self, template_id: str, version: int | None = None, *, deleted_too: bool = False) -> dict[str, Any]:
        """The latest version, or that one; NoSuchDocument if there is none, or the template was deleted."""
        which = {"latest": True} if version is None else {"version": version}
        present = {} if deleted_too else {"deletedAt": None}
        found = self._connection.collection(NOTIFICATION_TEMPLATES).find_one(
            {"templateId": template_id, **which, **present}
        )
        if found is None:
            raise NoSuchDocument(template_id)
        return found

    def page(self, limit: int, position: Position | None, name: str | None = None, category: str | None = None) -> Page:
        """The latest version of each, the newest template first. name: a part of it."""
        conditions = dict(_LATEST)
        if name is not None:
            conditions["name"] = contains(name)
        if category is not None:
            conditions["category"] = category
        return read_page(self._connection, NOTIFICATION_TEMPLATES, conditions, "createdAt", limit, position)

    @translated()
    def categories(self) -> list[str]:
        """Those that have a template, in order; the empty one is none. Walks the index `by_category`."""
        collection = self._connection.collection(NOTIFICATION_TEMPLATES)
        return sorted(each for each in collection.distinct("category", IN_A_CATEGORY) if isinstance(each, str))

    def versions(self, template_id: str, limit: int, position: Position | None) -> Page:
        """Of one template, the newest first."""
        return read_page(
            self._connection, NOTIFICATION_TEMPLATES, {"templateId": template_id}, "version", limit, position
        )

    def create(
        self,
        template_id: str,
        definition: NotificationTemplateDefinition,
        actor: Actor,
        request_hash: str | None = None,
    ) -> dict[str, Any]:
        """Version 1, or what the same request made before."""
        now = self._clock.now()
        stored = _version(template_id, 1, definition, actor, now, now, actor.name) | mark_fields(actor)
        entry = journal.entry(actor, now, "notification_template.create", NOTIFICATION_TEMPLATES, None, stored)
        return insert_once(self._connection, NOTIFICATION_TEMPLATES, stored, entry, request_hash)

    def save(
        self, template_id: str, if_match: str | None, definition: NotificationTemplateDefinition, actor: Actor
    ) -> dict[str, Any]:
        """The new version. Without If-Match a save that lost a race becomes the version after."""
        for _ in range(MOST_TRIES):
            seen = self.find(template_id)
            _refuse_mismatch(if_match, seen)
            refuse_foreign_change(seen, actor)
            try:
                saved = self._replace_latest(seen, definition, actor)
            except DuplicateDocument:
                continue  # another save made this version first
            if saved is not None:
                return saved
        raise TransactionConflict(f"{template_id} keeps being changed by others")

    @translated()
    def _replace_latest(
        self, seen: dict[str, Any], definition: NotificationTemplateDefinition, actor: Actor
    ) -> dict[str, Any] | None:
        now = self._clock.now()
        created_at, created_by = seen.get("createdAt"), seen.get("createdBy")
        stored = _version(
            seen["templateId"],
            next_revision(seen.get("version")),
            definition,
            actor,
            now,
            created_at if isinstance(created_at, datetime) else now,
            created_by if isinstance(created_by, str) else actor.name,
        )
        stored |= mark_fields(actor, seen)
        entry = journal.entry(
            actor, now, "notification_template.save", NOTIFICATION_TEMPLATES, seen, {**stored, "_id": seen["_id"]}
        )

        def work(session: ClientSession) -> dict[str, Any] | None:
            collection = self._connection.collection(NOTIFICATION_TEMPLATES)
            result = collection.update_one(
                {"_id": seen["_id"], **_LATEST}, {"$set": {"latest": False}}, session=session
            )
            if result.matched_count == 0:
                return None
            collection.insert_one(stored, session=session)
            journal.write(self._connection, session, entry)
            return stored

        return self._connection.transaction(work)

    @translated()
    def delete(self, template_id: str, if_match: str | None, actor: Actor) -> None:
        """Hides all versions. Scheduled notifications that pinned one keep it."""
        seen = self.find(template_id)
        _refuse_mismatch(if_match, seen)
        refuse_foreign_change(seen, actor)
        now = self._clock.now()
        entry = journal.entry(
            actor, now, "notification_template.delete", NOTIFICATION_TEMPLATES, seen, {**seen, "deletedAt": now}
        )

        def work(session: ClientSession) -> bool:
            collection = self._connection.collection(NOTIFICATION_TEMPLATES)
            fence = collection.update_one(
                {"_id": seen["_id"], **_LATEST}, {"$set": {"deletedAt": now}}, session=session
            )
            if fence.matched_count == 0:
                return False
            collection.update_many(
                {"templateId": template_id, "deletedAt": None}, {"$set": {"deletedAt": now}}, session=session
            )
            journal.write(self._connection, session, entry)
            return True

        if not self._connection.transaction(work):
            raise TransactionConflict(f"{template_id} was changed at the same time")


def _refuse_mismatch(if_match: str | None, seen: dict[str, Any]) -> None:
    if not etag_matches(if_match, seen.get("version")):
        raise RevisionMismatch(etag(seen.get("version")))


def _version(
    template_id: str,
    version: int,
    definition: NotificationTemplateDefinition,
    actor: Actor,
    now: datetime,
    created_at: datetime,
    created_by: str,
) -> dict[str, Any]:
    return NotificationTemplate.model_validate(
        {
            **definition.model_dump(),
            "id": f"{template_id}:{version}",
            "template_id": template_id,
            "version": version,
            "latest": True,
            "created_at": created_at,
            "created_by": created_by,
            "updated_at": now,
            "updated_by": actor.name,
        }
    ).to_document()
