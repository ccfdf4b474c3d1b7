"""The Big List of Naughty Strings and the JSON Parsing Test Suite: refused or kept as they are, never a fault."""

import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tests.integration.api.conftest import JOBS, SCHEDULED, TEMPLATES, Caller, job_body, template_body

DATA = Path(__file__).parent / "test_data"
STRINGS: list[str] = json.loads((DATA / "naughty_strings.json").read_text(encoding="utf-8"))
BODIES: list[dict[str, str]] = json.loads((DATA / "json_parsing.json").read_text(encoding="utf-8"))
CREATES = {
    path: f"/api/{path}"
    for path in (
        *("admin/scheduler/jobs", "admin/scheduler/calendars", "admin/tokens", "notifications/scheduled"),
        *("notifications/templates", "notifications/recipients", "notifications/groups", "notifications/suppressions"),
    )
}
SHARE = 4
"""Each field gets every fourth string, the next field the ones after: eight bodies of many fields see all of them."""
REFUSED_ON_PURPOSE = {
    "y_object_duplicated_key.json",  # which of the two would be meant?
    "y_object_duplicated_key_and_value.json",
    "y_object_escaped_null_in_key.json",  # BSON has no such key
}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where a body holds a text."""
    if isinstance(value, str):
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*path, key))


def put(body: Any, path: tuple[Any, ...], text: str) -> None:
    for key in path[:-1]:
        body = body[key]
    body[path[-1]] = text


def at(body: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        body = body[key]
    return body


@pytest.mark.parametrize("path", CREATES.values(), ids=CREATES)
def test_naughty_strings_are_refused_or_come_back_equal(admin: Caller, path: str) -> None:
    operation = admin.get("/api/openapi.json").json["paths"][path]["post"]
    body = operation["requestBody"]["content"]["application/json"]["example"]
    if path == JOBS:
        body = job_body(params={"duration": "1s"}, labels={"team": "crm"})
    if path == SCHEDULED:
        body = {**body, "templateId": admin.created(TEMPLATES, template_body())["id"]}
    fields = list(places(body))
    kept = 0
    for number, text in enumerate(STRINGS):
        given, place = deepcopy(body), fields[number // SHARE % len(fields)]
        if (number + len(path)) % SHARE and place != ("name",):
            continue
        put(given, place, text)
        response = admin.post(path, given)
        assert response.status_code in (200, 201, 400, 422), (place, text, response.text)
        if response.status_code == 201:
            kept += 1
            stored = at(admin.get(response.headers["Location"]).json, place)
            assert stored in (text, text.strip(), text.casefold()), (place, text, stored)
    assert kept or path.endswith("suppressions")


def sent(text: str) -> bytes:
    return text.encode().replace("\ufffd".encode(), b"\xff")


@pytest.mark.parametrize("kind", ["y", "n", "i"])
def test_bodies_of_the_json_suite_are_read_or_refused(admin: Caller, kind: str) -> None:
    cases = [each for each in BODIES if each["name"].startswith(f"{kind}_")]
    assert len(cases) > 30
    for case in cases:
        inside = (
            b'{"name": "x", "template": "noop", "schedule": {"kind": "interval", "every": "5m"}, "params": {"count": '
        )
        body = sent(case["input"]) if kind == "n" else inside + sent(case["input"]) + b"}}"
        response = admin.call("POST", JOBS, data=body, content_type="application/json")
        wanted = {"y": (201, 422), "n": (400,), "i": (201, 400, 422)}[kind]
        if case["name"] in REFUSED_ON_PURPOSE:
            wanted = (400,)
        assert response.status_code in wanted, (case["name"], response.text)
