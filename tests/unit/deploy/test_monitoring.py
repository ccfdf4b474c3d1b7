"""The alert rules, the board and docs/monitoring.md name only what exists, and the document names all of it."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml
from prometheus_client.registry import CollectorRegistry

from api.answers.alarms import AlarmCode
from api.answers.status import status_answer
from api.metrics import REQUEST_SECONDS
from api.overview import Overview
from api.state_metrics import StateCollector
from api.store.backlog import Backlog
from api.store.failing import Failing
from api.store.system import Facts
from deploy.settings_reference import ROOT
from scheduler_daemon.metrics import REGISTRY
from shared.models.queue import HELD
from shared.models.queue import LIVE as LIVE_MESSAGES
from shared.models.runs import RunState

RULES = ROOT / "deploy/prometheus/unified-scheduler.rules.yml"
BOARD = ROOT / "deploy/grafana/unified-scheduler.json"
DOCUMENT = ROOT / "docs/monitoring.md"
ENDS = {"histogram": ("bucket", "count", "sum"), "counter": ("total",)}
NAME = re.compile(r"unified_scheduler_[a-z_]+")
LABELS = re.compile(r'(\w+)=~?"([^"]*)"')


def _facts(now: datetime) -> Facts:
    """A system with a daemon, a lease and something of everything."""
    lease = {"released": False, "renewedAt": now}
    depths: dict[str, dict[str, int | None]] = {"runs": {"pending": 1}, "messages": {"unknown": 1}}
    backlog = Backlog(1, 1, now, {"email": now})
    failing = Failing(1, [("Nightly import", 3)], 10, 6)
    return Facts([{"_id": "daemon:a", "beatAt": now}], [], lease, None, depths, backlog, failing, 0, 0, {"jobs": 0})


@pytest.fixture(scope="module")
def existing() -> set[str]:
    now = datetime.now(UTC)
    facts = _facts(now)
    registry = CollectorRegistry()
    answer = status_answer(facts, now, timedelta(seconds=30), set(), False)
    registry.register(StateCollector(Overview(now, facts, answer)))
    registry.register(REQUEST_SECONDS)
    found: set[str] = set()
    for each in (registry, REGISTRY):
        for family in each.collect():
            found.add(family.name)
            found |= {f"{family.name}_{end}" for end in ENDS.get(family.type, ())}
    return {name for name in found if not name.startswith("process_")}


def _expressions() -> list[str]:
    rules = [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
    panels = json.loads(BOARD.read_text())["panels"]
    return [rule["expr"] for rule in rules] + [target["expr"] for panel in panels for target in panel["targets"]]


def test_every_metric_of_rules_and_board_exists(existing: set[str]) -> None:
    used = {name for expression in _expressions() for name in NAME.findall(expression)}
    assert len(used) > 15
    assert used - existing == set()


def test_every_value_of_a_label_in_an_expression_exists() -> None:
    states = {state.value for state in RunState} | {state.value for state in (*LIVE_MESSAGES, *HELD)}
    known: dict[str, set[str]] = {"code": {code.value for code in AlarmCode}, "state": states}
    checked = 0
    for expression in _expressions():
        for label, text in LABELS.findall(expression):
            if label in known:
                checked += 1
                assert set(text.split("|")) <= known[label], expression
    assert checked > 5


def test_every_alarm_has_a_rule() -> None:
    rules = RULES.read_text()
    assert [code.value for code in AlarmCode if not re.search(rf'["|]{code.value}["|]', rules)] == []


def test_rules_are_complete_and_the_board_is_well_formed() -> None:
    names: list[str] = []
    for group in yaml.safe_load(RULES.read_text())["groups"]:
        for rule in group["rules"]:
            assert set(rule) == {"alert", "expr", "for", "labels", "annotations"}
            assert rule["labels"]["severity"] in ("critical", "warning")
            names.append(rule["alert"])
    assert len(names) == len(set(names))
    board: dict[str, Any] = json.loads(BOARD.read_text())
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    assert all(panel["datasource"]["uid"] == "${datasource}" for panel in board["panels"])


def test_the_document_names_every_metric_and_no_other(existing: set[str]) -> None:
    documented = set(re.findall(r"^\| `(unified_scheduler_[a-z_]+)`", DOCUMENT.read_text(), re.MULTILINE))
    assert documented - existing == set()
    ends = ("_bucket", "_count", "_sum", "_total", "_created")
    described = {name.removesuffix("_total") for name in documented}
    plain = {name for name in existing if not name.endswith(ends)}
    assert plain - described == set()
