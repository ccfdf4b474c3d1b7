"""What the modules of the web UI may do: checked in their texts, so that no browser is needed to notice."""

import hashlib
import re
from pathlib import Path

import pytest

from tests.support.environment import ROOT

UI = ROOT / "api/ui"
VENDOR = UI / "vendor"
MODULES = sorted(path for path in UI.rglob("*.js") if VENDOR not in path.parents)
LIBRARIES = {"preact", "preact/hooks", "htm", "@preact/signals", "@preact/signals-core"}
FORBIDDEN = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|document\.write|\beval\(|new Function"
    r"|\sstyle=\"|\son[a-z]+=\""
)
IMPORTS = re.compile(
    r"^import (?:(\w+)(?:, )?)?(?:\{([^}]*)\})? from \"([^\"]+)\";|^import \"([^\"]+)\";", re.MULTILINE
)
LAZY = re.compile(r"import\(\"([^\"]+)\"\)")
EXPORTS = re.compile(r"^export (?:async )?(?:function|const|class) (\w+)", re.MULTILINE)
REEXPORTS = re.compile(r"^export \{([^}]*)\}", re.MULTILINE)
WIDEST = 120
VENDORED = {
    "htm.mjs", "pico.min.css", "preact-hooks.mjs", "preact.mjs", "signals-core.mjs", "signals.mjs",
    "uPlot.iife.min.js", "uPlot.min.css",
}  # fmt: skip


def name_of(path: Path) -> str:
    return path.relative_to(UI).as_posix()


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_says_what_it_is_builds_no_markup_from_text_and_stays_readable(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith("/** "), "it begins with one sentence that says what it is"
    assert not FORBIDDEN.findall(text)
    assert not re.findall(
        r"https?://[a-z0-9.-]+\.[a-z]+", re.sub(r"\w+\.example\.(com|org)|example\.(com|org)", "", text)
    )
    assert len(text.splitlines()) <= 250


@pytest.mark.parametrize("path", [*MODULES, UI / "style.css"], ids=name_of)
def test_a_line_fits_on_a_screen(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [at for at, line in enumerate(lines, start=1) if len(line) > WIDEST] == []


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_only_one_module_talks_to_the_api(path: Path) -> None:
    talks = re.search(r"\bfetch\(|XMLHttpRequest|sendBeacon|WebSocket|EventSource", path.read_text(encoding="utf-8"))
    assert (talks is not None) == (name_of(path) == "core/api.js")


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_every_import_exists(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for default, names, source, bare in IMPORTS.findall(text):
        wanted = source or bare
        if not wanted.startswith("."):
            assert wanted in LIBRARIES, wanted
            continue
        imported = (path.parent / wanted).resolve().read_text(encoding="utf-8")
        exported = set(EXPORTS.findall(imported)) | {
            each.split(" as ")[-1].strip() for group in REEXPORTS.findall(imported) for each in group.split(",")
        }
        asked = {each.split(" as ")[0].strip() for each in names.split(",") if each.strip()}
        assert asked <= exported, f"{wanted} exports no {', '.join(asked - exported)}"
        assert not default or "export default" in imported, wanted
    for wanted in LAZY.findall(text):
        assert (path.parent / wanted).resolve().exists(), wanted


def test_every_module_is_used() -> None:
    used = {"main.js", "mail.js"}
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        for wanted in [source or bare for _, _, source, bare in IMPORTS.findall(text)] + LAZY.findall(text):
            if wanted.startswith("."):
                used.add(name_of((path.parent / wanted).resolve()))
    assert {name_of(path) for path in MODULES} == used


def test_what_is_vendored_is_described_licensed_and_unchanged() -> None:
    assert {path.name for path in VENDOR.iterdir() if path.suffix in (".js", ".mjs", ".css")} == VENDORED
    readme = (VENDOR / "README.md").read_text(encoding="utf-8")
    digests = dict(re.findall(r"^\| `([^`]+)` \| `([0-9a-f]{64})` \|$", readme, re.MULTILINE))
    assert digests == {name: hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() for name in sorted(VENDORED)}
    assert len(list((VENDOR / "licenses").iterdir())) == 6
