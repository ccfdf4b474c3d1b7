"""Notification texts from templates and variables. Pure; both programs use it.

Precedence, weakest first: BUILTIN_VARIABLES as empty text, the template's declared defaults, the variables of the
scheduled notification, what is known of the recipient (name, email ...), the recipient's stored variables, the
variables written beside an address, the message's own link to unsubscribe.
"""

import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jinja2 import Template, TemplateError, TemplateSyntaxError, UndefinedError, meta

from shared.errors import InvalidDefinition
from shared.models.notification_models import (
    NotificationTemplate,
    NotificationTemplateDefinition,
    TemplateVariable,
)
from shared.sandbox import MOST_CHARACTERS, BoundedEnvironment, TemplateTooGreedy, one_rendering

BUILTIN_VARIABLES: Mapping[str, str] = {
    "name": "name of the recipient",
    "email": "e-mail address of the recipient",
    "phone": "phone number of the recipient",
    "locale": "locale of the recipient, e.g. fr-FR",
    "timezone": "time zone of the recipient, e.g. Europe/Paris",
    "unsubscribe_url": "link that ends such messages; empty in alerts, and unless the settings provide for links",
}
LONGEST_SUBJECT = 2000
PARTS = ("subject", "text", "html", "sms")
_COMPILED_TEMPLATES = 1024
_CONTROL = dict.fromkeys((*range(32), 127), " ")

Texts = NotificationTemplate | NotificationTemplateDefinition

_TEXT = BoundedEnvironment(autoescape=False)
_HTML = BoundedEnvironment(autoescape=True)


@dataclass(frozen=True, slots=True)
class RenderedEmail:
    """What an e-mail says. At least one of text and html is not None."""

    subject: str
    text: str | None
    html: str | None


def check_texts(template: Texts) -> None:
    """InvalidDefinition names the field and the line of the first text that is not a template."""
    for part in PARTS:
        source = getattr(template, part)
        if source:
            _compiled(source, part)


def undeclared_variables(source: str) -> frozenset[str]:
    """The variables that a text takes from outside; InvalidDefinition if it is not a template."""
    try:
        return frozenset(meta.find_undeclared_variables(_TEXT.parse(source)))
    except TemplateSyntaxError as fault:
        raise _syntax_error("", fault) from None


def variables_of_template(template: Texts) -> frozenset[str]:
    """The variables that any of its texts takes from outside."""
    sources = [getattr(template, part) for part in PARTS]
    return frozenset().union(*(undeclared_variables(source) for source in sources if source))


def recipient_variables(
    scheduled: Mapping[str, Any],
    known: Mapping[str, str | None],
    stored: Mapping[str, Any],
    beside_address: Mapping[str, Any],
) -> dict[str, Any]:
    """What one recipient's message is rendered with, without the template's own defaults.

    known: what BUILTIN_VARIABLES name; what is empty there hides nothing.
    """
    present = {name: value for name, value in known.items() if value and name in BUILTIN_VARIABLES}
    return {**scheduled, **present, **stored, **beside_address}


def example_variables(template: Texts) -> dict[str, Any]:
    """The examples of variables that have no default, for a preview."""
    declared = template.variables
    return {each.name: each.example for each in declared if each.example is not None and each.default is None}


def rendering_context(
    template: Texts, variables: Mapping[str, Any], unsubscribe_url: str | None = None
) -> dict[str, Any]:
    """`variables` over the declared defaults, and over all the link of this message, if it has one.

    InvalidDefinition names a required variable that is missing, or one whose value has another type than it declares.
    """
    context: dict[str, Any] = dict.fromkeys(BUILTIN_VARIABLES, "")
    for declared in template.variables:
        check_type(declared, variables.get(declared.name))
        if declared.default is not None:
            context[declared.name] = declared.default
        elif not declared.required:
            context[declared.name] = ""
        elif variables.get(declared.name) in (None, ""):
            raise InvalidDefinition(
                f"variables.{declared.name}", f"the variable {declared.name!r} is required", "missing_variable"
            )
        else:
            context.pop(declared.name, None)
    context.update(variables)
    if unsubscribe_url is not None:
        context["unsubscribe_url"] = unsubscribe_url
    return context


def check_type(declared: TemplateVariable, value: object, field: str = "variables") -> None:
    """InvalidDefinition if the value is of another type. field: where it stands in the definition."""
    if not declared.fits(value):
        raise InvalidDefinition(
            f"{field}.{declared.name}",
            f"the template declares the variable {declared.name!r} as a {declared.type}; this is {_word_for(value)}",
            "variable_type",
        )


def render_subject(template: Texts, context: Mapping[str, Any]) -> str:
    """One line, whatever the variables hold: nothing in it can begin another header."""
    line = one_line(_rendered(template.subject or "", "subject", context))
    if len(line) > LONGEST_SUBJECT:
        raise InvalidDefinition("subject", f"the subject is longer than {LONGEST_SUBJECT} characters", "too_large")
    return line


def render_email(template: Texts, context: Mapping[str, Any]) -> RenderedEmail:
    """InvalidDefinition names the text, the line, and the variable that is missing."""
    return RenderedEmail(
        render_subject(template, context),
        _rendered(template.text, "text", context) if template.text else None,
        _rendered(template.html, "html", context) if template.html else None,
    )


def render_sms(template: Texts, context: Mapping[str, Any]) -> str:
    """The text of a short message, each line end one character; faults as in render_email."""
    return _rendered(template.sms or "", "sms", context).replace("\r\n", "\n")


def check_plain(source: str, field: str) -> None:
    """InvalidDefinition names the field and the line if the text is not a template."""
    _compiled(source, field)


def render_plain(source: str, field: str, context: Mapping[str, Any]) -> str:
    """A text that is no notification, such as the body of a call; faults as in render_email, with the field's name."""
    return _rendered(source, field, context)


def one_line(text: str) -> str:
    """`text` with every run of white space and control characters as one space."""
    return " ".join(text.translate(_CONTROL).split())


@lru_cache(maxsize=_COMPILED_TEMPLATES)
def _compiled(source: str, part: str) -> Template:
    try:
        return _environment(part).from_string(source)
    except TemplateSyntaxError as fault:
        raise _syntax_error(part, fault) from None
    except RecursionError:
        raise InvalidDefinition(part, "the template is nested too deeply", "template_syntax") from None


def _environment(part: str) -> BoundedEnvironment:
    return _HTML if part == "html" else _TEXT


def _syntax_error(part: str, fault: TemplateSyntaxError) -> InvalidDefinition:
    return InvalidDefinition(part, f"line {fault.lineno}: {fault.message}", "template_syntax")


def _rendered(source: str, part: str, context: Mapping[str, Any]) -> str:
    template, environment = _compiled(source, part), _environment(part)
    try:
        with one_rendering():
            text = environment.rendered(template, context)
    except UndefinedError as fault:
        raise InvalidDefinition(part, f"{_place(fault)}{_missing(fault)}", "missing_variable") from None
    except TemplateTooGreedy as fault:
        raise InvalidDefinition(part, f"{_place(fault)}{fault}", "too_large") from None
    except (TemplateError, RecursionError) as fault:
        raise InvalidDefinition(part, f"{_place(fault)}{fault}", "template_error") from None
    except Exception as fault:  # whatever an expression of the template does: 1/0, a wrong type ...
        raise InvalidDefinition(
            part, f"{_place(fault)}{type(fault).__name__}: {str(fault)[:200]}", "template_error"
        ) from None
    if len(text) > MOST_CHARACTERS:
        raise InvalidDefinition(part, f"the text is longer than {MOST_CHARACTERS} characters", "too_large")
    return text if text.isascii() else _whole(text)


def _whole(text: str) -> str:
    """Half a character (an unpaired surrogate, which a template can write) has no form in UTF-8."""
    return text.encode(errors="replace").decode()


def _word_for(value: object) -> str:
    match value:
        case bool():
            return "a boolean"
        case str():
            return "a string"
        case int() | float():
            return "a number"
        case list() | tuple():
            return "a list"
        case dict():
            return "an object"
    return f"a {type(value).__name__}"


def _missing(fault: UndefinedError) -> str:
    return f"{fault.message}; give the variable a value or declare a default"


def _place(fault: BaseException) -> str:
    lines = [frame.lineno for frame in traceback.extract_tb(fault.__traceback__) if frame.filename == "<template>"]
    return f"line {lines[-1]}: " if lines else ""
