/** Choosing people: those who are chosen, page by page with their names, and all others to add. */
import { useRef, useState } from "preact/hooks";

import { api } from "../../core/api.js";
import { html } from "../../core/html.js";
import { useList, useResource, useSettled } from "../../core/resource.js";
import { Failure } from "../basics.js";
import { SearchField } from "../forms/fields.js";

const SHOWN = 20;

/** ids: an array. onInput(ids). */
export function PeoplePicker({ ids, onInput }) {
  return html`<div class="columns picker">
    <${Chosen} ids=${ids} onInput=${onInput} />
    <${Others} ids=${ids} onInput=${onInput} />
  </div>`;
}

const nameOf = (person) => [person.name, person.email ?? person.phone].filter(Boolean).join(", ") || person.id;

const called = (person) => (person === undefined ? "…" : person.gone ? "somebody who was deleted" : nameOf(person));

/** One person of the API; {id, gone: true} if there is none any more. */
async function readPerson(id, signal) {
  try {
    return await api.get(`notifications/recipients/${id}`, {}, signal);
  } catch (error) {
    if (error.status === 404) return { id, gone: true };
    throw error;
  }
}

function Chosen({ ids, onInput }) {
  const [page, setPage] = useState(0);
  const known = useRef(new Map());
  const heading = useRef(null);
  const last = Math.max(0, Math.ceil(ids.length / SHOWN) - 1);
  const at = Math.min(page, last);
  const shown = ids.slice(at * SHOWN, (at + 1) * SHOWN);
  const resource = useResource(shown.join(), async (signal) => {
    const read = await Promise.all(shown.filter((id) => !known.current.has(id)).map((id) => readPerson(id, signal)));
    for (const person of read) known.current.set(person.id, person);
    return read;
  });
  const remove = (id) => {
    onInput(ids.filter((each) => each !== id));
    heading.current.focus(); // its button is gone
  };
  return html`<section aria-labelledby="chosen">
    <h3 id="chosen" ref=${heading} tabindex="-1" aria-live="polite">
      ${ids.length} ${ids.length === 1 ? "member" : "members"}
    </h3>
    ${ids.length === 0 && html`<p class="muted">Nobody yet: add people from the list.</p>`}
    ${resource.error && html`<${Failure} error=${resource.error} retry=${resource.reload} />`}
    <ul class="plain-list">
      ${shown.map((id) => html`
        <${Member} key=${id} name=${called(known.current.get(id))} onRemove=${() => remove(id)} />
      `)}
    </ul>
    <${Pages} label="Members" previous=${at > 0 && (() => setPage(at - 1))}
      next=${at < last && (() => setPage(at + 1))} />
  </section>`;
}

const Member = ({ name, onRemove }) => html`<li class="pick">
  <span>${name}</span>
  <button type="button" class="small outline secondary" aria-label=${`Remove ${name}`} onClick=${onRemove}>
    Remove
  </button>
</li>`;

function Others({ ids, onInput }) {
  const [typed, setTyped] = useState("");
  const q = useSettled(typed.trim());
  const list = useList("notifications/recipients", { limit: SHOWN, q });
  const chosen = new Set(ids);
  const free = list.items.filter((person) => !chosen.has(person.id));
  const toggle = (id) => onInput(chosen.has(id) ? ids.filter((each) => each !== id) : [...ids, id]);
  return html`<section aria-labelledby="others">
    <h3 id="others">Recipients to add</h3>
    <${SearchField} label="Search recipients" placeholder="name, address, number or key"
      value=${typed} onInput=${setTyped} />
    ${list.error && html`<${Failure} error=${list.error} retry=${list.reload} />`}
    ${list.data && list.items.length === 0 && html`
      <p class="muted">${q ? "Nobody found." : "There are no recipients yet. Add them under Recipients first."}</p>
    `}
    <ul class="plain-list">
      ${list.items.map((person) => html`
        <${Other} key=${person.id} person=${person} chosen=${chosen.has(person.id)}
          onToggle=${() => toggle(person.id)} />
      `)}
    </ul>
    ${free.length > 1 && html`<button type="button" class="small outline"
        onClick=${() => onInput([...ids, ...free.map((person) => person.id)])}>
      Add these ${free.length}
    </button>`}
    <${Pages} label="Recipients" previous=${list.pager.previous} next=${list.pager.next} />
  </section>`;
}

/** The button stays where it is, so that the focus does. */
const Other = ({ person, chosen, onToggle }) => html`<li class="pick">
  <span>${nameOf(person)}</span>
  <button type="button" class=${`small outline ${chosen ? "secondary" : ""}`} aria-pressed=${chosen}
      aria-label=${`Member: ${nameOf(person)}`} onClick=${onToggle}>
    ${chosen ? "Member ✓" : "Add"}
  </button>
</li>`;

const Pages = ({ label, previous, next }) =>
  (previous || next) && html`<nav class="pager" aria-label=${`Pages of ${label}`}><span class="actions">
    <button type="button" class="small outline" disabled=${!previous} onClick=${previous || undefined}>Previous</button>
    <button type="button" class="small outline" disabled=${!next} onClick=${next || undefined}>Next</button>
  </span></nav>`;
