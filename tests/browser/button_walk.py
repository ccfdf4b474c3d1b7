"""Presses every button of a screen. What it asks the API for is written down and not carried out."""

import re
from typing import NamedTuple

from playwright.sync_api import Page

from tests.support.browser import Ui
from tests.support.environment import ROOT

_ROUTE = re.compile(r'\{ path: "(?P<path>[^"]+)".*?permission: "(?P<permission>\w+)"', re.DOTALL)


class Route(NamedTuple):
    """A screen as routes.js declares it."""

    path: str
    permission: str

    def fits(self, address: str) -> bool:
        return re.fullmatch(re.sub(r":\w+", "[^/]+", self.path), address) is not None


ROUTES = [Route(*found) for found in _ROUTE.findall(ROOT.joinpath("api/ui/routes.js").read_text(encoding="utf-8"))]


def prepare(page: Page) -> None:
    """Before the page is loaded: from then on nothing changes anything, and no form holds its screen."""
    page.on("dialog", lambda dialog: dialog.accept())
    page.add_init_script(_WITHOUT_CONSEQUENCES)


def go(ui: Ui, address: str) -> None:
    """Shows a screen without loading the page anew."""
    ui.page.evaluate(_GO, address)


def walk(ui: Ui, address: str) -> tuple[set[tuple[str, str]], set[str]]:
    """
    The requests, as (method, path), that the buttons of a screen and of its dialogs make, and the addresses that its
    links lead to.
    """
    go(ui, address)
    ui.page.wait_for_function(_IS_LOADED)
    links = {str(link) for link in ui.page.evaluate(_LINKS)}
    asked = ui.page.evaluate(_PRESS_EVERYTHING)
    return {(method, path) for method, path in asked}, links


_WITHOUT_CONSEQUENCES = """
const carriedOut = fetch;
globalThis.asked = [];
globalThis.fetch = async (input, init) => {
  const { pathname } = new URL(input);
  if (init.method === "GET" || pathname.endsWith("/preview")) return carriedOut(input, init);
  asked.push([init.method, pathname]);
  const problem = { detail: "This is not carried out.", code: "walked", errors: [] };
  return new Response(JSON.stringify(problem), { status: 409 });
};
"""

_GO = """async (address) => {
  if (location.hash === `#${address}`) return;
  const gone = new Promise((resolve) => addEventListener("hashchange", resolve, { once: true }));
  location.hash = address;
  await gone;
  await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  asked.length = 0;
}"""

_IS_LOADED = """() => {
  const heading = document.querySelector("main h1");
  return heading !== null && document.querySelector("main [aria-busy=true]") === null;
}"""

_LINKS = """() => [...document.querySelectorAll("a[href^='#/']")].map(
  (link) => link.getAttribute("href").slice(1).split("?")[0],
)"""

_PRESS_EVERYTHING = """async () => {
  const turn = () => new Promise((resolve) => setTimeout(resolve));
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const rendered = async () => {
    await turn();
    await frame();
    await turn();
  };
  const top = () => [...document.querySelectorAll("dialog[open]")].at(-1) ?? document.querySelector("main");
  const nameOf = (button) => button.getAttribute("aria-label") ?? button.textContent.trim();
  const leaving = ["Close", "Cancel", "Keep editing", "Choose none", "Save as CSV"];
  const pressed = new Set();
  const fold = () => top().querySelectorAll("details:not([open])").forEach((each) => (each.open = true));
  const choose = () => top().querySelectorAll("th input[type=checkbox]:not(:checked)").forEach((each) => each.click());
  const press = async (within) => {
    for (;;) {
      choose();
      fold();
      await turn();
      const button = [...within().querySelectorAll("button:not(:disabled)")].find(
        (each) => !pressed.has(nameOf(each) + within().ariaLabel) && !leaving.includes(nameOf(each)),
      );
      if (!button) return;
      pressed.add(nameOf(button) + within().ariaLabel);
      button.click();
      await rendered();
      document.querySelectorAll(".messages button[aria-label=Dismiss]").forEach((each) => each.click());
      while (top() !== within() && top().matches("dialog")) {
        const dialog = top();
        await press(() => (dialog.isConnected ? dialog : top()));
        for (let tries = 0; dialog.isConnected && tries < 3; tries += 1) {
          top().querySelector("button.close").click();
          await rendered();
          const leave = [...top().querySelectorAll("button")].find((each) => nameOf(each) === "Leave it");
          leave?.click();
          await rendered();
        }
      }
    }
  };
  await press(() => document.querySelector("main"));
  return asked;
}"""
