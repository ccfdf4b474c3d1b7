"""What a message says: whatever is stored, it is a text or a fault that names its place."""

from typing import Any

import pytest

from shared.errors import InvalidDefinition
from shared.message_content import attachment_name, email_content, sms_content
from shared.models.notification_models import Attachment, NotificationTemplate
from shared.models.queue import QueueItem
from shared.rendering import RenderedEmail
from shared.template_versions import ALERT_TEMPLATE, built_in_version, stored_version
from tests.support.documents import MONDAY


def template(**texts: Any) -> NotificationTemplate:
    return NotificationTemplate.from_document(
        {
            "_id": "t:1", "templateId": "t", "version": 1, "latest": True, "name": "T", "channels": ["email", "sms"],
            "createdAt": MONDAY, "createdBy": "test", **texts,
        }
    )  # fmt: skip


def item(**variables: Any) -> QueueItem:
    return QueueItem.from_document(
        {
            "_id": "i", "occurrence": MONDAY, "channel": "email", "recipient": {"address": "ada@example.com"},
            "templateId": "t", "templateVersion": 1, "variables": variables, "state": "pending", "sendAfter": MONDAY,
            "messageId": "<i@h>", "createdAt": MONDAY,
        }
    )  # fmt: skip


def test_both_channels_are_rendered_with_the_values_of_the_item_and_the_link() -> None:
    texts = template(
        subject="To {{ name }}", html="<a href='{{ unsubscribe_url }}'>{{ name }}</a>", sms="Hi {{ name }}"
    )
    assert email_content(item(name="A<"), texts, "https://x/u") == RenderedEmail(
        "To A<", None, "<a href='https://x/u'>A&lt;</a>"
    )
    assert sms_content(item(name="A<"), texts, None) == "Hi A<"


def test_an_email_without_any_body_is_refused() -> None:
    with pytest.raises(InvalidDefinition, match="no text for e-mails"):
        email_content(item(), template(subject="Hello", sms="Hello"), None)


@pytest.mark.parametrize("text", [None, "", " \n", "{{ name }}"])
def test_a_short_message_that_would_be_empty_is_refused(text: str | None) -> None:
    with pytest.raises(InvalidDefinition, match="empty"):
        sms_content(item(), template(sms=text), None)


def test_a_variable_that_does_not_fit_is_named() -> None:
    declared = template(text="{{ price }}", variables=[{"name": "price", "type": "number"}])
    with pytest.raises(InvalidDefinition, match=r"variables\.price"):
        email_content(item(price="much"), declared, None)


def test_a_file_is_named_as_its_reader_sees_it() -> None:
    assert attachment_name(Attachment(path="prices/2026.pdf", name="Prices.pdf")) == "Prices.pdf"
    assert attachment_name(Attachment(path="prices/2026.pdf")) == "2026.pdf"


def test_the_text_of_alerts_is_in_no_database() -> None:
    assert built_in_version("builtin_job_alert", 1) is ALERT_TEMPLATE
    assert built_in_version("builtin_job_alert", 2) is None


SOUND = template(subject="Hello", text="Hello").to_document()


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (None, "missing_template"),
        ({"templateId": "t"}, "bad_template"),
        ({**SOUND, "text": "{% if %}"}, "bad_template"),
        ({**SOUND, "channels": 5}, "bad_template"),
    ],
)
def test_a_version_that_is_gone_or_damaged_is_told_so(document: dict[str, Any] | None, code: str) -> None:
    with pytest.raises(InvalidDefinition) as caught:
        stored_version("t", 1, document)
    assert (caught.value.field, caught.value.code) == ("templateId", code)
