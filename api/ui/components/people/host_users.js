/** What users of the host application do not want: their opt-outs, kept here by the user's id. */
import { useRef, useState } from "preact/hooks";

import { api } from "../../core/api.js";
import { html } from "../../core/html.js";
import { useList } from "../../core/resource.js";
import { may } from "../../core/session.js";
import { Empty, Head, Moment } from "../basics.js";
import { ActionButton, ask, attempt, tell } from "../dialog.js";
import { Conflict } from "../conflict.js";
import { TextField } from "../forms/fields.js";
import { useForm } from "../forms/form.js";
import { FormDialog } from "../forms/form_dialog.js";
import { unlessManaged } from "../managed.js";
import { OptOutsField, optOutsText } from "./opt_outs.js";
import { DataTable } from "../table.js";

const PATH = "notifications/host-users";
const path = (id) => `${PATH}/${encodeURIComponent(id)}`;

export function HostUsers({ tabs }) {
  const list = useList(PATH);
  const [open, setOpen] = useState(null);
  const saved = () => {
    setOpen(null);
    tell("The opt-outs are saved.");
    list.reload();
  };
  const add = html`<button type="button" onClick=${() => setOpen({ user: null })}>Add opt-outs</button>`;
  return html`
    <${Head} title="Recipients"
        about="What users of the host application do not want. Who they are stands in its own collection.">
      ${may("edit") && add}
    <//>
    ${tabs}
    <${DataTable} caption="Opt-outs of users of the host application" columns=${columnsOf(setOpen, list.reload)}
      list=${list} csvName="host-user-opt-outs" rowLabel=${(row) => row.id}
      empty=${html`<${Empty} title="No user has opted out">
        <p>Add what a user does not want, by the id that the host application gives them.</p>
        ${may("edit") && add}
      <//>`} />
    ${open && html`<${PreferencesDialog} user=${open.user} onClose=${() => setOpen(null)} onSaved=${saved} />`}
  `;
}

const columnsOf = (setOpen, reload) => [
  {
    label: "User",
    cell: (row) => html`
      <code>${row.id}</code>
      ${row.problem && html`<br /><small class="error">${row.problem}</small>`}
    `,
    csv: (row) => row.id,
  },
  { label: "Opt-outs", cell: (row) => optOutsText(row.optOuts) || "–", csv: (row) => optOutsText(row.optOuts) },
  {
    label: "Changed",
    cell: (row) => html`<${Moment} at=${row.updatedAt} />`,
    csv: (row) => row.updatedAt,
    narrow: false,
  },
  ...(may("edit")
    ? [{
        label: "Actions",
        cell: (row) => html`<${RowActions} user=${row} onEdit=${() => setOpen({ user: row })} onDeleted=${reload} />`,
      }]
    : []),
];

function RowActions({ user, onEdit, onDeleted }) {
  const remove = async () => {
    const title = `Delete the opt-outs of ${user.id}?`;
    const text = "This user gets every message again.";
    if (!(await ask({ title, text, yes: "Delete", danger: true }))) return;
    await attempt(
      () => unlessManaged((query) => api.remove(path(user.id), user.revision, query)),
      "The opt-outs are deleted.",
    );
    onDeleted();
  };
  return html`<span class="actions">
    <button type="button" class="small outline" aria-label=${`Edit ${user.id}`} onClick=${onEdit}>Edit</button>
    <${ActionButton} class="small outline danger" aria-label=${`Delete ${user.id}`} onClick=${remove}>Delete<//>
  </span>`;
}

const FIELDS = ["optOuts"];
const valuesOf = ({ id, optOuts }) => ({ id, optOuts });

function PreferencesDialog({ user, onClose, onSaved }) {
  const revision = useRef(user?.revision ?? null);
  const form = useForm(
    user ? valuesOf(user) : { id: "", optOuts: [{ category: null, channel: null }] },
    async ({ id, optOuts }) =>
      onSaved(await unlessManaged((query) => api.put(path(id), { optOuts }, revision.current, query))),
  );
  const conflict = html`
    <${Conflict} form=${form} path=${user && path(user.id)} revision=${revision} mine=${form.values} fields=${FIELDS}
      valuesOf=${valuesOf} />
  `;
  return html`<${FormDialog} title=${user ? `Opt-outs of ${user.id}` : "Add opt-outs"} form=${form}
      onClose=${onClose} conflict=${conflict}>
    ${!user && html`
      <${TextField} label="Id of the user" required help="As the host application has it." ...${form.bind("id")} />
    `}
    <${OptOutsField} value=${form.values.optOuts} error=${form.error}
      onInput=${(optOuts) => form.set("optOuts", optOuts)} />
  <//>`;
}
