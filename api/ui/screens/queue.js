/** The queue: every message, by state and channel, with what became of it. */
import { Empty, Head, Note } from "../components/basics.js";
import { SelectField } from "../components/forms/fields.js";
import { CHANNEL_OPTIONS, MessageFilters, MessagesTable } from "../components/notifications/messages.js";
import { html } from "../core/html.js";
import { useList } from "../core/resource.js";
import { href, refine } from "../core/router.js";

const EVERY_MS = 5000;
/** What the address may narrow it to, and where that is shown. */
const SOURCES = [
  ["scheduledNotificationId", "one scheduled notification", "/notifications/scheduled/"],
  ["jobId", "the alerts of one job", "/jobs/"],
  ["runId", "the alerts of one run", "/runs/"],
];

export default function Queue({ query }) {
  const { state = "", channel = "" } = query;
  const source = SOURCES.find(([name]) => query[name]);
  const list = useList(
    "notifications/queue",
    { state, channel, ...(source && { [source[0]]: query[source[0]] }) },
    { every: EVERY_MS, inAddress: true },
  );
  return html`
    <${Head} title="Queue" about="Each message to one recipient on one channel, the newest first." />
    ${source && html`<${Note}>
      Only the messages of <a href=${href(source[2] + query[source[0]])}>${source[1]}</a>.
      <button type="button" class="small outline" onClick=${() => refine({ [source[0]]: "" })}>Show all</button>
    <//>`}
    <${MessageFilters} state=${state} onState=${(value) => refine({ state: value })}>
      <${SelectField} label="Channel"
        value=${channel} options=${CHANNEL_OPTIONS} onInput=${(value) => refine({ channel: value })} />
    <//>
    ${state === "unknown" && html`<${Note} tone="warn">
      The provider's answer to these was lost: perhaps they were sent. They are never sent again by themselves.
      Open one to decide about it.
    <//>`}
    <${MessagesTable} list=${list} caption="Messages" csvName="messages"
      empty=${nothing(Boolean(state || channel || source))} />
  `;
}

const nothing = (filtered) =>
  filtered
    ? html`<${Empty} title="No such message">
        <p>Nothing in the queue fits these filters.</p>
        <button type="button" class="outline" onClick=${showAll}>Show all messages</button>
      <//>`
    : html`<${Empty} title="The queue is empty">
        <p>Messages appear here when a scheduled notification falls due, or a job raises an alert.</p>
        <p><a href=${href("/notifications/scheduled")}>Scheduled notifications</a></p>
      <//>`;

const showAll = () => refine({ state: "", channel: "", scheduledNotificationId: "", jobId: "", runId: "" });
