/** Calendars: days that schedules leave out. */
import { useState } from "preact/hooks";

import { Badge, Empty, Head, Moment } from "../components/basics.js";
import { CalendarDialog } from "../components/schedules/calendar_dialog.js";
import { ActionButton, ask, attempt } from "../components/dialog.js";
import { unlessManaged } from "../components/managed.js";
import { DataTable } from "../components/table.js";
import { api } from "../core/api.js";
import { html } from "../core/html.js";
import { useList } from "../core/resource.js";
import { may } from "../core/session.js";

export default function Calendars() {
  const list = useList("admin/scheduler/calendars");
  const [edited, setEdited] = useState(null); // {calendar: null for a new one}
  const create =
    may("edit") && html`<button type="button" onClick=${() => setEdited({ calendar: null })}>New calendar</button>`;
  const columns = [
    {
      label: "Name",
      cell: (calendar) => html`
        <bdi>${calendar.name}</bdi>
        ${calendar.problem && html`<br /><small class="error">${calendar.problem}</small>`}
      `,
      csv: (calendar) => calendar.name,
    },
    { label: "Zone", cell: (calendar) => calendar.timezone, csv: (calendar) => calendar.timezone },
    {
      label: "Entries",
      cell: (calendar) => html`<span class="number">${calendar.entries?.length ?? "–"}</span>`,
      csv: (calendar) => calendar.entries?.length,
    },
    {
      label: "Next free day",
      cell: (calendar) => next(calendar.entries ?? []),
      csv: (calendar) => next(calendar.entries ?? []),
    },
    {
      label: "Kept by",
      cell: (calendar) =>
        calendar.managedBy
          ? html`<${Badge} state="files">files: ${calendar.managedLabel ?? calendar.managedBy}<//>`
          : "people",
      narrow: false,
    },
    {
      label: "Changed",
      cell: (calendar) => html`<${Moment} at=${calendar.updatedAt} />`,
      csv: (calendar) => calendar.updatedAt,
      narrow: false,
    },
    {
      label: "Actions",
      cell: (calendar) => html`<span class="actions">
        <button type="button" class="small outline" aria-label=${`${may("edit") ? "Edit" : "Show"} ${calendar.name}`}
            onClick=${() => setEdited({ calendar })}>
          ${may("edit") ? "Edit" : "Show"}
        </button>
        ${may("edit") && html`<${ActionButton} class="small outline danger" aria-label=${`Delete ${calendar.name}`}
            onClick=${() => remove(calendar, list.reload)}>
          Delete
        <//>`}
      </span>`,
    },
  ];
  return html`
    <${Head} title="Calendars"
        about="Days such as holidays, on which jobs and notifications that name the calendar do not run.">
      ${create}
    <//>
    <${DataTable} caption="Calendars" columns=${columns} list=${list} csvName="calendars"
      empty=${html`<${Empty} title="No calendar yet">
        <p>Write down the days on which nothing should run, then choose the calendar in a schedule.</p>${create}
      <//>`} />
    ${edited && html`
      <${CalendarDialog} calendar=${edited.calendar} saved=${list.reload} onClose=${() => setEdited(null)} />
    `}
  `;
}

/** "2026-12-25 Christmas", or a dash. Days are text, so they compare as they stand. */
function next(entries) {
  const today = new Date().toISOString().slice(0, 10);
  const [first] = entries
    .filter((entry) => entry.last >= today)
    .sort((one, other) => (one.first < other.first ? -1 : 1));
  return first ? `${first.first} ${first.name}` : "–";
}

async function remove(calendar, reload) {
  const text = `“${calendar.name}” is deleted. One that a schedule names cannot be deleted.`;
  if (!(await ask({ title: "Delete this calendar?", text, yes: "Delete", danger: true }))) return;
  await attempt(async () => {
    await unlessManaged((query) => api.remove(`admin/scheduler/calendars/${calendar.id}`, calendar.revision, query));
    await reload();
  }, `“${calendar.name}” is deleted.`);
}
