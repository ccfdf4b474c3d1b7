/** Scheduled notifications: the list, and the calendar of what is to be sent. */
import { useState } from "preact/hooks";

import { Badge, Empty, Head, Moment, Note } from "../components/basics.js";
import { SearchField } from "../components/fields.js";
import { NotificationActions, StatisticsLine, statisticsText } from "../components/notifications.js";
import { SendingCalendar } from "../components/sending_calendar.js";
import { DataTable } from "../components/table.js";
import { Tabs } from "../components/tabs.js";
import { html } from "../core/html.js";
import { useDocument, useList, useSettled } from "../core/resource.js";
import { href, refine } from "../core/router.js";
import { may } from "../core/session.js";

const VIEWS = [["list", "List"], ["calendar", "Calendar"]];
const EVERY_MS = 30_000; // each time the API counts the messages of all that are shown
const ABOUT = "Who gets which notification, when, and what became of it.";

export default function ScheduledNotifications({ query }) {
  const view = query.view === "calendar" ? "calendar" : "list";
  return html`
    <${Head} title="Scheduled notifications" about=${ABOUT}>
      ${may("edit") && html`<a role="button" class="button" href=${href("/notifications/templates")}>Schedule a notification</a>`}
    <//>
    <${Tabs} label="View" name="view" value=${view} options=${VIEWS} />
    ${view === "calendar" ? html`<${SendingCalendar} month=${query.month} onMonth=${(month) => refine({ month })} />`
      : html`<${NotificationList} templateId=${query.templateId ?? ""} />`}
  `;
}

function NotificationList({ templateId }) {
  const [typed, setTyped] = useState("");
  const q = useSettled(typed.trim());
  const list = useList("notifications/scheduled", { q, templateId }, { every: EVERY_MS });
  const columns = [
    { label: "Name", cell: nameCell, csv: (row) => row.name },
    { label: "State", cell: stateCell, csv: (row) => row.state },
    { label: "Rule", cell: (row) => row.rule ?? html`<span class="muted">unreadable</span>`, csv: (row) => row.rule, narrow: false },
    { label: "Next send", cell: (row) => html`<${Moment} at=${row.nextRun} zone=${row.schedule?.timezone} />`, csv: (row) => row.nextRun },
    { label: "Channels", cell: (row) => channelsOf(row), csv: channelsOf, narrow: false },
    { label: "Messages", cell: (row) => html`<${StatisticsLine} statistics=${row.statistics} />`, csv: (row) => statisticsText(row.statistics) },
    { label: "Actions", cell: (row) => html`<${NotificationActions} notification=${row} small onChanged=${list.reload} onDeleted=${list.reload} />` },
  ];
  return html`
    ${templateId && html`<${OneTemplate} id=${templateId} />`}
    <div class="filters"><${SearchField} label="Search by name" value=${typed} onInput=${setTyped} /></div>
    <${DataTable} caption="Scheduled notifications" columns=${columns} list=${list} csvName="scheduled-notifications"
      empty=${q || templateId ? notFound() : nothing()} />
  `;
}

function OneTemplate({ id }) {
  const { data } = useDocument(`notifications/templates/${id}`);
  return html`<${Note} role="note">
    Only those of the template <a href=${href(`/notifications/templates/${id}`)}>${data?.name ?? id}</a>.
    <button type="button" class="small outline" onClick=${() => refine({ templateId: "" })}>Show all</button>
  <//>`;
}

const notFound = () => html`<${Empty} title="None found"><p>No scheduled notification fits the search.</p><//>`;


const channelsOf = (row) => (Array.isArray(row.channels) ? row.channels.map((channel) => (channel === "sms" ? "SMS" : "e-mail")).join(", ") : "");

const nameCell = (row) => html`<a href=${href(`/notifications/scheduled/${row.id}`)}>${row.name ?? row.id}</a>`;

const stateCell = (row) => html`<${Badge} state=${row.state} />${row.state === "paused" && row.pause && html`<br /><small
  class="muted">${row.pause.reason || `by ${row.pause.by}`}</small>`}
  ${row.problem && html`<br /><small class="error">${row.problem}</small>`}`;

const nothing = () => html`<${Empty} title="Nothing is scheduled">
  <p>Choose a template and press its clock button (⏰): then choose who gets it, and when.</p>
  <p><a href=${href("/notifications/templates")}>Go to the templates</a></p>
<//>`;
