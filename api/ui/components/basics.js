/** The small parts that every screen uses: moments, states, notes, empty screens. */
import { useId } from "preact/hooks";

import { html } from "../core/html.js";
import { href, place } from "../core/router.js";
import { MY_ZONE, duration, exact, exactTimes, now, partsOf, relative } from "../core/time.js";
import { ROUTES } from "../routes.js";

/**
 * A time, relative; the exact one in the zones that matter is its tooltip, and shown instead when "Exact times" in the
 * menu says so. It takes no part in the order of Tab: a list has hundreds of them. zone: of the job or notification.
 */
export function Moment({ at, zone, empty = "–" }) {
  if (!at) return html`<span class="muted">${empty}</span>`;
  const zones = [...new Set([zone, MY_ZONE, "UTC"].filter(Boolean))];
  const told = zones.map((each) => exact(at, each));
  if (exactTimes.value) {
    const lines = told.map((each) => html`<span key=${each}>${each}${" "}</span>`);
    return html`<time datetime=${at} class="exact">${lines}</time>`;
  }
  return html`<time datetime=${at} title=${told.join("\n")} class="moment">
    ${relative(at, now.value)}
    <span class="sr-only">, ${exact(at, zone ?? MY_ZONE)}</span>
  </time>`;
}

/** The same, exact: "Tue, 24 Nov 2026, 09:00:00 Europe/Paris". */
export const Exact = ({ at, zone = MY_ZONE }) =>
  at
    ? html`<time datetime=${at} title=${exact(at, "UTC")}>${exact(at, zone)}</time>`
    : html`<span class="muted">–</span>`;

/** A sentence of the API, with its moments told in the reader's zone. */
export const Told = ({ text }) => partsOf(text).map((part, at) =>
  typeof part === "string" ? part : html`<${Exact} key=${at} at=${part.at} />`);

export const Took = ({ ms }) => html`<span class="number">${duration(ms)}</span>`;

const TONES = {
  good: ["active", "succeeded", "sent", "delivered", "valid", "alive", "leader", "approved"],
  busy: ["running", "sending", "pending", "queued", "retry_wait", "handed_off", "accepted", "retrying"],
  warn: ["paused", "awaiting_approval", "unknown", "held", "interrupted", "expired", "skipped", "missed"],
  bad: [
    "failed", "quarantined", "dead", "timed_out", "abandoned", "bounced", "rejected", "revoked", "away", "undelivered",
  ],
};
/** good, busy, warn, bad or plain: how a state looks. */
export const toneOf = (state) => Object.keys(TONES).find((tone) => TONES[tone].includes(state)) ?? "plain";

/** A state as a coloured word; the colour says nothing that the word does not. */
export const Badge = ({ state, children }) =>
  html`<span class=${`badge ${toneOf(state)}`}>${children ?? String(state).replaceAll("_", " ")}</span>`;

/** Something that needs attention. tone: good, busy, warn, bad. */
export const Note = ({ tone = "plain", role = "status", children }) =>
  html`<div class=${`note ${tone}`} role=${tone === "bad" ? "alert" : role}>${children}</div>`;

/** Why something could not be read, with the way out. */
export const Failure = ({ error, retry }) => html`
  <${Note} tone="bad">
    <p>${error.message}${error.requestId && html` <small>(request ${error.requestId})</small>`}</p>
    ${retry && html`<button type="button" class="small" onClick=${retry}>Try again</button>`}
    ${error.status === 404 && html`<${WayToTheList} />`}
  <//>
`;

/** From the address of something that is not there to where such things are listed. */
function WayToTheList() {
  const { path } = place.value;
  const list = ROUTES.find((route) => route.menu && path.startsWith(`${route.path}/`));
  return list && html`<a href=${href(list.path)}>${list.title}: all of them</a>`;
}

/** An empty screen says what to do next. */
export const Empty = ({ title, children }) => html`<div class="empty"><h2>${title}</h2>${children}</div>`;

/** What a resource shows before, instead of or beside its data. children: called with the data. */
export function Loaded({ resource, children }) {
  const { data, error, reload } = resource;
  if (data === null) {
    return error ? html`<${Failure} error=${error} retry=${reload} />` : html`<p aria-busy="true">Loading…</p>`;
  }
  return html`${error && html`<${Stale} resource=${resource} />`}${children(data)}`;
}

/** That what is shown is old, since when, and why. */
export const Stale = ({ resource }) => html`
  <${Note} tone="warn">
    This is from ${relative(resource.loadedAt, now.value)}: ${resource.error.message}${" "}
    <button type="button" class="small" onClick=${resource.reload}>Try again</button>
  <//>
`;

/** The head of a screen: its name, and what can be done here. */
export const Head = ({ title, about, children }) => html`
  <header class="head">
    <div><h1 tabindex="-1" dir="auto">${title}</h1>${about && html`<p class="muted">${about}</p>`}</div>
    <div class="actions">${children}</div>
  </header>
`;

/** Names and values. rows: [[name, value], ...]; those without a value are left out. */
export const Facts = ({ rows }) => html`
  <dl class="facts">
    ${rows.filter(([, value]) => value !== null && value !== undefined && value !== false)
      .map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}
  </dl>
`;

/** Any JSON, as text. */
export const Json = ({ value, label = "JSON" }) => html`
  <pre tabindex="0" aria-label=${label}>${JSON.stringify(value, null, 2)}</pre>
`;

/** A part of a screen, with its name; each is a landmark. actions: beside the name. */
export function Panel({ title, actions, class: name = "", children }) {
  const id = useId();
  return html`<section class=${`card panel ${name}`} aria-labelledby=${id}>
    <header class="head"><h2 id=${id}>${title}</h2>${actions && html`<div class="actions">${actions}</div>`}</header>
    ${children}
  </section>`;
}

/** A link that looks like a button, and like one also obeys the space bar. */
export function LinkButton({ href, class: name = "", children }) {
  const press = (event) => {
    if (event.key !== " ") return;
    event.preventDefault();
    event.currentTarget.click();
  };
  return html`<a role="button" class=${name} href=${href} onKeyDown=${press}>${children}</a>`;
}
