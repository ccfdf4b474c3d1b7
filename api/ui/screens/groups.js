/** Groups: named sets of recipients. */
import { useRef, useState } from "preact/hooks";

import { Empty, Head, Moment } from "../components/basics.js";
import { ActionButton, ask, attempt, tell } from "../components/dialog.js";
import { Conflict } from "../components/conflict.js";
import { SearchField, TextField } from "../components/forms/fields.js";
import { useForm } from "../components/forms/form.js";
import { FormDialog } from "../components/forms/form_dialog.js";
import { unlessManaged } from "../components/managed.js";
import { PeoplePicker } from "../components/people/people_picker.js";
import { DataTable } from "../components/table.js";
import { api } from "../core/api.js";
import { html } from "../core/html.js";
import { useList, useSettled } from "../core/resource.js";
import { may } from "../core/session.js";

const PATH = "notifications/groups";

export default function Groups() {
  const [typed, setTyped] = useState("");
  const q = useSettled(typed.trim());
  const list = useList(PATH, { q });
  const [open, setOpen] = useState(null);
  const saved = (group) => {
    setOpen(null);
    tell(`“${group.name}” is saved.`);
    list.reload();
  };
  const add = may("edit") && html`<button type="button" onClick=${() => setOpen({ group: null })}>Add a group</button>`;
  return html`
    <${Head} title="Groups"
        about="Named sets of recipients. A scheduled notification reaches whoever is in its groups when it is sent.">
      ${add}
    <//>
    <div class="filters"><${SearchField} label="Search by name" value=${typed} onInput=${setTyped} /></div>
    <${DataTable} caption="Groups" columns=${columnsOf(setOpen, list.reload)} list=${list} csvName="groups"
      empty=${q
        ? html`<${Empty} title="No such group"><p>No group has this in its name.</p><//>`
        : html`<${Empty} title="There are no groups">
            <p>Add one, and choose who belongs to it; or import people from a CSV file into one.</p>
            ${add}
          <//>`} />
    ${open && html`<${GroupDialog} group=${open.group} onClose=${() => setOpen(null)} onSaved=${saved} />`}
  `;
}

const columnsOf = (setOpen, reload) => [
  {
    label: "Name",
    cell: (row) => html`
      <bdi>${row.name ?? row.id}</bdi>${row.problem && html`<br /><small class="error">${row.problem}</small>`}
    `,
    csv: (row) => row.name,
  },
  {
    label: "Members",
    cell: (row) => html`<span class="number">${row.members?.length ?? "–"}</span>`,
    csv: (row) => row.members?.length,
  },
  {
    label: "Changed",
    cell: (row) => html`<${Moment} at=${row.updatedAt} />`,
    csv: (row) => row.updatedAt,
    narrow: false,
  },
  ...(may("edit")
    ? [{
        label: "Actions",
        cell: (row) => html`<${RowActions} group=${row} onEdit=${() => setOpen({ group: row })} onDeleted=${reload} />`,
      }]
    : []),
];

function RowActions({ group, onEdit, onDeleted }) {
  const remove = async () => {
    const text = "Its people stay. Scheduled notifications that name it no longer reach them through it.";
    if (!(await ask({ title: `Delete “${group.name}”?`, text, yes: "Delete", danger: true }))) return;
    await attempt(
      () => unlessManaged((query) => api.remove(`${PATH}/${group.id}`, group.revision, query)),
      `“${group.name}” is deleted.`,
    );
    onDeleted();
  };
  return html`<span class="actions">
    <button type="button" class="small outline" aria-label=${`Edit ${group.name}`} onClick=${onEdit}>Edit</button>
    <${ActionButton} class="small outline danger" aria-label=${`Delete ${group.name}`} onClick=${remove}>Delete<//>
  </span>`;
}

const FIELDS = ["name", "members"];
const valuesOf = (group) => ({ name: group?.name ?? "", members: group?.members ?? [] });

/** A version with its members in words: how they differ from those that were there when the dialog was opened. */
function toldBeside(before) {
  const known = new Set(before);
  return (group) => {
    const added = group.members.filter((id) => !known.has(id)).length;
    return {
      ...group,
      members: `${group.members.length}: ${added} added, ${before.length + added - group.members.length} removed`,
    };
  };
}

function GroupDialog({ group, onClose, onSaved }) {
  const revision = useRef(group?.revision);
  const form = useForm(valuesOf(group), async (body, key) => {
    const replace = (query) => api.put(`${PATH}/${group.id}`, body, revision.current, query);
    onSaved(await (group ? unlessManaged(replace) : api.post(PATH, body, { key })));
  });
  const conflict = html`
    <${Conflict} form=${form} path=${group && `${PATH}/${group.id}`} revision=${revision} mine=${form.values}
      fields=${FIELDS} valuesOf=${valuesOf} told=${toldBeside(group?.members ?? [])} />
  `;
  return html`<${FormDialog} title=${group ? `Edit “${group.name}”` : "Add a group"} form=${form}
      onClose=${onClose} conflict=${conflict} wide>
    <${TextField} label="Name" required ...${form.bind("name")} />
    ${form.error("members") && html`<p class="error"><small class="error">${form.error("members")}</small></p>`}
    <${PeoplePicker} ids=${form.values.members} onInput=${(members) => form.set("members", members)} />
  <//>`;
}
