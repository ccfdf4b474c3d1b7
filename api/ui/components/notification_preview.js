/** What a scheduled notification would do, as the API foresees it: how many messages, to whom, when. */
import { api } from "../core/api.js";
import { html } from "../core/html.js";
import { useResource, useSettled } from "../core/resource.js";
import { exact, now, relative } from "../core/time.js";
import { Note } from "./basics.js";

const NAMES = { email: ["e-mail", "e-mails"], sms: ["SMS", "SMS"] };
const nameFor = (channel, count) => NAMES[channel]?.[count === 1 ? 0 : 1] ?? channel;

function counted(byChannel, atLeast) {
  const counts = Object.entries(byChannel).map(([channel, count]) => `${count} ${nameFor(channel, count)}`);
  return counts.map((each) => (atLeast ? `at least ${each}` : each)).join(" and ") || "nothing";
}

const nameOf = (person) => person.name ?? person.email ?? person.phone ?? "?";

const isComplete = ({ recipients: { addresses, people, groups, users }, schedule, name, channels }) =>
  Boolean(
    name &&
    channels.length > 0 &&
    (schedule.at || schedule.every || schedule.expression) &&
    (users || [addresses, people, groups].some((each) => each?.length > 0)),
  );

/** {data, error, loading} of the preview of these values; asked again when the typing rests. */
export function useNotificationPreview(values) {
  const settled = useSettled(values, 400);
  return useResource(JSON.stringify(settled), (signal) => (isComplete(settled)
    ? api.ask("notifications/scheduled/preview", settled, { signal })
    : { nothing: true }));
}

/** preview: of useNotificationPreview. zone: of the schedule. */
export function NotificationPreview({ preview, own }) {
  const { data, error } = preview;
  if (error) return html`<${Note} tone="warn" role="status">Not ready: ${error.message}<//>`;
  if (!data) return html`<p aria-busy="true" role="status">Counting…</p>`;
  if (data.nothing) {
    return html`<${Note} role="status">
      Name the recipients and the time: then it is told here what will be sent, to whom, and when.
    <//>`;
  }
  const [next, ...later] = data.occurrences.filter((each) => !each.excluded);
  return html`<${Note} tone="busy" role="status">
    <p>
      <strong>${counted(data.byChannel, data.atLeast)}</strong>
      ${next && html`
        ${" "}on <strong>${exact(next.at, data.timezone)}</strong>${own && " by each recipient's own clock"},
        ${" "}${relative(next.at, now.value)}
      `}.
    </p>
    <p>
      ${data.description}
      ${later.length > 0 && html`; then ${later.slice(0, 3).map((each) => exact(each.at, data.timezone)).join("; ")}`}.
    </p>
    ${data.sample.length > 0 && html`<p>
      To ${data.sample.map(nameOf).join(", ")}
      ${data.recipients > data.sample.length ? ` and ${data.recipients - data.sample.length} more` : ""}. Opt-outs and
      suppressed addresses are left out when it is sent.
    </p>`}
    ${data.approvalNeeded && html`<p>It has many recipients: somebody else has to approve it before it goes.</p>`}
  <//>`;
}
