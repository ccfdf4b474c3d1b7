"""What a message says, made from its queue item and the version that it names. Pure.

The daemon sends it, the API shows it. link: to unsubscribe, as UnsubscribeLinks makes it for this message; None: it has
none.
"""

from shared.errors import InvalidDefinition
from shared.models.notification_models import Attachment, NotificationTemplate
from shared.models.queue import QueueItem
from shared.rendering import RenderedEmail, render_email, render_sms, rendering_context


def email_content(item: QueueItem, template: NotificationTemplate, link: str | None) -> RenderedEmail:
    """InvalidDefinition if a text cannot be rendered with the item's variables, or nothing would be left to send."""
    if not (template.text or template.html):
        raise InvalidDefinition("text", "the template has no text for e-mails", "empty")
    return render_email(template, rendering_context(template, item.variables, link))


def sms_content(item: QueueItem, template: NotificationTemplate, link: str | None) -> str:
    """InvalidDefinition as for an e-mail."""
    text = render_sms(template, rendering_context(template, item.variables, link))
    if not text.strip():
        raise InvalidDefinition("sms", "the text is empty; check the template and its variables", "empty")
    return text


def attachment_name(attachment: Attachment) -> str:
    """How the reader sees the file."""
    return attachment.name or attachment.path.rpartition("/")[2]
