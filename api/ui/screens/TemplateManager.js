/** Notification templates by category, each with the clock that schedules it. */
import { useState } from "preact/hooks";

import { Empty, Head, Moment } from "../components/basics.js";
import { ActionButton, ask, attempt } from "../components/dialog.js";
import { SearchField, SelectField } from "../components/forms/fields.js";
import { unlessManaged } from "../components/managed.js";
import { CHANNELS } from "../components/notifications/messages.js";
import { DataTable } from "../components/table.js";
import { TestSend } from "../components/notifications/test_send.js";
import { api } from "../core/api.js";
import { html } from "../core/html.js";
import { useDocument, useList, useSearch } from "../core/resource.js";
import { go, href, refine } from "../core/router.js";
import { may } from "../core/session.js";
import ScheduleNotificationModal from "./ScheduleNotificationModal.js";

const TIP = "Schedule this notification: choose who gets it, when, and how often";

export default function TemplateManager({ query }) {
  const [typed, setTyped] = useSearch();
  const { q, category } = query;
  const list = useList("notifications/templates", { q, category }, { inAddress: true });
  const known = useDocument("notifications/templates/categories");
  const [open, setOpen] = useState(null);
  const categories = [...new Set([category, ...(known.data?.items ?? [])].filter(Boolean))].sort();
  const create = may("edit") && html`<a role="button" href=${href("/notifications/templates/new")}>New template</a>`;
  const close = () => setOpen(null);
  const show = (scheduled) => {
    close();
    go(`/notifications/scheduled/${scheduled.id}`);
  };
  return html`
    <${Head} title="Notification templates"
        about="Texts with variables. Every save is a new version; what is scheduled keeps its own.">
      ${create}
    <//>
    <div class="filters">
      <${SearchField} label="Search" placeholder="part of the name" value=${typed} onInput=${setTyped} />
      <${SelectField} label="Category" value=${category} onInput=${(chosen) => refine({ category: chosen })}
        options=${[["", "every category"], ...categories.map((each) => [each, each])]} />
    </div>
    <${DataTable} caption="Notification templates" columns=${columnsOf(setOpen, list.reload)}
      list=${list} csvName="notification-templates"
      empty=${q || category
        ? html`<${Empty} title="No template found"><p>Try another word or category.</p><//>`
        : html`<${Empty} title="There are no templates">
            <p>
              A template holds the texts of a notification. Write the first one, then schedule it with its clock ⏰.
            </p>
            ${create}
          <//>`} />
    ${open?.scheduled && html`
      <${ScheduleNotificationModal} template=${open.scheduled} onClose=${close} onSaved=${show} />
    `}
    ${open?.tested && html`<${TestSend} template=${open.tested} onClose=${close} />`}
  `;
}

const columnsOf = (setOpen, reload) => [
  {
    label: "Name",
    csv: (row) => row.name,
    cell: (row) => html`
      <a href=${href(`/notifications/templates/${row.id}`)} dir="auto">${row.name}</a>
      ${row.problem && html`<br /><small class="error">${row.problem}</small>`}
    `,
  },
  { label: "Category", csv: (row) => row.category, cell: (row) => row.category || "–" },
  {
    label: "Channels",
    csv: (row) => (row.channels ?? []).join(" "),
    cell: (row) => (row.channels ?? []).map((each) => CHANNELS[each] ?? each).join(", "),
  },
  {
    label: "Version",
    csv: (row) => row.version,
    cell: (row) => html`<span class="number">${row.version}</span>`,
    narrow: false,
  },
  {
    label: "Changed",
    csv: (row) => row.updatedAt,
    cell: (row) => html`<${Moment} at=${row.updatedAt} />`,
    narrow: false,
  },
  ...(may("edit")
    ? [{
        label: "Actions",
        cell: (row) => html`<${RowActions} template=${row} setOpen=${setOpen} onDeleted=${reload} />`,
      }]
    : []),
];

function RowActions({ template, setOpen, onDeleted }) {
  const remove = async () => {
    const text = "What is scheduled with it keeps its version and goes on. This cannot be undone.";
    if (!(await ask({ title: `Delete the template “${template.name}”?`, text, yes: "Delete", danger: true }))) return;
    await attempt(
      () => unlessManaged((query) => api.remove(`notifications/templates/${template.id}`, template.revision, query)),
      `“${template.name}” is deleted.`,
    );
    onDeleted();
  };
  return html`<span class="actions">
    <button type="button" class="small" title=${TIP} aria-label=${`Schedule ${template.name}`}
        onClick=${() => setOpen({ scheduled: template })}>
      ⏰ Schedule
    </button>
    <button type="button" class="small outline secondary" aria-label=${`Test ${template.name}`}
        onClick=${() => setOpen({ tested: template })}>
      Test
    </button>
    <${ActionButton} class="small outline danger" aria-label=${`Delete ${template.name}`} onClick=${remove}>Delete<//>
  </span>`;
}
