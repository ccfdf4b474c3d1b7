"""Reading a source tree for the architecture checks: syntax trees and text, never by importing it."""

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGES = ("scheduler_daemon", "api", "shared")
REPOSITORY = Path(__file__).resolve().parents[2]


def python_files(root: Path, *folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted((root / folder).rglob("*.py"))


def named(root: Path, path: Path, line: int | None = None) -> str:
    """`folder/file.py` or `folder/file.py:12`."""
    place = path.relative_to(root).as_posix()
    return place if line is None else f"{place}:{line}"


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def nodes(path: Path, kind: type[ast.AST] | tuple[type[ast.AST], ...]) -> Iterator[ast.AST]:
    return (node for node in ast.walk(parsed(path)) if isinstance(node, kind))


def imported_packages(path: Path) -> Iterator[tuple[str, int]]:
    """The top-level package of each import, and its line."""
    for node in nodes(path, (ast.Import, ast.ImportFrom)):
        if isinstance(node, ast.Import):
            yield from ((alias.name.partition(".")[0], node.lineno) for alias in node.names)
        elif node.module:
            yield node.module.partition(".")[0], node.lineno


def called_name(call: ast.Call) -> str:
    """`time.sleep` for `time.sleep(1)`; the empty string for what is no plain name."""
    parts: list[str] = []
    target: ast.expr = call.func
    while isinstance(target, ast.Attribute):
        parts.append(target.attr)
        target = target.value
    if not isinstance(target, ast.Name):
        return ""
    return ".".join([target.id, *reversed(parts)])
