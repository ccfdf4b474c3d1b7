"""docs/api.md keeps up with the code."""

from pathlib import Path

from api import create_app
from api.answers.alarms import AlarmCode
from api.problems import ProblemCode
from tests.support.environment import ROOT, ExplicitSettings

DOCUMENT = (Path(ROOT) / "docs/api.md").read_text(encoding="utf-8")


def test_every_problem_code_is_documented() -> None:
    assert [code for code in ProblemCode if f"| `{code.value}` |" not in DOCUMENT] == []


def test_every_route_is_documented_and_described_in_openapi() -> None:
    app = create_app(ExplicitSettings(mongodb_uri="mongodb://127.0.0.1:1/"))
    for path in app.api_doc["paths"]:
        resource = path.removeprefix("/api/admin/scheduler").removeprefix("/api/notifications")
        assert resource.split("/")[1] in DOCUMENT
    described = {path.translate({ord("{"): "<", ord("}"): ">"}) for path in app.api_doc["paths"]}
    served = {rule.rule for rule in app.url_map.iter_rules()}
    documents = {"/api/openapi.json", "/api/docs", "/api/docs/style.css", "/", "/ui/<version>/<path:name>"}
    assert served - described == {"/healthz", "/readyz", "/metrics", *documents}


def test_every_alarm_is_documented() -> None:
    document = (Path(ROOT) / "docs/monitoring.md").read_text(encoding="utf-8")
    assert [code for code in AlarmCode if f"| `{code.value}` |" not in document] == []
