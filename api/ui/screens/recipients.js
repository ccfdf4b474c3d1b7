/** Recipients: people who can be notified, their opt-outs, and what users of the host application do not want. */
import { useState } from "preact/hooks";

import { Empty, Head, Moment } from "../components/basics.js";
import { ActionButton, ask, attempt, tell } from "../components/dialog.js";
import { SearchField } from "../components/forms/fields.js";
import { HostUsers } from "../components/people/host_users.js";
import { ImportDialog } from "../components/people/import_dialog.js";
import { unlessManaged } from "../components/managed.js";
import { optOutsText } from "../components/people/opt_outs.js";
import { RecipientDialog } from "../components/people/recipient_dialog.js";
import { DataTable } from "../components/table.js";
import { Tabs } from "../components/tabs.js";
import { api } from "../core/api.js";
import { html } from "../core/html.js";
import { useList, useSettled } from "../core/resource.js";
import { may } from "../core/session.js";

const TABS = [["people", "People"], ["host-users", "Users of the host application"]];

export default function Recipients({ query }) {
  const tab = query.tab === "host-users" ? "host-users" : "people";
  return tab === "people" ? html`<${People} />` : html`<${HostUsers} tabs=${tabs(tab)} />`;
}

const tabs = (value) => html`<${Tabs} label="Who" value=${value} options=${TABS} />`;

function People() {
  const [typed, setTyped] = useState("");
  const q = useSettled(typed.trim());
  const list = useList("notifications/recipients", { q });
  const [open, setOpen] = useState(null);
  const close = () => setOpen(null);
  const imported = () => {
    close();
    list.reload();
  };
  const saved = (text) => {
    tell(text);
    imported();
  };
  return html`
    <${Head} title="Recipients"
        about="People who can be notified, beside plain addresses and users of the host application.">
      ${may("edit") && html`
        <button type="button" class="outline" onClick=${() => setOpen("import")}>Import CSV</button>
        <button type="button" onClick=${() => setOpen({ person: null })}>Add a recipient</button>
      `}
    <//>
    ${tabs("people")}
    <div class="filters">
      <${SearchField} label="Search" placeholder="name, address, number or key" value=${typed} onInput=${setTyped} />
    </div>
    <${DataTable} caption="Recipients" columns=${columnsOf(setOpen, list.reload)}
      list=${list} csvName="recipients" rowLabel=${nameOf}
      empty=${q
        ? html`<${Empty} title="Nobody found">
            <p>Each word has to begin a word of the name, the address, the number or the key.</p>
          <//>`
        : nobody(setOpen)} />
    ${open === "import" && html`<${ImportDialog} onClose=${close} onImported=${imported} />`}
    ${open?.person !== undefined && html`
      <${RecipientDialog} person=${open.person} onClose=${close}
        onSaved=${(person) => saved(`${nameOf(person)} is saved.`)} />
    `}
  `;
}

const nameOf = (person) => person.name || person.email || person.phone || person.id;

const columnsOf = (setOpen, reload) => [
  {
    label: "Name",
    cell: (row) => html`
      <bdi>${nameOf(row)}</bdi>${row.problem && html`<br /><small class="error">${row.problem}</small>`}
    `,
    csv: (row) => row.name,
  },
  { label: "E-mail", cell: (row) => row.email ?? "–", csv: (row) => row.email },
  {
    label: "Phone",
    cell: (row) => html`<span class="number">${row.phone ?? "–"}</span>`,
    csv: (row) => row.phone,
    narrow: false,
  },
  { label: "Time zone", cell: (row) => row.timezone ?? "–", csv: (row) => row.timezone, narrow: false },
  {
    label: "Opt-outs",
    cell: (row) => optOutsText(row.optOuts) || "–",
    csv: (row) => optOutsText(row.optOuts),
    narrow: false,
  },
  { label: "External key", cell: (row) => row.externalKey ?? "–", csv: (row) => row.externalKey, narrow: false },
  {
    label: "Changed",
    cell: (row) => html`<${Moment} at=${row.updatedAt} />`,
    csv: (row) => row.updatedAt,
    narrow: false,
  },
  ...(may("edit")
    ? [{
        label: "Actions",
        cell: (row) => html`
          <${RowActions} person=${row} onEdit=${() => setOpen({ person: row })} onDeleted=${reload} />
        `,
      }]
    : []),
];

function RowActions({ person, onEdit, onDeleted }) {
  const name = nameOf(person);
  const remove = async () => {
    const text =
      `${name} is deleted. Groups and scheduled notifications that name them no longer reach them. ` +
      "This cannot be undone.";
    if (!(await ask({ title: `Delete ${name}?`, text, yes: "Delete", danger: true }))) return;
    await attempt(
      () => unlessManaged((query) => api.remove(`notifications/recipients/${person.id}`, person.revision, query)),
      `${name} is deleted.`,
    );
    onDeleted();
  };
  return html`<span class="actions">
    <button type="button" class="small outline" aria-label=${`Edit ${name}`} onClick=${onEdit}>Edit</button>
    <${ActionButton} class="small outline danger" aria-label=${`Delete ${name}`} onClick=${remove}>Delete<//>
  </span>`;
}

const nobody = (setOpen) => html`<${Empty} title="There are no recipients">
  <p>Add people one by one, or import them from a CSV file. A scheduled notification may also name plain addresses.</p>
  ${may("edit") && html`<div class="actions center">
    <button type="button" class="outline" onClick=${() => setOpen("import")}>Import CSV</button>
    <button type="button" onClick=${() => setOpen({ person: null })}>Add a recipient</button>
  </div>`}
<//>`;
