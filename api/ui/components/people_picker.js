/** Choosing people: those who are chosen, page by page with their names, and all others to add. */
import { useState } from "preact/hooks";

import { api } from "../core/api.js";
import { html } from "../core/html.js";
import { useList, useResource } from "../core/resource.js";
import { Failure } from "./basics.js";

const SHOWN = 20;

/** ids: an array. onInput(ids). */
export function PeoplePicker({ ids, onInput }) {
  return html`<div class="columns picker">
    <${Chosen} ids=${ids} onInput=${onInput} />
    <${Others} ids=${ids} onInput=${onInput} />
  </div>`;
}

const nameOf = (person) => [person.name, person.email ?? person.phone].filter(Boolean).join(", ") || person.id;

/** One person of the API; {id, gone: true} if there is none any more. */
async function read(id, signal) {
  try {
    return await api.get(`notifications/recipients/${id}`, {}, signal);
  } catch (error) {
    if (error.status === 404) return { id, gone: true };
    throw error;
  }
}

function Chosen({ ids, onInput }) {
  const [page, setPage] = useState(0);
  const last = Math.max(0, Math.ceil(ids.length / SHOWN) - 1);
  const at = Math.min(page, last);
  const shown = ids.slice(at * SHOWN, (at + 1) * SHOWN);
  const resource = useResource(shown.join(), (signal) => Promise.all(shown.map((id) => read(id, signal))));
  return html`<section aria-labelledby="chosen">
    <h3 id="chosen" aria-live="polite">${ids.length} ${ids.length === 1 ? "member" : "members"}</h3>
    ${ids.length === 0 && html`<p class="muted">Nobody yet: add people from the list beside.</p>`}
    ${resource.error && html`<${Failure} error=${resource.error} retry=${resource.reload} />`}
    <ul class="plain-list">
      ${(resource.data ?? []).map((person) => html`<li key=${person.id} class="pick">
        <span>${person.gone ? html`<span class="muted">somebody who was deleted</span>` : nameOf(person)}</span>
        <button type="button" class="small outline secondary" aria-label=${`Remove ${person.gone ? "somebody who was deleted" : nameOf(person)}`} onClick=${() => onInput(ids.filter((id) => id !== person.id))}>Remove</button>
      </li>`)}
    </ul>
    <${Pages} label="Members" previous=${at > 0 && (() => setPage(at - 1))} next=${at < last && (() => setPage(at + 1))} />
  </section>`;
}

function Others({ ids, onInput }) {
  const list = useList("notifications/recipients", { limit: SHOWN });
  const chosen = new Set(ids);
  const free = list.items.filter((person) => !chosen.has(person.id));
  return html`<section aria-labelledby="others">
    <h3 id="others">Recipients to add</h3>
    ${list.error && html`<${Failure} error=${list.error} retry=${list.reload} />`}
    ${list.data && list.items.length === 0 && html`<p class="muted">There are no recipients yet. Add them under Recipients first.</p>`}
    <ul class="plain-list">
      ${list.items.map((person) => html`<li key=${person.id} class="pick">
        <span>${nameOf(person)}</span>
        ${chosen.has(person.id)
          ? html`<span class="muted">member</span>`
          : html`<button type="button" class="small outline" aria-label=${`Add ${nameOf(person)}`} onClick=${() => onInput([...ids, person.id])}>Add</button>`}
      </li>`)}
    </ul>
    ${free.length > 1 && html`<button type="button" class="small outline" onClick=${() => onInput([...ids, ...free.map((person) => person.id)])}>Add these ${free.length}</button>`}
    <${Pages} label="Recipients" previous=${list.pager.previous} next=${list.pager.next} />
  </section>`;
}

const Pages = ({ label, previous, next }) =>
  (previous || next) && html`<nav class="pager" aria-label=${`Pages of ${label}`}><span class="actions">
    <button type="button" class="small outline" disabled=${!previous} onClick=${previous || undefined}>Previous</button>
    <button type="button" class="small outline" disabled=${!next} onClick=${next || undefined}>Next</button>
  </span></nav>`;
