/** Addresses: `#/jobs/42?state=paused`. A screen is loaded when it is first shown. */
import { signal } from "@preact/signals";

const UNSAVED = "What you typed is not saved. Leave it?";

const parse = () => {
  const [path, search = ""] = (location.hash.slice(1) || "/").split("?");
  const trail = history.state?.trail ?? null;
  return { path: path || "/", query: Object.fromEntries(new URLSearchParams(search)), trail };
};

/** {path, query} of the address. trail: cursors of the pages up to this one; null: nobody turned pages to come here. */
export const place = signal(parse());

const guards = new Set();
let shown = location.hash;

/**
 * While `isUnsaved()` of one of them holds, leaving the screen asks first. Returns how to end that. It is meant for
 * useLayoutEffect: useEffect ends only after the next frame, and who goes on at once would be asked in vain.
 */
export function guard(isUnsaved) {
  guards.add(isUnsaved);
  return () => guards.delete(isUnsaved);
}

const unsaved = () => [...guards].some((isUnsaved) => isUnsaved());

addEventListener("hashchange", () => {
  const samePath = parse().path === place.value.path;
  if (!samePath && unsaved() && !confirm(UNSAVED)) {
    history.replaceState(null, "", shown || "#/");
    return;
  }
  arrive();
});

addEventListener("beforeunload", (event) => {
  if (unsaved()) event.preventDefault();
});

/** The address of a screen, for `href`. Empty values are left out. */
export function href(path, query = {}) {
  const search = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== "" && value != null));
  return `#${path}${search.size ? `?${search}` : ""}`;
}

export function go(path, query) {
  location.hash = href(path, query);
}

/**
 * Changes filters in the address; the screen stays, with the first page of its list. Never for what people are called
 * or reached by.
 */
export function refine(changes) {
  const { path, query } = place.value;
  history.replaceState(null, "", href(path, { ...query, page: null, after: null, ...changes }));
  arrive();
}

/** Another page of the screen's list: "back" leads to the one before. trail: the cursors of the pages up to it. */
export function turnPage(trail) {
  const { path, query } = place.value;
  const page = trail.length > 0 ? trail.length + 1 : null;
  history.pushState({ trail }, "", href(path, { ...query, page, after: trail.at(-1) }));
  arrive();
}

function arrive() {
  shown = location.hash;
  place.value = parse();
}

/** The first route whose pattern fits: `/jobs/:id` gives {route, params}. null: none does, or it is no address. */
export function match(routes, path) {
  for (const route of routes) {
    const names = [];
    const pattern = route.path.replace(/:(\w+)/g, (_, name) => (names.push(name), "([^/]+)"));
    const found = new RegExp(`^${pattern}$`).exec(path);
    const params = found && decoded(names.map((name, at) => [name, found[at + 1]]));
    if (params) return { route, params };
  }
  return null;
}

/** null: a part that somebody cut, such as `%E0%A4`. */
function decoded(parts) {
  try {
    return Object.fromEntries(parts.map(([name, part]) => [name, decodeURIComponent(part)]));
  } catch {
    return null;
  }
}
