/** What a scheduled notification would do, as the API foresees it: how many messages, to whom, when. */
import { api } from "../../core/api.js";
import { html } from "../../core/html.js";
import { useResource, useSettled } from "../../core/resource.js";
import { exact, now, relative } from "../../core/time.js";
import { Note } from "../basics.js";

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

/** preview: of useNotificationPreview, of these values. */
export function NotificationPreview({ preview, values }) {
  const { data, error } = preview;
  if (error) {
    const [first, ...others] = error.errors;
    return html`<${Note} tone="warn" role="status">
      Not ready: ${first ? first.detail : error.message}
      ${others.length > 0 && ` – and ${others.length} more, each at its field`}
    <//>`;
  }
  if (!data) return html`<p aria-busy="true" role="status">Counting…</p>`;
  if (data.nothing) {
    return html`<${Note} role="status">
      Name the recipients and the time: then it is told here what will be sent, to whom, and when.
    <//>`;
  }
  const [next, ...later] = data.occurrences.filter((each) => each.sendAt);
  const then = later.slice(0, 3).map((each) => exact(each.sendAt, data.timezone));
  return html`<${Note} tone=${data.tooLate > 0 ? "warn" : "busy"} role="status">
    ${next
      ? html`<${Next} next=${next} data=${data} values=${values} />`
      : html`<p><strong>Nothing would be sent</strong>: each coming time is left out.</p>`}
    <p>
      ${data.description}
      ${then.length > 0 && `; then ${then.join("; ")}`}.
    </p>
    ${data.sample.length > 0 && html`<p>
      To ${data.sample.map(nameOf).join(", ")}
      ${data.recipients > data.sample.length ? ` and ${data.recipients - data.sample.length} more` : ""}. Opt-outs and
      suppressed addresses are left out when it is sent.
    </p>`}
    ${data.approvalNeeded && html`<p>It has many recipients: somebody else has to approve it before it goes.</p>`}
  <//>`;
}

const lost = (count) =>
  count === 1
    ? "One of them expires before the throttle lets it leave"
    : `${count} of them expire before the throttle lets them leave`;

/** How much leaves when: the first message, and the last one where a throttle spreads them. */
function Next({ next, data, values }) {
  const { recipientTimezone, quietHours, critical, expiresAfter } = values;
  const zone = data.timezone;
  return html`
    <p>
      <strong>${counted(data.byChannel, data.atLeast)}</strong> on <strong>${exact(next.sendAt, zone)}</strong>
      ${recipientTimezone && " by each recipient's own clock"}, ${relative(next.sendAt, now.value)}.
      ${data.lastAt !== next.sendAt && html`${" "}The last one leaves on ${exact(data.lastAt, zone)}.`}
    </p>
    ${next.sendAt !== next.at && html`<p>
      It is due on ${exact(next.at, zone)}, and waits for the end of quiet hours or of days that are not allowed.
    </p>`}
    ${quietHours && !critical && !quietHours.timezone && html`<p>
      Quiet hours are read on each recipient's own clock: these are the times for recipients in the zone ${zone}.
    </p>`}
    ${data.tooLate > 0 && html`<p><strong>${lost(data.tooLate)}</strong> (after ${expiresAfter}).</p>`}
  `;
}
