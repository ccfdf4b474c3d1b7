/** The frame around every screen: menu, banner, and the screen of the address. */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { reachable } from "../core/api.js";
import { html } from "../core/html.js";
import { href, match, place } from "../core/router.js";
import { lost, may, me, signOut, visitor } from "../core/session.js";
import { followStatus, status } from "../core/status.js";
import { isDark, themeChanges, toggleTheme } from "../core/theme.js";
import { exactTimes } from "../core/time.js";
import { ROUTES } from "../routes.js";
import { Failure, Note } from "./basics.js";
import { Questions } from "./dialog.js";
import { SignIn, SignInAgain } from "./sign_in.js";

export function Shell() {
  const signedIn = me.value !== null && !lost.value;
  useEffect(() => (signedIn ? followStatus() : undefined), [signedIn]);
  return html`
    ${me.value ? html`<${Frame} key=${visitor.value} />` : html`<${SignIn} />`}
    ${lost.value && html`<${SignInAgain} />`}
    <${Questions} />
  `;
}

/** It stays while the session is lost: nothing typed is ever lost. */
function Frame() {
  return html`
    <a class="skip" href="#screen" onClick=${skip}>Skip to the screen</a>
    <${Menu} path=${place.value.path} />
    <div class="page">
      <${Banner} />
      <main id="screen" tabindex="-1"><${Screen} path=${place.value.path} query=${place.value.query} /></main>
    </div>
  `;
}

function skip(event) {
  event.preventDefault(); // the address after # is the screen's
  document.getElementById("screen").focus();
}

const under = (path, item) => (item === "/" ? path === "/" : path === item || path.startsWith(`${item}/`));

function Menu({ path }) {
  const [open, setOpen] = useState(false);
  useEffect(() => setOpen(false), [path]);
  const groups = Map.groupBy(
    ROUTES.filter((route) => route.menu !== undefined && may(route.permission)),
    (route) => route.menu,
  );
  void themeChanges.value;
  return html`<nav class=${`menu ${open ? "open" : ""}`} aria-label="Main">
    <div class="brand">
      <a href="#/">Unified Scheduler</a>
      <button type="button" class="small outline menu-button" aria-expanded=${open} aria-controls="menu-items"
          onClick=${() => setOpen(!open)}>
        Menu
      </button>
    </div>
    <div id="menu-items" class="menu-items">
      ${[...groups].map(([group, routes]) => html`<section key=${group}>
        ${group && html`<h2>${group}</h2>`}
        <ul>
          ${routes.map((route) => html`<li key=${route.path}>
            <a href=${href(route.path)} aria-current=${under(path, route.path) ? "page" : undefined}>${route.title}</a>
          </li>`)}
        </ul>
      </section>`)}
      <section class="who">
        <p><strong>${me.value.name}</strong><br /><small>${me.value.roles.join(", ")}</small></p>
        <div class="actions">
          <button type="button" class="small outline secondary" onClick=${toggleTheme}>
            ${isDark() ? "Light" : "Dark"} theme
          </button>
          <button type="button" class="small outline secondary" aria-pressed=${exactTimes.value}
              onClick=${() => (exactTimes.value = !exactTimes.value)}>
            Exact times
          </button>
          <button type="button" class="small outline secondary" onClick=${signOut}>Sign out</button>
        </div>
      </section>
    </div>
  </nav>`;
}

/** What everybody must know, whatever screen they look at. */
function Banner() {
  if (!reachable.value) {
    return html`<${Note} tone="bad">The API does not answer. What you see may be old; it is tried again by itself.<//>`;
  }
  const seen = status.value;
  if (seen?.maintenance) {
    return html`<${Note} tone="warn">
      Maintenance: nothing starts. ${seen.maintenance.reason}${" "}
      ${may("edit") && html`<a href=${href("/admin/maintenance")}>Maintenance mode</a>`}
    <//>`;
  }
  if (seen && !seen.daemonAlive) {
    return html`<${Note} tone="bad">
      The daemon is away: nothing runs and nothing is sent until it is back. What you ask for now is done then.${" "}
      <a href=${href("/admin/daemons")}>Daemons</a>
    <//>`;
  }
  const alarms = seen?.alarms ?? [];
  if (alarms.length > 0 && place.value.path !== "/") {
    return html`<${Note} tone="warn">
      ${alarms[0].detail}
      ${alarms.length > 1 && html` <a href="#/">and ${alarms.length - 1} more</a>`}
    <//>`;
  }
  return null;
}

function Screen({ path, query }) {
  const found = match(ROUTES, path);
  const [loaded, setLoaded] = useState({ route: null, screen: null, error: null });
  const shownPath = useRef(null);
  const wanted = useRef(null);
  const load = async (route) => {
    const show = (found) =>
      wanted.current === route && setLoaded({ route, ...found }); // somebody may have gone on, or back
    try {
      show({ screen: (await route.load()).default, error: null });
    } catch {
      show({
        screen: null,
        error: new Error("This screen cannot be loaded. There may be a new version: load the page again."),
      });
    }
  };
  useEffect(() => {
    wanted.current = found?.route;
    if (found && loaded.route !== found.route) load(found.route);
    document.title = `${found?.route.title ?? "Not found"} · Unified Scheduler`;
  }, [found?.route]);
  useLayoutEffect(() => {
    if (shownPath.current !== null && shownPath.current !== path) {
      scrollTo(0, 0);
      (document.querySelector("main h1") ?? document.getElementById("screen"))?.focus({ preventScroll: true });
    }
    shownPath.current = path;
  }, [path, loaded.screen]);
  if (!found) return html`<h1>Not found</h1><p>There is no screen at this address. <a href="#/">Overview</a></p>`;
  if (!may(found.route.permission)) {
    return html`
      <h1>Not allowed</h1>
      <p>Your token lacks the permission <code>${found.route.permission}</code> that this screen needs.</p>
    `;
  }
  if (loaded.route !== found.route) return html`<p aria-busy="true">Loading…</p>`;
  if (loaded.error) return html`<${Failure} error=${loaded.error} retry=${() => location.reload()} />`;
  return html`<${loaded.screen} key=${path} params=${found.params} query=${query} />`;
}
