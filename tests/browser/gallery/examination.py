"""What is asked of each screen: axe finds nothing, nothing is wider than the page, nothing is cut or covered."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

NARROW, MIDDLE, WIDE = 390, 900, 1440
WIDTHS = (NARROW, MIDDLE, WIDE)
HEIGHT, TALL = 900, 1500
"""TALL: so that all of a dialog is seen at once."""
_EVERYTHING = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_RULES: dict[tuple[str, int], dict[str, Any]] = {
    ("light", NARROW): {"type": "tag", "values": _EVERYTHING},
    ("light", WIDE): {"type": "rule", "values": ["color-contrast", "target-size", "scrollable-region-focusable"]},
    ("dark", WIDE): {"type": "rule", "values": ["color-contrast"]},
}
"""Colours are all that a theme changes, and a wide screen has columns that a narrow one hides."""

# Without frames: the only one holds the HTML of a mail, behind a policy under which axe cannot run.
_RUN_AXE = """(rules) => axe.run({ runOnly: rules, resultTypes: ["violations"], iframes: false }).then(
  ({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) =>
    `${id} ${target.join(" ")}: ${failureSummary.replaceAll(/\\s+/g, " ")}`)))"""

_LAYOUT_FAULTS = Path(__file__).with_name("layout_faults.js").read_text()

# One look at the layout after a change of theme or width.
_DRAWN = "() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve(true))))"


THEMES = ("light", "dark")


def looks(
    page: Page,
    themes: Sequence[str] = THEMES,
    widths: Sequence[int] = WIDTHS,
    *,
    tall: bool = False,
    every: bool = False,
) -> Iterator[tuple[str, int]]:
    """Shows the page in each theme and width, and says which; the page is not loaded again.

    every: also where there is nothing to examine: another theme has the same layout.
    """
    for theme in themes:
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]  # one of two words
        for width in widths if theme == "light" or every else [WIDE]:
            page.set_viewport_size({"width": width, "height": TALL if tall else HEIGHT})
            page.evaluate(_DRAWN)
            yield theme, width


def faults_of(page: Page, theme: str, width: int) -> list[str]:
    """What is wrong with the page as it is shown now."""
    found: list[str] = page.evaluate(_LAYOUT_FAULTS) if theme == "light" else []
    rules = _RULES.get((theme, width))
    if rules is not None:
        if not page.evaluate("'axe' in window"):
            page.evaluate(AXE_SCRIPT)  # by the debugger: the page's policy stays as strict as it is
        found += page.evaluate(_RUN_AXE, rules)
    return [f"{theme} {width}: {fault}" for fault in dict.fromkeys(found)]
