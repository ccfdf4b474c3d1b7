"""The OpenAPI document: complete, as it was reviewed, with examples that fit; and the page made from it."""

import inspect
import json
from difflib import unified_diff
from pathlib import Path
from typing import Any

import pytest
from flask_openapi.openapi import OpenAPI
from jsonschema import Draft202012Validator

from api import create_app
from api.contract.document import install, openapi
from tests.support.contract import check_json
from tests.support.environment import ROOT, ExplicitSettings

SNAPSHOT = Path(ROOT) / "tests/unit/api/openapi.json"
RENEW = "python -m tests.unit.api.renew_openapi"


@pytest.fixture(scope="module")
def app() -> OpenAPI:
    return create_app(ExplicitSettings(mongodb_uri="mongodb://127.0.0.1:1/"))


@pytest.fixture(scope="module")
def document(app: OpenAPI) -> dict[str, Any]:
    return openapi(app)


def written(document: dict[str, Any]) -> str:
    """One form, so that a review shows what changed and nothing else."""
    return json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def test_the_document_is_the_one_that_was_reviewed(document: dict[str, Any]) -> None:
    before, now = SNAPSHOT.read_text(encoding="utf-8").splitlines(), written(document).splitlines()
    changes = "\n".join(unified_diff(before, now, "reviewed", "now", lineterm="", n=2))
    assert not changes, f"the contract has changed. If that is meant: {RENEW}\n{changes[:5000]}"


def test_every_operation_says_what_it_answers_and_how_it_refuses(document: dict[str, Any]) -> None:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            statuses = operation["responses"]
            assert any(status.startswith("2") for status in statuses), (method, path)
            assert "503" in statuses
            assert ("401" in statuses) == ("security" in operation), (method, path)
            assert operation["summary"]
            assert operation["tags"]


def test_every_json_body_has_an_example_and_each_example_fits(document: dict[str, Any]) -> None:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {})
            if "application/json" in content:
                assert "example" in content["application/json"], (method, path)
            for answer in operation["responses"].values():
                content |= answer.get("content", {})
            for each in content.values():
                if "example" in each:
                    check_json(document, each["schema"], each["example"])


def test_every_reference_leads_to_a_component_and_every_schema_is_one(document: dict[str, Any]) -> None:
    def references(value: Any) -> list[str]:
        if isinstance(value, dict):
            own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
            return own + [each for inner in value.values() for each in references(inner)]
        return [each for inner in value for each in references(inner)] if isinstance(value, list) else []

    for reference in set(references(document)):
        found = document
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_a_view_that_does_not_say_what_it_answers_is_no_part_of_an_api(
    app: OpenAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(app.view_functions["jobs.list_jobs"], "declared_answers")
    with pytest.raises(RuntimeError, match=r"jobs\.list_jobs"):
        install(app)


def test_the_page_shows_every_operation_and_schema_without_script_or_foreign_address(
    app: OpenAPI, document: dict[str, Any]
) -> None:
    client = app.test_client()
    page = client.get("/api/docs")
    assert page.status_code == 200
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    text = page.text
    assert "<script" not in text
    assert "style=" not in text
    assert "//" not in text.replace("&#34;", "").partition("<nav")[0]
    for methods in document["paths"].values():
        for operation in methods.values():
            assert f'id="{operation["operationId"]}"' in text
    for name in document["components"]["schemas"]:
        assert f'id="schema-{name}"' in text
    assert client.get("/api/docs/style.css").mimetype == "text/css"


def test_the_schema_of_a_query_is_made_once_and_not_at_every_request(app: OpenAPI) -> None:
    views = [inspect.unwrap(view) for view in app.view_functions.values()]
    queries = {view.__annotations__["query"] for view in views if "query" in view.__annotations__}
    assert len(queries) > 10
    for query in queries:
        assert query.model_json_schema() is query.model_json_schema(), query
