"""A notification template while it is written: its texts, each as far as it can be rendered."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from api.answers.messages import texts_answer
from api.checks.notifications import check_part
from shared.errors import InvalidDefinition
from shared.models.notification_models import Channel, NotificationTemplate, NotificationTemplateDefinition
from shared.rendering import PARTS, check_texts, check_type, render_email, render_sms, rendering_context

_PARTS_OF = {Channel.EMAIL: ("subject", "text", "html"), Channel.SMS: ("sms",)}


def draft_of(definition: NotificationTemplateDefinition, now: datetime) -> NotificationTemplate:
    """The template as it would be stored, for a preview before it is."""
    record = {"_id": "draft:1", "templateId": "draft", "version": 1, "latest": True, "createdAt": now, "createdBy": ""}
    return NotificationTemplate.model_validate({**record, **definition.model_dump(by_alias=True)})


def draft_texts(draft: NotificationTemplate, variables: Mapping[str, Any], link: str | None) -> dict[str, Any]:
    """The texts of its channels; `faults` says why one is missing. A wrong value of a variable counts as none."""
    faults: list[InvalidDefinition] = []
    context = _context(draft, dict(variables), link, faults)
    shown = [part for channel in draft.channels for part in _PARTS_OF[channel] if getattr(draft, part)]
    texts = {part: _text(draft, part, context, faults) for part in PARTS if part in shown}
    answer = texts_answer(None, texts.get("sms"))
    return {
        **answer,
        **texts,
        "faults": [{"field": each.field, "code": each.code, "detail": each.detail} for each in faults],
    }


def _context(
    draft: NotificationTemplate, variables: dict[str, Any], link: str | None, faults: list[InvalidDefinition]
) -> dict[str, Any]:
    for declared in draft.variables:
        try:
            check_type(declared, variables.get(declared.name))
            rendering_context(draft.model_copy(update={"variables": [declared]}), variables)
        except InvalidDefinition as fault:
            faults.append(fault)
            variables[declared.name] = None
    optional = [each.model_copy(update={"required": False}) for each in draft.variables]
    given = {name: value for name, value in variables.items() if value is not None}
    return rendering_context(draft.model_copy(update={"variables": optional}), given, link)


def _text(
    draft: NotificationTemplate, part: str, context: Mapping[str, Any], faults: list[InvalidDefinition]
) -> str | None:
    alone = draft.model_copy(update={**dict.fromkeys(PARTS), part: getattr(draft, part)})
    try:
        check_texts(alone)
        check_part(alone, part)
        if part == "sms":
            return render_sms(alone, context)
        rendered: str | None = getattr(render_email(alone, context), part)
    except InvalidDefinition as fault:
        faults.append(fault)
        return None
    return rendered
