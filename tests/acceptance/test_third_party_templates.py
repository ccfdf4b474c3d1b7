"""Job templates of another package: installed, used like any other, and named when they are broken."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from shared.settings import EXIT_SETTINGS
from tests.support.api_process import ApiProcess
from tests.support.daemon_process import DaemonProcess
from tests.support.environment import ROOT
from tests.support.http_objects import create_job, ended_run, items

StartDaemon = Callable[..., DaemonProcess]
StartApi = Callable[..., ApiProcess]

PACKAGE = ROOT / "tests/third_party_package"
KEY = "hunter2"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the package was installed into by pip."""
    folder = tmp_path_factory.mktemp("third_party")
    source, target = folder / "source", folder / "installed"
    shutil.copytree(PACKAGE, source)
    options = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check"]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, "--target", target, source], check=True)
    return target


def path_with(folder: Path) -> str:
    return os.pathsep.join([str(ROOT), str(folder)])


def test_templates_of_another_package_are_published_and_run_with_no_change_here(
    audited: None, daemon: StartDaemon, api: StartApi, installed: Path
) -> None:
    running = daemon(PYTHONPATH=path_with(installed))
    served = api()
    published = {each["type"]: each for each in items(served, "/api/admin/scheduler/templates")}
    assert published["greeting"]["version"] == 3
    assert published["greeting"]["parametersSchema"]["properties"]["signingKey"]["format"] == "password"

    greeting = create_job(served, "greeting", params={"greeted": "Ada", "signingKey": KEY})
    primes = create_job(served, "primes", params={"below": 100})
    refused = served.request(
        "PATCH",
        f"/api/admin/scheduler/jobs/{primes['id']}",
        json={"params": {"below": -1}},
        headers={"If-Match": f'"{primes["revision"]}"'},
    )
    assert refused.status_code == 422

    run = ended_run(served, greeting)
    assert (run["state"], run["result"]["summary"]) == ("succeeded", "Hello Ada")
    assert run["result"]["metrics"]["signature"] == hashlib.blake2b(b"Hello Ada", key=KEY.encode()).hexdigest()
    assert run["progress"]["message"] == "Hello Ada"
    assert ended_run(served, primes)["result"]["metrics"] == {"count": 25}

    paths = (f"jobs/{greeting['id']}", "jobs", "runs", f"runs/{run['id']}/logs")
    shown = [served.request("GET", f"/api/admin/scheduler/{path}").text for path in paths]
    assert KEY not in str([greeting, run, *shown])
    assert KEY not in running.log_text() + served.log_text()


def test_a_broken_template_of_another_package_stops_the_start_with_its_name(
    daemon: StartDaemon, installed: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(installed, broken)
    (broken / "greeting_templates/templates.py").write_text("import no_such_library\n")
    failed = daemon(wait=False, PYTHONPATH=path_with(broken))
    assert failed.wait(30) == EXIT_SETTINGS
    (event,) = failed.log_events("daemon_cannot_start")
    assert "job template 'greeting' (greeting_templates.templates:GreetingTemplate)" in str(event["error"])
    assert "no_such_library" in str(event["error"])
