"""Versions of notification templates, kept in memory: a version never changes."""

from collections import OrderedDict

from scheduler_daemon.store.notification_templates import NotificationTemplateStore
from shared.errors import InvalidDefinition
from shared.models.notification_models import NotificationTemplate, ScheduledNotification
from shared.template_versions import built_in_version, stored_version

MOST_KEPT = 256


class TemplateVersions:
    """Answers with validated versions."""

    def __init__(self, store: NotificationTemplateStore) -> None:
        self._store = store
        self._kept: OrderedDict[tuple[str, int], NotificationTemplate] = OrderedDict()

    async def of(self, scheduled: ScheduledNotification) -> NotificationTemplate:
        """The version that its messages are made from now; InvalidDefinition also if a channel has no text in it."""
        version = scheduled.template_version
        if isinstance(version, int):
            template = await self.get(scheduled.template_id, version)
        else:
            template = await self.newest(scheduled.template_id)
        lacking = [channel.value for channel in scheduled.channels if channel not in template.channels]
        if lacking:
            raise InvalidDefinition("channels", f"the template has no text for {', '.join(lacking)}", "channel")
        return template

    async def newest(self, template_id: str) -> NotificationTemplate:
        """The version that is the newest now; InvalidDefinition if the template is gone."""
        version = await self._store.newest(template_id)
        if version is None:
            raise InvalidDefinition("templateId", f"there is no template {template_id} any more", "missing_template")
        return await self.get(template_id, version)

    async def get(self, template_id: str, version: int) -> NotificationTemplate:
        """InvalidDefinition if there is no such version, or it is not a template."""
        built_in = built_in_version(template_id, version)
        if built_in is not None:
            return built_in
        key = (template_id, version)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        template = stored_version(template_id, version, await self._store.version(template_id, version))
        self._kept[key] = template
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return template
