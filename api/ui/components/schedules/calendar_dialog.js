/** The editor of a calendar: its zone, and its days one by one. */
import { useRef } from "preact/hooks";

import { api } from "../../core/api.js";
import { html } from "../../core/html.js";
import { may } from "../../core/session.js";
import { MY_ZONE } from "../../core/time.js";
import { Conflict } from "../conflict.js";
import { Dialog, tell } from "../dialog.js";
import { TextField, ZoneField } from "../forms/fields.js";
import { useForm } from "../forms/form.js";
import { FormDialog } from "../forms/form_dialog.js";
import { unlessManaged } from "../managed.js";

const PATH = "admin/scheduler/calendars";
const FIELDS = ["name", "timezone", "entries"];

/** calendar: null for a new one. */
export const CalendarDialog = ({ calendar, saved, onClose }) =>
  may("edit")
    ? html`<${Editor} calendar=${calendar} saved=${saved} onClose=${onClose} />`
    : html`<${Days} calendar=${calendar} onClose=${onClose} />`;

const Days = ({ calendar, onClose }) => html`
  <${Dialog} title=${`${calendar.name} (${calendar.timezone})`} onClose=${onClose}>
    <ul>
      ${calendar.entries.map((entry) => html`<li key=${entry.first + entry.name}>
        ${entry.first}${entry.last !== entry.first && ` to ${entry.last}`}: ${entry.name}
      </li>`)}
    </ul>
  <//>
`;

function Editor({ calendar, saved, onClose }) {
  const path = calendar && `${PATH}/${calendar.id}`;
  const revision = useRef(calendar?.revision);
  const form = useForm(
    calendar ?? { name: "", timezone: MY_ZONE, entries: [] },
    async ({ name, timezone, entries }, key) => {
      const body = { name, timezone, entries: entries.map((entry) => ({ ...entry, last: entry.last || entry.first })) };
      if (calendar) await unlessManaged((query) => api.put(path, body, revision.current, query));
      else await api.post(PATH, body, { key });
      tell(`“${name}” is saved.`);
      saved();
      onClose();
    },
  );
  return html`<${FormDialog} title=${calendar ? `Edit ${calendar.name}` : "New calendar"} form=${form}
      onClose=${onClose} submitLabel="Save calendar" wide>
    <${Conflict} form=${form} path=${path} revision=${revision} mine=${form.values} fields=${FIELDS} />
    <div class="columns">
      <${TextField} label="Name" required ...${form.bind("name")} />
      <${ZoneField} ...${form.bind("timezone")} />
    </div>
    <${Entries} form=${form} />
  <//>`;
}

function Entries({ form }) {
  const { entries } = form.values;
  const change = (at, changes) =>
    form.set("entries", entries.map((entry, each) => (each === at ? { ...entry, ...changes } : entry)));
  const add = () => form.set("entries", [...entries, { name: "", first: "", last: "" }]);
  return html`<fieldset>
    <legend>Days on which nothing runs</legend>
    ${entries.length === 0 && html`<p class="muted">None yet.</p>`}
    ${form.error("entries") && html`<small class="error">${form.error("entries")}</small>`}
    ${entries.map((entry, at) => html`<fieldset key=${at} class="row" aria-label=${`Entry ${at + 1}`}>
      <${TextField} label="What" value=${entry.name} onInput=${(name) => change(at, { name })}
        error=${form.error(`entries.${at}.name`)} placeholder="Christmas" />
      <${TextField} label="First day" type="date" value=${entry.first} onInput=${(first) => change(at, { first })}
        error=${form.error(`entries.${at}.first`) ?? form.error(`entries.${at}`)} />
      <${TextField} label="Last day, if later" type="date"
        value=${entry.last} onInput=${(last) => change(at, { last })} error=${form.error(`entries.${at}.last`)} />
      <button type="button" class="small outline secondary" aria-label=${`Remove entry ${at + 1}`}
          onClick=${() => form.set("entries", entries.filter((_, each) => each !== at))}>
        Remove
      </button>
    </fieldset>`)}
    <button type="button" class="small outline" onClick=${add}>Add a day</button>
  </fieldset>`;
}
