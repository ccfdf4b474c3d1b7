"""The seed's central claim as checks: one scheduler class, made in one place, said once; two programs apart.

Each check takes a source tree and answers its violations.
"""

import ast
from pathlib import Path

from tests.architecture.source_tree import PACKAGES, called_name, imported_packages, named, nodes, python_files

HOME = "scheduler_daemon/unified_scheduler.py"
EVENT = "Unified Scheduler initialized"


def other_scheduler_classes(root: Path) -> list[str]:
    """Classes named `*Scheduler` besides the one; templates end in `Template`."""
    found = [
        (named(root, path), node.name)
        for path in python_files(root, *PACKAGES)
        for node in nodes(path, ast.ClassDef)
        if node.name.endswith("Scheduler")
    ]
    if (HOME, "UnifiedScheduler") not in found:
        return [f"{HOME} has no class UnifiedScheduler"]
    found.remove((HOME, "UnifiedScheduler"))
    return [f"{place}: class {name}" for place, name in found]


def other_creations(root: Path) -> list[str]:
    """Makings of a scheduler besides the one assignment in initialize_unified_scheduler."""
    made = [
        named(root, path, node.lineno)
        for path in python_files(root, *PACKAGES)
        for node in nodes(path, ast.Call)
        if called_name(node).split(".")[-1] == "UnifiedScheduler"
    ]
    home = root / HOME
    inside = [
        named(root, home, node.lineno)
        for function in nodes(home, (ast.FunctionDef, ast.AsyncFunctionDef))
        if function.name == "initialize_unified_scheduler"
        for node in ast.walk(function)
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and called_name(node.value) == "UnifiedScheduler"
    ]
    if len(inside) != 1:
        return [f"{HOME}: initialize_unified_scheduler makes {len(inside)} schedulers"]
    return [place for place in made if place != inside[0]]


def initializations(root: Path) -> list[str]:
    """Definitions and calls of initialize_unified_scheduler beyond one of each."""
    defined = [
        named(root, path, node.lineno)
        for path in python_files(root, *PACKAGES)
        for node in nodes(path, (ast.FunctionDef, ast.AsyncFunctionDef))
        if node.name == "initialize_unified_scheduler"
    ]
    called = [
        named(root, path, node.lineno)
        for path in python_files(root, *PACKAGES)
        for node in nodes(path, ast.Call)
        if called_name(node).split(".")[-1] == "initialize_unified_scheduler"
    ]
    wrong = [f"defined at {place}" for place in defined if not place.startswith(f"{HOME}:")]
    if len(defined) != 1:
        wrong.append(f"defined {len(defined)} times")
    if len(called) != 1:
        wrong.append(f"called {len(called)} times: {', '.join(called)}")
    return wrong


def initialization_events(root: Path) -> list[str]:
    """Places in the code that say `Unified Scheduler initialized`, unless there is exactly one."""
    places = [
        named(root, path, node.lineno)
        for path in python_files(root, *PACKAGES)
        for node in nodes(path, ast.Constant)
        if isinstance(node.value, str) and EVENT in node.value
    ]
    return [] if len(places) == 1 else [f"said {len(places)} times", *places]


def imports_across(root: Path) -> list[str]:
    """Imports between the two programs, and of either by the contract."""
    forbidden = {"api": {"scheduler_daemon"}, "scheduler_daemon": {"api"}, "shared": {"api", "scheduler_daemon"}}
    return [
        f"{named(root, path, line)} imports {package}"
        for folder, others in forbidden.items()
        for path in python_files(root, folder)
        for package, line in imported_packages(path)
        if package in others
    ]
