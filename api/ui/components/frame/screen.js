/** The screen of an address: loaded when it is first shown, refused with a reason, and never a blank page. */
import { useEffect, useErrorBoundary, useLayoutEffect, useRef, useState } from "preact/hooks";

import { html } from "../../core/html.js";
import { href, match } from "../../core/router.js";
import { may } from "../../core/session.js";
import { ROUTES } from "../../routes.js";
import { Failure, Head, Note } from "../basics.js";
import { permissionWords } from "./permissions.js";

const YOU = "/me";

/** The route of a path. Who may not see the overview begins at the first screen that they may see. */
const routeOf = (path) => {
  const found = match(ROUTES, path);
  if (path !== "/" || may(found.route.permission)) return found;
  const first = ROUTES.find((route) => route.menu !== undefined && may(route.permission));
  return match(ROUTES, first?.path ?? YOU);
};

export function Screen({ path, query }) {
  const found = routeOf(path);
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
  wanted.current = found?.route;
  useEffect(() => {
    // Also after another one came: a screen that was left while it loaded may arrive before this effect knows of it.
    if (found && loaded.route !== found.route) load(found.route);
    document.title = `${found?.route.title ?? "Not found"} · Unified Scheduler`;
  }, [found?.route, loaded.route]);
  useLayoutEffect(() => {
    if (shownPath.current !== null && shownPath.current !== path) {
      scrollTo(0, 0);
      (document.querySelector("main h1") ?? document.getElementById("screen"))?.focus({ preventScroll: true });
    }
    shownPath.current = path;
  }, [path, loaded.screen]);
  if (!found) return html`<h1>Not found</h1><p>There is no screen at this address. <a href="#/">Overview</a></p>`;
  if (!may(found.route.permission)) return html`<${NotAllowed} route=${found.route} />`;
  if (loaded.route !== found.route) return html`<p aria-busy="true">Loading…</p>`;
  if (loaded.error) return html`<${Failure} error=${loaded.error} retry=${() => location.reload()} />`;
  return html`<${Guarded} key=${path} screen=${loaded.screen} params=${found.params} query=${query} />`;
}

const NotAllowed = ({ route }) => html`
  <h1>Not allowed</h1>
  <p>Your token lacks the permission <code>${route.permission}</code> that this screen needs.</p>
  <p>The screen “${route.title}” is for those who may ${permissionWords(route.permission)}.</p>
  <p><a href=${href(YOU)}>What you may do</a></p>
`;

/** A screen that breaks says so; the menu and everything else go on. Another filter in the address tries it again. */
function Guarded({ screen, params, query }) {
  const [error, reset] = useErrorBoundary();
  const address = JSON.stringify(query);
  const brokenAt = useRef(address);
  useEffect(() => {
    if (error && brokenAt.current !== address) reset();
    brokenAt.current = address;
  }, [address]);
  if (!error) return html`<${screen} params=${params} query=${query} />`;
  return html`
    <${Head} title="This screen broke" />
    <${Note} tone="bad">
      <p>It cannot show what it was asked for. What you do elsewhere is not touched by it.</p>
      <div class="actions">
        <button type="button" class="small" onClick=${reset}>Try again</button>
        <a href=${location.hash.split("?")[0]}>Without filters</a>
        <a href="#/">Overview</a>
      </div>
    <//>
    <details><summary>What happened</summary><pre tabindex="0">${error.stack ?? String(error)}</pre></details>
  `;
}
