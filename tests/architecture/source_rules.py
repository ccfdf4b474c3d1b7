"""Rules of the code base as checks. Each takes a source tree and answers its violations."""

import ast
import re
from pathlib import Path

from tests.architecture.source_tree import (
    PACKAGES,
    called_name,
    imported_packages,
    named,
    nodes,
    parsed,
    python_files,
)

LONGEST_MODULE = 400
LONGEST_BLIND_SLEEP_SECONDS = 1
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "manager", "misc", "common", "data", "info"}
POLLING_FOLDER = "tests/support"
BENCHMARKS = "tests/benchmarks"
NAMES_KEPT = {
    "scheduler_daemon/unified_scheduler.py": ("UnifiedScheduler", "initialize_unified_scheduler"),
    "scheduler_daemon/job_template.py": ("JobTemplate", "JobExecutionContext", "JobResult"),
    "scheduler_daemon/job_templates/scheduled_notification_processor_template.py": (
        "ScheduledNotificationProcessorTemplate",
    ),
    "scheduler_daemon/notifications/service.py": ("NotificationService",),
    "shared/models/notification_models.py": (
        "ScheduledNotification",
        "ScheduledNotificationCreate",
        "ScheduledNotificationUpdate",
    ),
}
COLLECTIONS_KEPT = ("dynamic_jobs", "scheduled_notifications", "notification_queue")


def long_modules(root: Path) -> list[str]:
    """Modules over 400 lines, tests included."""
    counted = (
        (path, len(path.read_text(encoding="utf-8").splitlines()))
        for path in python_files(root, *PACKAGES, "deploy", "tests")
    )
    return [f"{named(root, path)} has {lines} lines" for path, lines in counted if lines > LONGEST_MODULE]


def vague_modules(root: Path) -> list[str]:
    """Modules and folders whose name says nothing."""
    return [
        named(root, path)
        for path in python_files(root, *PACKAGES, "deploy", "tests")
        if VAGUE_NAMES & {path.stem, path.parent.name}
    ]


def driver_imports(root: Path) -> list[str]:
    """Imports of the database driver outside of a store."""
    return [
        f"{named(root, path, line)} imports {package}"
        for path in python_files(root, *PACKAGES)
        if path.relative_to(root).parts[1:2] != ("store",) or path.is_relative_to(root / "shared")
        for package, line in imported_packages(path)
        if package in ("pymongo", "motor")
    ]


def sleeping_tests(root: Path) -> list[str]:
    """Tests that wait blindly. Polling lives in tests/support; a benchmark is no test."""
    wrong = []
    for path in python_files(root, "tests"):
        place = named(root, path)
        if place.startswith(BENCHMARKS):
            continue
        for call in nodes(path, ast.Call):
            name = called_name(call)
            blocking = name in ("time.sleep", "sleep") and not place.startswith(POLLING_FOLDER)
            if blocking or (name == "asyncio.sleep" and _is_long(call)):
                wrong.append(f"{named(root, path, call.lineno)} {name}")
    return wrong


def _is_long(call: ast.Call) -> bool:
    seconds = call.args[0] if call.args else None
    return (
        isinstance(seconds, ast.Constant)
        and isinstance(seconds.value, int | float)
        and seconds.value >= LONGEST_BLIND_SLEEP_SECONDS
    )


def collections_without_model(root: Path) -> list[str]:
    """Collections that no model's docstring names in backquotes."""
    told = " ".join(
        ast.get_docstring(node) or ""
        for path in python_files(root, "shared/models")
        for node in [parsed(path), *nodes(path, ast.ClassDef)]
    )
    return [name for name in _collections(root) if f"`{name}`" not in told]


def _collections(root: Path) -> list[str]:
    return [
        node.value.value
        for node in parsed(root / "shared/collections.py").body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    ]


def names_lost(root: Path) -> list[str]:
    """Names of the seed that are not defined where the design says."""
    lost = []
    for place, wanted in NAMES_KEPT.items():
        path = root / place
        kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        defined = {node.name for node in parsed(path).body if isinstance(node, kinds)} if path.exists() else set()
        lost += [f"{place}: {name}" for name in wanted if name not in defined]
    present = _collections(root)
    lost += [f"shared/collections.py: {name}" for name in COLLECTIONS_KEPT if name not in present]
    models = root / "shared/models/jobs.py"
    if not re.search(r"^    next_run: ", models.read_text(encoding="utf-8"), re.MULTILINE):
        lost.append("shared/models/jobs.py: nextRun")
    return lost
