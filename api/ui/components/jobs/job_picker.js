/** Choosing one job by its name: what is typed is searched for, the address or form gets the id. */
import { useEffect, useId, useRef, useState } from "preact/hooks";

import { api } from "../../core/api.js";
import { html } from "../../core/html.js";
import { useDocument, useResource, useSettled } from "../../core/resource.js";
import { Field } from "../forms/fields.js";
import { jobPath } from "./job_parts.js";

const SHOWN = 8;
const ID = /^[A-Za-z0-9_-]{8,64}$/;

/** value: the id, or nothing for any job. onInput(id or null). The focus goes on to what takes its place. */
export function JobField({ value, onInput, label = "Job" }) {
  const holder = useRef(null);
  const chosenHere = useRef(false);
  const choose = (id) => {
    chosenHere.current = true;
    onInput(id);
  };
  useEffect(() => {
    if (chosenHere.current) holder.current.querySelector(value ? "button" : "input").focus();
    chosenHere.current = false;
  }, [value]);
  return html`<div class="picking" ref=${holder}>
    ${value
      ? html`<${Chosen} id=${value} label=${label} onClear=${() => choose(null)} />`
      : html`<${Search} label=${label} onChoose=${choose} />`}
  </div>`;
}

function Chosen({ id, label, onClear }) {
  const name = useResource(id, (signal) => readName(id, signal));
  const shown = name.data ?? (name.error ? id : "…");
  return html`<${Field} label=${label}>${(control) => html`
    <span class="chosen">
      <input ...${control} readonly value=${shown} title=${id} />
      <button type="button" class="small outline secondary" aria-label="Any job" onClick=${onClear}>✕</button>
    </span>
  `}<//>`;
}

async function readName(id, signal) {
  try {
    return (await api.get(jobPath(id), {}, signal)).name ?? id;
  } catch (error) {
    if (error.status === 404) return `deleted job ${id}`;
    throw error;
  }
}

/** A combobox as ARIA describes it: arrows choose, Enter takes, Escape closes. */
function Search({ label, onChoose }) {
  const listId = useId();
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const [open, setOpen] = useState(false);
  const q = useSettled(typed.trim());
  const found = useDocument(q ? "admin/scheduler/jobs" : null, { q, limit: SHOWN });
  const jobs = found.data?.items ?? [];
  const options = jobs.map(({ id, name, template }) => ({ id, name: name ?? id, about: template }));
  if (found.data && options.length === 0 && ID.test(q)) options.push({ id: q, name: q, about: "by its id" });
  const shown = open && q !== "";
  const chosen = Math.min(at, options.length - 1);
  const move = (by) => {
    setOpen(true);
    setAt(Math.max(0, Math.min(chosen + by, options.length - 1)));
  };
  const keys = {
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    Enter: () => shown && options[chosen] && onChoose(options[chosen].id),
    Escape: () => setOpen(false),
  };
  const press = (event) => {
    if (!(event.key in keys)) return;
    event.preventDefault();
    keys[event.key]();
  };
  const input = (text) => {
    setTyped(text);
    setAt(0);
    setOpen(true);
  };
  const optionId = (index) => `${listId}-${index}`;
  return html`<${Field} label=${label}>${(control) => html`
    <input ...${control} type="search" role="combobox" autocomplete="off" placeholder="part of its name"
      aria-autocomplete="list" aria-expanded=${String(shown)} aria-controls=${listId}
      aria-activedescendant=${shown && options.length > 0 ? optionId(chosen) : undefined}
      value=${typed} onInput=${(event) => input(event.target.value)} onKeyDown=${press}
      onBlur=${() => setOpen(false)} />
    <ul id=${listId} role="listbox" aria-label="Jobs" class="suggestions" hidden=${!shown}>
      ${options.map((job, index) => html`
        <li key=${job.id} id=${optionId(index)} role="option" aria-selected=${String(index === chosen)}
            onMouseDown=${(event) => event.preventDefault()} onClick=${() => onChoose(job.id)}>
          ${job.name} <small class="muted">${job.about}</small>
        </li>
      `)}
      ${options.length === 0 && html`<li class="muted" role="presentation">
        ${found.error?.message ?? (found.data && q === typed.trim() ? "No job has this in its name." : "Looking…")}
      </li>`}
    </ul>
  `}<//>`;
}
