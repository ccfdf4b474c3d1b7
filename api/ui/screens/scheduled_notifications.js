/** Scheduled notifications: the list, and the calendar of what is to be sent. */
import { Badge, Empty, Head, Moment, Note } from "../components/basics.js";
import { BulkBar, given, useChosen } from "../components/bulk_bar.js";
import { SearchField, SelectField } from "../components/forms/fields.js";
import { CHANNELS } from "../components/notifications/messages.js";
import {
  NotificationActions, PAUSING, StatisticsLine, statisticsText,
} from "../components/notifications/notifications.js";
import { SendingCalendar } from "../components/notifications/sending_calendar.js";
import { DataTable } from "../components/table.js";
import { Tabs } from "../components/tabs.js";
import { html } from "../core/html.js";
import { useCount, useDocument, useList, useSearch } from "../core/resource.js";
import { href, refine } from "../core/router.js";
import { may } from "../core/session.js";

const VIEWS = [["list", "List"], ["calendar", "Calendar"]];
const EVERY_MS = 30_000; // each time the API counts the messages of all that are shown
const STATES = [
  ["", "all"], ["active", "active"], ["paused", "paused"], ["awaiting_approval", "awaiting approval"],
  ["completed", "completed"], ["quarantined", "quarantined"], ["cancelled", "cancelled (30 days)"],
];
const BULK = {
  path: "notifications/scheduled/bulk", name: "scheduled-notifications", one: "scheduled notification",
  many: "scheduled notifications",
  actions: [["pause", "Pause", "operate"], ["resume", "Resume", "operate"], ["delete", "Delete", "edit"]],
  about: {
    pause: PAUSING,
    delete: "Their messages that wait are cancelled. What was sent stays in the queue. This cannot be undone.",
  },
};
const ABOUT = "Who gets which notification, when, and what became of it.";

export default function ScheduledNotifications({ query }) {
  const view = query.view === "calendar" ? "calendar" : "list";
  return html`
    <${Head} title="Scheduled notifications" about=${ABOUT}>
      ${may("edit") && html`<a role="button" class="button"
        href=${href("/notifications/templates")}>Schedule a notification</a>`}
    <//>
    <${Tabs} label="View" name="view" value=${view} options=${VIEWS} />
    ${view === "calendar" ? html`<${SendingCalendar} month=${query.month} onMonth=${(month) => refine({ month })} />`
      : html`<${NotificationList} query=${query} />`}
  `;
}

function NotificationList({ query: { q = "", templateId = "", state = "", sort = "" } }) {
  const [typed, setTyped] = useSearch();
  const filter = { q, templateId, state };
  const list = useList("notifications/scheduled", { ...filter, sort }, { every: EVERY_MS, inAddress: true });
  const total = useCount("notifications/scheduled/count", filter);
  const [chosen, choose] = useChosen(filter);
  const choosable = may("operate") && state !== "cancelled";
  const showAll = () => refine({ q: "", templateId: "", state: "" });
  return html`
    ${templateId && html`<${OneTemplate} id=${templateId} />`}
    <div class="filters">
      <${SearchField} label="Search by name" value=${typed} onInput=${setTyped} />
      <${SelectField} label="State" value=${state} options=${STATES} onInput=${(value) => refine({ state: value })} />
    </div>
    <${BulkBar} kind=${BULK} chosen=${chosen} choose=${choose} filter=${given(filter)}
      some=${choosable && list.items.length > 0} reload=${list.reload} />
    <${DataTable} caption="Scheduled notifications" columns=${columnsOf(list.reload)} list=${list} total=${total}
      csvName="scheduled-notifications" sort=${{ value: sort, change: (order) => refine({ sort: order }) }}
      selection=${choosable ? { ids: chosen, change: choose } : undefined}
      empty=${Object.keys(given(filter)).length > 0 ? notFound(showAll) : nothing()} />
  `;
}

const columnsOf = (reload) => [
  { label: "Name", sort: "name", cell: nameCell, csv: (row) => row.name },
  { label: "State", cell: stateCell, csv: (row) => row.state },
  { label: "Rule", cell: ruleCell, csv: (row) => row.rule, narrow: false },
  { label: "Next send", sort: "next", cell: nextCell, csv: (row) => row.nextRun },
  { label: "Channels", cell: channelsOf, csv: channelsOf, narrow: false },
  { label: "Messages", cell: messagesCell, csv: (row) => statisticsText(row.statistics) },
  ...(may("switch") || may("edit") ? [{ label: "Actions", cell: actionsCell(reload) }] : []),
];

function OneTemplate({ id }) {
  const { data } = useDocument(`notifications/templates/${id}`);
  return html`<${Note} role="note">
    Only those of the template <a href=${href(`/notifications/templates/${id}`)}>${data?.name ?? id}</a>.
    <button type="button" class="small outline" onClick=${() => refine({ templateId: "" })}>Show all</button>
  <//>`;
}

const notFound = (showAll) => html`<${Empty} title="No scheduled notification fits">
  <p>Change the filters, or <button type="button" class="small outline" onClick=${showAll}>Show all</button></p>
<//>`;

const ruleCell = (row) => row.rule ?? html`<span class="muted">unreadable</span>`;

const nextCell = (row) => html`<${Moment} at=${row.nextRun} zone=${row.schedule?.timezone} />`;

const channelsOf = ({ channels }) =>
  (Array.isArray(channels) ? channels : []).map((each) => CHANNELS[each] ?? each).join(", ");

const messagesCell = (row) => html`<${StatisticsLine} statistics=${row.statistics} />`;

const actionsCell = (reload) => (row) => row.state !== "cancelled"
  && html`<${NotificationActions} notification=${row} small onChanged=${reload} onDeleted=${reload} />`;

/** What was cancelled has no screen any more. */
const nameCell = (row) => row.state === "cancelled" ? html`<bdi>${row.name ?? row.id}</bdi>`
  : html`<a href=${href(`/notifications/scheduled/${row.id}`)} dir="auto">${row.name ?? row.id}</a>`;

const stateCell = (row) => html`<${Badge} state=${row.state} />
  ${row.state === "paused" && row.pause && html`<br /><small
    class="muted">${row.pause.reason || `by ${row.pause.by}`}</small>`}
  ${row.state === "cancelled" && html`<br /><small class="muted">by ${row.updatedBy}, <${Moment} at=${row.updatedAt}
    /></small>`}
  ${row.problem && html`<br /><small class="error">${row.problem}</small>`}`;

const nothing = () => html`<${Empty} title="Nothing is scheduled">
  <p>Choose a template and press its clock button (⏰): then choose who gets it, and when.</p>
  <p><a href=${href("/notifications/templates")}>Go to the templates</a></p>
<//>`;
