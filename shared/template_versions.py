"""Versions of notification templates that messages are made from. Pure; both programs read them the same way."""

from collections.abc import Mapping
from typing import Any

from shared.clock import EPOCH
from shared.errors import InvalidDefinition
from shared.models.notification_models import Channel, NotificationTemplate
from shared.rendering import check_texts

ALERT_TEMPLATE = NotificationTemplate(
    id="builtin_job_alert:1",
    template_id="builtin_job_alert",
    version=1,
    latest=True,
    name="Job alert",
    channels=[Channel.EMAIL, Channel.SMS],
    subject="{{ subject }}",
    text="{{ text }}",
    sms="{{ sms }}",
    created_at=EPOCH,
    created_by="built in",
)
"""The texts are made when a notice is queued, so this version suits the notices of every version of the program."""

_BUILT_IN = {(each.template_id, each.version): each for each in (ALERT_TEMPLATE,)}


def built_in_version(template_id: str, version: int) -> NotificationTemplate | None:
    """A version that is in no database; None if it is not one of those."""
    return _BUILT_IN.get((template_id, version))


def stored_version(template_id: str, version: int, document: Mapping[str, Any] | None) -> NotificationTemplate:
    """The version of that document. InvalidDefinition if there is no document, or it is not a template."""
    if document is None:
        raise InvalidDefinition("templateId", f"template {template_id} has no version {version}", "missing_template")
    try:
        template = NotificationTemplate.from_document(document)
        check_texts(template)
    except InvalidDefinition as fault:
        raise InvalidDefinition("templateId", f"the template is malformed: {fault}", "bad_template") from None
    return template
