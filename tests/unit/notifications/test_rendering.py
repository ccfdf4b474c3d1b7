"""Rendering: precedence, faults that name their cause, bounds, and nothing that becomes a header."""

import time
from typing import Any

import pytest

from shared.errors import InvalidDefinition
from shared.models.notification_models import NotificationTemplateDefinition
from shared.rendering import (
    check_texts,
    one_line,
    recipient_variables,
    render_email,
    render_sms,
    render_subject,
    rendering_context,
    undeclared_variables,
    variables_of_template,
)


def template(text: str = "x", **changes: Any) -> NotificationTemplateDefinition:
    return NotificationTemplateDefinition.model_validate(
        {"name": "t", "channels": ["email"], "subject": "s", "text": text, **changes}
    )


def text_of(source: str, **variables: Any) -> str | None:
    definition = template(source)
    return render_email(definition, rendering_context(definition, variables)).text


def fault_of(source: str, **variables: Any) -> InvalidDefinition:
    with pytest.raises(InvalidDefinition) as caught:
        text_of(source, **variables)
    return caught.value


def test_what_stands_nearer_to_the_recipient_wins() -> None:
    definition = template(
        "{{ a }} {{ b }} {{ c }} {{ d }} {{ name }}",
        variables=[{"name": each, "default": "default"} for each in ("a", "b", "c", "d", "name")],
    )
    variables = recipient_variables(
        {"b": "scheduled", "c": "scheduled", "d": "scheduled", "name": "everyone"},
        {"name": "Ada", "email": "ada@example.com", "phone": None},
        {"c": "stored", "d": "stored"},
        {"d": "address"},
    )
    rendered = render_email(definition, rendering_context(definition, variables))
    assert rendered.text == "default scheduled stored address Ada"


def test_what_is_not_known_of_the_recipient_hides_no_default() -> None:
    definition = template("Hello {{ name }}", variables=[{"name": "name", "default": "friend"}])
    variables = recipient_variables({}, {"name": "", "email": "a@example.com"}, {}, {})
    assert render_email(definition, rendering_context(definition, variables)).text == "Hello friend"


def test_builtin_variables_are_always_there() -> None:
    assert text_of("[{{ name }}{{ email }}{{ phone }}{{ locale }}{{ timezone }}]") == "[]"


def test_a_declared_variable_without_a_value_is_empty() -> None:
    definition = template("[{{ city }}]", variables=[{"name": "city"}])
    assert render_email(definition, rendering_context(definition, {})).text == "[]"


def test_a_required_variable_is_asked_for_by_name() -> None:
    definition = template("{{ city }}", variables=[{"name": "city", "required": True}])
    with pytest.raises(InvalidDefinition) as caught:
        rendering_context(definition, {})
    assert (caught.value.field, caught.value.code) == ("variables.city", "missing_variable")


@pytest.mark.parametrize(
    ("source", "code", "words"),
    [
        ("a\nb {{ nmae }}", "missing_variable", "line 2: 'nmae' is undefined"),
        ("{{ name.first }}", "missing_variable", "first"),
        ("{% if %}", "template_syntax", "line 1"),
        ("{{ 1 / 0 }}", "template_error", "line 1: ZeroDivisionError"),
        ("{{ ''.__class__.__mro__ }}", "template_error", "unsafe"),
        ("{{ items.append(1) }}", "template_error", "unsafe"),
        ("{% include 'x' %}", "template_error", "loader"),
        ("{{ 'x' * 10**7 }}", "too_large", "1000000 characters"),
        ("{% for i in range(2000) %}{{ 'x' * 1000 }}{% endfor %}", "too_large", "1000000 characters"),
        ("{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}", "too_large", "steps"),
        (
            "{% for a in many %}{% for b in many %}{% for c in many %}{% endfor %}{% endfor %}{% endfor %}",
            "too_large",
            "steps",
        ),
        ("{% macro m(n) %}{{ m(n - 1) ~ m(n - 1) if n }}{% endmacro %}{{ m(40) }}", "too_large", "steps"),
        ("{% set x = 'xxxxxxxx' %}" + "{% set x = x ~ x %}" * 40, "too_large", "characters"),
        ("{% set x = 'xxxxxxxx' %}" + "{% set x = x + x %}" * 40, "too_large", "characters"),
        ("{% set x %}xxxxxxx{% endset %}" + "{% set x %}{{ x }}{{ x }}{% endset %}" * 40, "too_large", "characters"),
        ("{{ '%99999999d' % 1 }}", "too_large", "format"),
        ("{{ 'x'.ljust(999999999) }}", "too_large", "number"),
        ("{{ 9 ** 99999 }}", "too_large", "number"),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "template_error", "recursion"),
    ],
)
def test_a_fault_names_its_place_and_its_cause(source: str, code: str, words: str) -> None:
    began = time.monotonic()
    fault = fault_of(source, items=[], many=list(range(500)))
    assert (fault.field, fault.code) == ("text", code)
    assert words in fault.detail
    assert time.monotonic() - began < 5


def test_each_rendering_has_its_own_budget() -> None:
    source = "{% for i in range(60000) %}{% endfor %}ok"
    assert [text_of(source) for _ in range(5)] == ["ok"] * 5


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{% for i in range(3) %}{{ loop.index }}/{{ loop.length }} {% endfor %}", "1/3 2/3 3/3 "),
        ("{% for key, value in pairs.items() %}{{ key ~ '=' ~ value }}{% else %}none{% endfor %}", "a=1"),
        ("{% for i in [] %}x{% else %}none{% endfor %}", "none"),
        ("{{ '%s and %s' % ('a', 'b') }}", "a and b"),
        ("line\n", "line\n"),
    ],
)
def test_ordinary_templates_are_not_hindered(source: str, expected: str) -> None:
    assert text_of(source, pairs={"a": 1}) == expected


def test_html_is_escaped_and_text_is_not() -> None:
    definition = template("{{ n }}", html="<p>{{ n }}{{ '&' ~ n }}</p>")
    rendered = render_email(definition, rendering_context(definition, {"n": "<b>"}))
    assert (rendered.text, rendered.html) == ("<b>", "<p>&lt;b&gt;&amp;&lt;b&gt;</p>")


def test_a_subject_is_one_line() -> None:
    definition = template(subject="Hello {{ name }}")
    context = rendering_context(definition, {"name": "Ada\r\nBcc: all@example.com\u2028\x0bx\x00"})
    assert render_subject(definition, context) == "Hello Ada Bcc: all@example.com x"


def test_a_subject_has_a_bound() -> None:
    definition = template(subject="{{ 'x' * 3000 }}")
    with pytest.raises(InvalidDefinition, match="subject"):
        render_subject(definition, {})


def test_a_short_message_is_rendered_as_it_is() -> None:
    definition = template(channels=["sms"], sms="Code {{ code }}")
    assert render_sms(definition, rendering_context(definition, {"code": "<1>"})) == "Code <1>"


def test_a_line_break_of_a_short_message_is_one_character() -> None:
    assert render_sms(template(channels=["sms"], sms="a{{ x }}b"), {"x": "\r\n"}) == "a\nb"


def test_half_a_character_becomes_one_that_can_be_sent() -> None:
    half = "{{ '\\ud83d' }} é 😀"
    assert text_of(half) == "? é 😀"
    assert render_subject(template(subject=half), {}) == "? é 😀"
    assert render_sms(template(channels=["sms"], sms=half), {}) == "? é 😀"


def test_a_text_is_checked_before_it_is_used() -> None:
    check_texts(template("{{ whatever }}"))
    with pytest.raises(InvalidDefinition) as caught:
        check_texts(template("fine", html="<p>\n{{ oops </p>"))
    assert (caught.value.field, caught.value.code) == ("html", "template_syntax")
    assert "line 2" in caught.value.detail


def test_variables_that_come_from_outside_are_listed() -> None:
    source = "{{ a }}{% for x in b %}{{ x ~ c }}{% endfor %}{% set z = 1 %}{{ z }}"
    assert undeclared_variables(source) == {"a", "b", "c"}
    assert variables_of_template(template("{{ a }}", subject="{{ b }}")) == {"a", "b"}
    with pytest.raises(InvalidDefinition):
        undeclared_variables("{{")


@pytest.mark.parametrize(("text", "expected"), [("a\tb", "a b"), ("  a  ", "a"), ("\x7f", ""), ("a\u0085b", "a b")])
def test_one_line(text: str, expected: str) -> None:
    assert one_line(text) == expected


@pytest.mark.parametrize(
    "source",
    [
        "{{ 'a'|center(900000000) }}",
        "{{ x|center(900000000) }}",
        "{{ x|indent(900000000) }}",
        "{{ ('a' * 900000)|replace('a', 'b' * 900000) }}",
        "{{ [1, 2]|batch(900000000, 'x')|list }}",
        "{{ x|indent('y' * 900000) }}",
        "{{ range(1000)|join('y' * 900000) }}",
        "{{ 1.5|round(900000000) }}",
    ],
)
def test_no_single_filter_may_take_the_machine(source: str) -> None:
    began = time.perf_counter()
    assert (
        "is given to the filter" in fault_of(source, x="a\nb").detail
        or "grows beyond" in fault_of(source, x="a").detail
    )
    assert time.perf_counter() - began < 5  # a bound against hanging, not a measurement


def test_constants_are_not_computed_when_a_template_is_compiled() -> None:
    check_texts(template("{{ 'a'|center(900000000) }}"))


def test_ordinary_filters_work_as_ever() -> None:
    assert text_of(
        "{{ x|center(5) }}|{{ [1, 2]|join(', ') }}|{{ x|replace('a', 'b') }}|{{ 2.345|round(1) }}", x="a"
    ) == ("  a  |1, 2|b|2.3")


def test_printf_formats_are_left_to_the_bounded_operator() -> None:
    with pytest.raises(InvalidDefinition, match="format"):
        check_texts(template("{{ '%99999999999d'|format(1) }}"))
