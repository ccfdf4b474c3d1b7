"""test_scheduler with real suites in real processes."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scheduler_daemon.job_template import JobResult
from scheduler_daemon.job_templates.test_scheduler_template import TestSchedulerTemplate
from scheduler_daemon.suites import kept_process
from scheduler_daemon.suites.runner import SuiteRunner
from shared.models.suites import Suite
from tests.support.contexts import Attempt, attempt_of
from tests.support.processes import is_alive, parent_of
from tests.support.waiting import eventually

TEMPLATE = TestSchedulerTemplate()
Program = Callable[[str], str]

PIDS = "import os, pathlib; p = pathlib.Path('pids'); n = p.with_suffix('.new'); n.write_text({0}); n.rename(p)\n"


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """Writes a program and answers the command that runs it in the test's folder."""

    def write(source: str) -> str:
        (tmp_path / "program.py").write_text(source)
        return f"{sys.executable} program.py"

    return write


@pytest.fixture
def attempt(tmp_path: Path) -> Callable[..., Attempt]:
    """`attempt("pytest -q", environment={...})`: an attempt at that suite, in the test's folder."""

    def make(command: str, **suite: Any) -> Attempt:
        runner = SuiteRunner({"smoke": Suite(command=command, **{"folder": tmp_path, **suite})})
        return attempt_of(TEMPLATE, {"suite": "smoke"}, suites=runner)

    return make


async def ended(attempt: Attempt) -> JobResult:
    return await TEMPLATE.execute(attempt.context)


def printed(attempt: Attempt) -> list[str]:
    return [fields["text"] for fields in attempt.logged("output")]


async def pids_in(folder: Path) -> list[int]:
    written = await eventually(lambda: (folder / "pids").exists() and (folder / "pids").read_text(), timeout=30)
    return [int(word) for word in str(written).split()]


async def all_gone(pids: list[int]) -> None:
    """A process that was killed takes a moment to die."""
    await eventually(lambda: not any(is_alive(pid) for pid in pids), timeout=1)


async def test_pytest_reports_without_a_word_in_its_command(attempt: Callable[..., Attempt], tmp_path: Path) -> None:
    (tmp_path / "test_few.py").write_text(
        "import pytest\n"
        "def test_good(): pass\n"
        "def test_bad(): assert 1 == 2, 'one is not two'\n"
        "@pytest.mark.skip\n"
        "def test_later(): pass\n"
    )
    made = attempt("pytest -q -p no:cacheprovider test_few.py")
    result = await ended(made)
    assert (result.outcome, result.retryable) == ("failure", False), printed(made)
    assert result.summary.startswith("smoke: 1 of 3 failed: test_few::test_bad: AssertionError: one is not two")
    assert {name: result.metrics[name] for name in ("passed", "failed", "skipped", "failing", "exitCode")} == {
        "passed": 1, "failed": 1, "skipped": 1, "failing": ["test_few::test_bad"], "exitCode": 1,
    }  # fmt: skip
    assert any("one is not two" in line for line in printed(made))


async def test_any_program_may_report_where_its_command_or_environment_says(
    attempt: Callable[..., Attempt], program: Program
) -> None:
    source = "import os, sys; open(sys.argv[1] or os.environ['JUNIT_XML'], 'w').write('<testcase/>')"
    for argument in ("{junit}", "''"):
        result = await ended(attempt(f"{program(source)} {argument}"))
        assert (result.outcome, result.metrics["passed"]) == ("success", 1)


async def test_without_a_report_the_exit_code_decides(attempt: Callable[..., Attempt], program: Program) -> None:
    assert (await ended(attempt(program("print('fine')")))).outcome == "success"
    failed = await ended(attempt(program("print('no licence'); raise SystemExit(3)")))
    assert failed.outcome == "failure"
    assert "exit code 3; its last words: no licence" in failed.summary
    killed = await ended(attempt(program("import os; os.kill(os.getpid(), 11)")))
    assert "killed by SIGSEGV" in killed.summary


async def test_a_report_that_is_a_trap_is_not_read(attempt: Callable[..., Attempt], program: Program) -> None:
    source = "import os; open(os.environ['JUNIT_XML'], 'w').write('<!DOCTYPE x []><testcase/>')"
    made = attempt(program(source))
    result = await ended(made)
    assert (result.outcome, "passed" in result.metrics) == ("success", False)
    assert "document type" in made.logged("report_unreadable")[0]["reason"]


async def test_a_command_is_run_without_a_shell(attempt: Callable[..., Attempt], program: Program) -> None:
    made = attempt(program("import sys; print(sys.argv[1:])") + " '$HOME' ; rm -rf *")
    await ended(made)
    assert printed(made) == ["['$HOME', ';', 'rm', '-rf', '*']"]


async def test_a_suite_sees_nothing_of_the_daemons_environment_but_what_a_login_has(
    attempt: Callable[..., Attempt], program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONGODB_URI", "mongodb://secret")
    made = attempt(program("import json, os; print(json.dumps(dict(os.environ)))"), environment={"STAGE": "test"})
    await ended(made)
    seen = json.loads(printed(made)[0])
    assert "MONGODB_URI" not in seen
    assert (seen["STAGE"], seen["HOME"]) == ("test", os.environ["HOME"])
    assert seen["PATH"].startswith(str(Path(sys.executable).parent))


async def test_a_flood_is_cut_in_the_log_and_counted(attempt: Callable[..., Attempt], program: Program) -> None:
    made = attempt(program("for number in range(50_000): print(number)"))
    result = await ended(made)
    assert (len(printed(made)), result.metrics["lines"]) == (1_500, 50_000)
    assert made.logged("output_left_out") == [{"kept_lines": 1_500}]


@pytest.mark.parametrize(
    ("command", "suite", "reason"),
    [
        ("no-such-program -q", {}, "no program 'no-such-program'"),
        ("./gone", {}, "no program './gone'"),
        ("pytest", {"folder": Path("/no/such/folder")}, "no folder '/no/such/folder'"),
    ],
)
async def test_a_suite_that_cannot_be_started_says_what_to_mend(
    attempt: Callable[..., Attempt], command: str, suite: dict[str, Any], reason: str
) -> None:
    result = await ended(attempt(command, **suite))
    assert (result.outcome, result.retryable) == ("failure", False)
    assert reason in result.summary
    assert "TEST_SUITES" in result.summary


async def test_only_a_suite_of_the_settings_is_run() -> None:
    result = await ended(attempt_of(TEMPLATE, {"suite": "other"}, suites=SuiteRunner({"smoke": Suite(command="true")})))
    assert (result.outcome, result.retryable) == ("failure", False)
    assert result.summary == "there is no suite 'other'; the setting TEST_SUITES has: smoke"


STUBBORN = PIDS.format("f'{os.getpid()} {child.pid}'").join(
    [
        "import signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n",
        "time.sleep(60)\n",
    ]
)


ALONE = (
    "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    + PIDS.format("str(os.getpid())")
    + "time.sleep(60)\n"
)


async def test_a_cancelled_suite_is_gone_within_a_second_with_all_that_it_started(
    attempt: Callable[..., Attempt], program: Program, tmp_path: Path
) -> None:
    task = asyncio.create_task(ended(attempt(program(STUBBORN))))
    pids = await pids_in(tmp_path)
    started = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await all_gone(pids)
    assert time.monotonic() - started < 1


async def test_sigterm_reaches_the_whole_group_so_that_it_can_clean_up(
    attempt: Callable[..., Attempt], program: Program, tmp_path: Path
) -> None:
    child = "import signal, pathlib, sys, time\ndef end(*_): pathlib.Path(sys.argv[1]).touch(); sys.exit()\n"
    child += "signal.signal(signal.SIGTERM, end); pathlib.Path(sys.argv[1] + '.ready').touch(); time.sleep(60)"
    source = (
        f"import signal, subprocess, sys\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"child = subprocess.Popen([sys.executable, '-c', {child!r}, 'child'])\n"
        f"subprocess.run([sys.executable, '-c', {child!r}, 'other']); child.wait()\n"
    )
    task = asyncio.create_task(ended(attempt(program(source))))
    await eventually(lambda: len(list(tmp_path.glob("*.ready"))) == 2, timeout=30)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (tmp_path / "child").exists()
    assert (tmp_path / "other").exists()


async def test_what_a_suite_leaves_behind_ends_with_it(
    attempt: Callable[..., Attempt], program: Program, tmp_path: Path
) -> None:
    source = "import subprocess, sys\nchild = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
    result = await ended(attempt(program(source + PIDS.format("str(child.pid)"))))
    assert result.outcome == "success"
    await all_gone(await pids_in(tmp_path))


async def test_a_suite_does_not_outlive_the_lease(program: Program, tmp_path: Path) -> None:
    runner = SuiteRunner({"smoke": Suite(command=program(STUBBORN), folder=tmp_path)})
    task = asyncio.create_task(ended(attempt_of(TEMPLATE, {"suite": "smoke"}, suites=runner)))
    pids = await pids_in(tmp_path)
    runner.arm(0.1)
    result = await asyncio.wait_for(task, 10)
    assert (result.outcome, result.metrics["exitCode"]) == ("failure", 128 + 9)
    await all_gone(pids)


async def test_a_keeper_that_does_not_move_cannot_hold_up_a_cancellation(
    attempt: Callable[..., Attempt], program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_process, "SECONDS_TO_CLEAN_UP", 0.05)
    task = asyncio.create_task(ended(attempt(program(ALONE))))
    (main,) = await pids_in(tmp_path)
    os.kill(parent_of(main), signal.SIGSTOP)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 5)
    await all_gone([main])


ESCAPED = (
    "import os, signal, subprocess, sys, time\n"
    "if not os.fork():\n"
    "    os.setsid()\n"
    "    if os.fork(): os._exit(0)\n"
    "    signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "    child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'], start_new_session=True)\n"
    "    " + PIDS.format("f'{os.getpid()} {child.pid}'") + "    time.sleep(60)\n"
    "os.wait()\n"
)
"""A daemon in the old manner: a double fork, a session of its own, and a child that has another one."""


async def test_what_left_the_group_is_gone_within_a_second_too(
    attempt: Callable[..., Attempt], program: Program, tmp_path: Path
) -> None:
    task = asyncio.create_task(ended(attempt(program(ESCAPED + "time.sleep(60)\n"))))
    pids = await pids_in(tmp_path)
    started = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await all_gone(pids)
    assert time.monotonic() - started < 1


async def test_what_left_the_group_ends_with_its_suite(
    attempt: Callable[..., Attempt], program: Program, tmp_path: Path
) -> None:
    waiting = "import pathlib\nwhile not pathlib.Path('pids').exists(): time.sleep(0.01)\n"
    result = await ended(attempt(program(ESCAPED + waiting)))
    assert result.outcome == "success"
    await all_gone(await pids_in(tmp_path))


async def test_orphans_that_have_ended_do_not_stay_as_zombies(
    attempt: Callable[..., Attempt], program: Program
) -> None:
    source = (
        "import os, time\n"
        "from pathlib import Path\n"
        "for _ in range(5):\n"
        "    if not os.fork():\n"
        "        os.fork()\n"
        "        os._exit(0)\n"
        "    os.wait()\n"
        "def is_of_keeper(stat): return stat.rpartition(')')[2].split()[1] == str(os.getppid())\n"
        "def children():\n"
        "    for each in Path('/proc').glob('[0-9]*/stat'):\n"
        "        try: yield is_of_keeper(each.read_text())\n"
        "        except OSError: pass\n"
        "while sum(children()) > 1: time.sleep(0.01)\n"
    )
    assert (await asyncio.wait_for(ended(attempt(program(source))), 20)).outcome == "success"
