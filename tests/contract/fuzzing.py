"""A world with one of everything, and schemathesis let loose on it."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pymongo.database import Database

from tests.support.api_process import ApiProcess
from tests.support.environment import ROOT

Db = Database[dict[str, Any]]
SCHEDULER, NOTIFICATIONS = "/api/admin/scheduler", "/api/notifications"
FOLDER = Path(__file__).parent
COPIES = 12
"""Of each document, for some are deleted on the way."""
UNHURRIED = {"API_FAILED_LOGINS_PER_MINUTE": 10_000}
"""No login is throttled: there are many invalid ones."""
_LIMIT_SECONDS = 3600


def furnish(api: ApiProcess, db: Db) -> dict[str, list[str]]:
    """Makes documents of every kind, each as its writer would; the ids by the path of their list."""
    _publish(db)
    examples = _examples(api)
    made: dict[str, list[str]] = {}
    for path in ("templates", "recipients", "groups", "suppressions"):
        made[f"{NOTIFICATIONS}/{path}"] = _created(api, f"{NOTIFICATIONS}/{path}", examples)
    made[f"{SCHEDULER}/calendars"] = _created(api, f"{SCHEDULER}/calendars", examples)
    made[f"{SCHEDULER}/jobs"] = _created(api, f"{SCHEDULER}/jobs", examples, template="noop")
    text = made[f"{NOTIFICATIONS}/templates"][0]
    made[f"{NOTIFICATIONS}/scheduled"] = _created(api, f"{NOTIFICATIONS}/scheduled", examples, templateId=text)
    made["/api/admin/tokens"] = _created(api, "/api/admin/tokens", examples)
    return made


def _publish(db: Db) -> None:
    parameters = {"type": "object", "properties": {"duration": {"type": "string"}}, "additionalProperties": False}
    template = {"name": "noop", "category": "tests", "description": "", "version": 1, "available": True}
    db["job_templates"].replace_one(
        {"_id": "noop"},
        {**template, "parametersSchema": parameters, "publishedAt": datetime.now(UTC)},
        upsert=True,
    )


def _examples(api: ApiProcess) -> dict[str, dict[str, Any]]:
    paths = api.request("GET", "/api/openapi.json").json()["paths"]
    return {
        path: methods["post"]["requestBody"]["content"]["application/json"]["example"]
        for path, methods in paths.items()
        if "application/json" in methods.get("post", {}).get("requestBody", {}).get("content", {})
    }


def _created(api: ApiProcess, path: str, examples: dict[str, dict[str, Any]], **fields: Any) -> list[str]:
    ids = []
    for number in range(COPIES):
        body = {**examples[path], **fields}
        if path.endswith("suppressions"):
            body["email"] = f"gone{number}@example.com"
        answer = api.request("POST", path, json=body)
        assert answer.status_code == 201, f"{path}: {answer.text}"
        ids.append(answer.json()["id"])
    return ids


def fuzz(api: ApiProcess, known: dict[str, list[str]], folder: Path, *options: str) -> str:
    """Runs schemathesis with all checks; "" if it found nothing, else what it says."""
    names = folder / "known.json"
    names.write_text(json.dumps(known))
    command = [
        *(Path(sys.executable).with_name("schemathesis"), "--config-file", FOLDER / "schemathesis.toml"),
        *("run", f"{api.base_url}/api/openapi.json", "--checks", "all", "--no-color", "--warnings", "off"),
        *("--header", f"Authorization: Bearer {api.token}", "--generation-database", "none"),
        *("--suppress-health-check", "all", *options),
    ]
    environment = {
        **os.environ,
        "SCHEMATHESIS_HOOKS": "tests.contract.hooks",
        "KNOWN_DOCUMENTS": str(names),
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=_LIMIT_SECONDS, check=False, env=environment, cwd=folder
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr
