/** The frame around every screen: menu, banner, and the screen of the address. */
import { useEffect, useState } from "preact/hooks";

import { html } from "../../core/html.js";
import { href, place } from "../../core/router.js";
import { lost, may, me, signOut, visitor } from "../../core/session.js";
import { followStatus } from "../../core/status.js";
import { isDark, themeChanges, toggleTheme } from "../../core/theme.js";
import { exactTimes } from "../../core/time.js";
import { ROUTES } from "../../routes.js";
import { Banner } from "./banner.js";
import { Questions } from "../dialog.js";
import { Screen } from "./screen.js";
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
        <p>
          <a href="#/me" aria-current=${path === "/me" ? "page" : undefined}><strong>${me.value.name}</strong></a><br />
          <small>${me.value.roles.join(", ")} · <a href="#/me">what you may do</a></small>
        </p>
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
