"""Notification templates that render, and scheduled notifications that give them all they need."""

from collections.abc import Collection, Mapping
from typing import Any

from jinja2.defaults import DEFAULT_NAMESPACE

from api.fault_words import REQUIRED
from api.problems import FieldFault
from shared.errors import InvalidDefinition
from shared.models.notification_models import (
    Address,
    Channel,
    NotificationTemplate,
    NotificationTemplateDefinition,
    ScheduledNotificationCreate,
)
from shared.rendering import BUILTIN_VARIABLES, PARTS, check_texts, check_type, undeclared_variables
from shared.schedule.sending_times import follows_recipients

MOST_NAMED = 10


def check_template(definition: NotificationTemplateDefinition) -> None:
    """InvalidDefinition names the text that does not compile, or the variable that nobody declares."""
    check_texts(definition)
    for part in PARTS:
        check_part(definition, part)


def check_part(definition: NotificationTemplateDefinition | NotificationTemplate, part: str) -> None:
    """The same for one text, if there is one."""
    known = {variable.name for variable in definition.variables} | set(BUILTIN_VARIABLES) | set(DEFAULT_NAMESPACE)
    source = getattr(definition, part)
    undeclared = sorted(undeclared_variables(source) - known) if source else []
    if undeclared:
        raise InvalidDefinition(
            part,
            f"uses the variable {undeclared[0]!r}, which is neither declared in `variables` nor built in "
            f"({', '.join(BUILTIN_VARIABLES)})",
            "undeclared_variable",
        )


def missing_texts(given: Mapping[str, Any]) -> list[FieldFault]:
    """The texts that the channels of a template need and that are not there. given: as it was sent, of any shape."""
    channels = given.get("channels")
    wanted = {Channel.EMAIL: ["subject", "text"], Channel.SMS: ["sms"]}
    if given.get("html"):
        wanted[Channel.EMAIL].remove("text")
    parts = [
        part for channel in wanted if isinstance(channels, list) and channel in channels for part in wanted[channel]
    ]
    return [FieldFault(part, "missing", REQUIRED) for part in parts if given.get(part) in (None, "")]


def check_channels(definition: ScheduledNotificationCreate, template: NotificationTemplate) -> None:
    """InvalidDefinition if a channel has no text."""
    missing = [channel.value for channel in definition.channels if channel not in template.channels]
    if missing:
        offered = ", ".join(channel.value for channel in template.channels)
        raise InvalidDefinition(
            "channels", f"the template has no text for {', '.join(missing)}; it has: {offered}", "channel_without_text"
        )


def check_sending(definition: ScheduledNotificationCreate) -> None:
    """InvalidDefinition if the schedule has no wall clock that could be the recipients' own."""
    schedule = definition.schedule
    if not definition.recipient_timezone or follows_recipients(definition, schedule):
        return
    remedy = "write schedule.at without an offset" if schedule.kind == "once" else "use a cron or once schedule"
    raise InvalidDefinition(
        "recipientTimezone", f"an {schedule.kind} schedule of this form names no wall clock; {remedy}", "no_wall_clock"
    )


def check_types(definition: ScheduledNotificationCreate, template: NotificationTemplate) -> None:
    """InvalidDefinition names the first value that has another type than the template declares."""
    for declared in template.variables:
        check_type(declared, definition.variables.get(declared.name))
        for index, address in enumerate(definition.recipients.addresses):
            check_type(declared, address.variables.get(declared.name), f"recipients.addresses.{index}.variables")


def lacking_everywhere(definition: ScheduledNotificationCreate, template: NotificationTemplate) -> list[str]:
    """Required variables without a default or a common value: each recipient must bring them."""
    return [
        variable.name
        for variable in template.variables
        if variable.required and variable.default is None and _absent(definition.variables, variable.name)
    ]


def check_addresses(addresses: list[Address], variables: Collection[str]) -> None:
    """InvalidDefinition names the first variable that one of the addresses does not bring."""
    for variable in variables:
        for index, address in enumerate(addresses):
            known = address.model_dump(include=set(BUILTIN_VARIABLES))
            if _absent(address.variables, variable) and _absent(known, variable):
                raise missing_variable(variable, f"recipients.addresses.{index}")


def missing_variable(variable: str, who: str) -> InvalidDefinition:
    """The fault of a required variable that `who` has no value for."""
    return InvalidDefinition(
        f"variables.{variable}",
        f"the template needs the variable {variable!r}; give it here, or to every recipient ({who} has none)",
        "missing_variable",
    )


def unknown_ids(field: str, what: str, ids: list[str]) -> InvalidDefinition:
    """The fault of ids that name nothing."""
    more = f" and {len(ids) - MOST_NAMED} more" if len(ids) > MOST_NAMED else ""
    return InvalidDefinition(field, f"there is no such {what}: {', '.join(ids[:MOST_NAMED])}{more}", f"unknown_{what}")


def _absent(variables: Mapping[str, Any], name: str) -> bool:
    return variables.get(name) in (None, "")
