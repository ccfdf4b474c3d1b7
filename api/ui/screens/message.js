/** One message: to whom, what became of it, each attempt with the provider's answer, and what a person decides. */
import { Badge, Empty, Exact, Facts, Head, Loaded, Moment, Note } from "../components/basics.js";
import { ActionButton, ask, attempt } from "../components/dialog.js";
import { MessageContent } from "../components/notifications/message_content.js";
import {
  CHANNELS,
  MESSAGE_STATES,
  MessageState,
  isPerhapsTwice,
  isRepeatable,
  sendAgain,
} from "../components/notifications/messages.js";
import { DataTable } from "../components/table.js";
import { api } from "../core/api.js";
import { html } from "../core/html.js";
import { useDocument, useList } from "../core/resource.js";
import { href } from "../core/router.js";
import { may } from "../core/session.js";

const EVERY_MS = 2000;

export default function Message({ params }) {
  const path = `notifications/queue/${params.id}`;
  const resource = useDocument(path, {}, { every: EVERY_MS });
  const deliveries = useList("notifications/deliveries", { itemId: params.id }, { every: EVERY_MS });
  const reload = () => {
    resource.reload();
    deliveries.reload();
  };
  const found = resource.data;
  const repeatable = found && may("operate") && found.state !== "unknown" && isRepeatable(found);
  return html`
    <${Head} title=${found?.subject ?? "Message"} about=${found && toWhom(found)}>
      ${repeatable && html`
        <${ActionButton} onClick=${async () => (await sendAgain([found])) && reload()}>Send again<//>
      `}
    <//>
    <${Loaded} resource=${resource}>${(message) => html`
      <${Told} message=${message} />
      ${message.state === "unknown" && may("operate") && html`<${Decision} path=${path} onDecided=${reload} />`}
      <section class="card" aria-label="Message"><${Facts} rows=${factsOf(message)} /></section>
      <${MessageContent} message=${message} />
      <h2>Attempts</h2>
      <${DataTable} caption="Attempts to deliver" columns=${COLUMNS} list=${deliveries} csvName="deliveries"
        empty=${html`<${Empty} title="No attempt"><p>${whyNone(message)}</p><//>`} />
    `}<//>
  `;
}

const toWhom = ({ channel, recipient }) => `${CHANNELS[channel] ?? "Message"} to ${recipient?.address ?? "nobody"}`;

function whyNone(message) {
  if (message.held) return "A pause holds it.";
  return ["pending", "sending", "retry_wait"].includes(message.state)
    ? "It is tried when its time has come."
    : "It was never handed to a provider.";
}

const Told = ({ message }) => html`
  ${message.problem && html`<${Note} tone="bad">This message cannot be read: ${message.problem}<//>`}
  ${message.held &&
    html`<${Note} tone="warn">Its scheduled notification is paused: it waits until that is resumed.<//>`}
  ${isPerhapsTwice(message) &&
    html`<${Note} tone="warn">
      An answer of the provider was lost, and it was sent again under the same Message-ID: it may have arrived twice.
    <//>`}
  ${message.lastError && !message.problem &&
    html`<${Note} tone=${["failed", "dead", "bounced"].includes(message.state) ? "bad" : "warn"} role="note">
      <code>${message.lastError.type}</code> ${message.lastError.message}
    <//>`}
`;

/** What each decision does. */
const DECISIONS = [
  ["sent", "It arrived", "Counts as sent. Nothing leaves any more.", "outline"],
  [
    "failed",
    "It did not arrive",
    "Counts as failed. Nothing leaves by itself; you can send it again later.",
    "outline secondary",
  ],
  [
    "pending",
    "Send it again",
    "It leaves again at once. If the first one did arrive, the recipient gets it twice.",
    "outline danger",
  ],
];

function Decision({ path, onDecided }) {
  const decide = async (state, label, meaning) => {
    if (!(await ask({ title: `${label}?`, text: meaning, yes: label, danger: state === "pending" }))) return;
    await attempt(() => api.post(`${path}/resolve`, { state }), "Decided. The daemon carries it out.");
    onDecided();
  };
  return html`<section class="card" aria-labelledby="decision">
    <h2 id="decision">What became of it?</h2>
    <p>
      The provider was asked to send it, and its answer was lost. Look into the provider's own log, or ask the
      recipient, and decide:
    </p>
    <dl class="decisions">
      ${DECISIONS.map(([state, label, meaning, look]) => html`<div key=${state}>
        <dt>
          <${ActionButton} class=${look} onClick=${() => decide(state, label, meaning)}>${label}<//>
        </dt>
        <dd>${meaning}</dd>
      </div>`)}
    </dl>
  </section>`;
}

const factsOf = (message) => [
  ["State", html`
    <${MessageState} message=${message} /><br /><small class="muted">${MESSAGE_STATES[message.state]}</small>
  `],
  ["Recipient", [message.recipient?.name, message.recipient?.address].filter(Boolean).join(", ") || null],
  ["Comes from", sourceOf(message)],
  ["Occurrence", message.occurrence && html`<${Exact} at=${message.occurrence} />`],
  ["Leaves", message.sendAfter && html`<${Moment} at=${message.sendAfter} />`],
  ["Not later than", message.expiresAt && html`<${Exact} at=${message.expiresAt} />`],
  ["Handed to the provider", message.handoffAt && html`<${Exact} at=${message.handoffAt} />`],
  ["Ended", message.finishedAt && html`<${Exact} at=${message.finishedAt} />`],
  ["Attempts", message.attempt ?? 0],
  ["Category", message.category || null],
  ["Provider's answer", message.providerReference && html`<code>${message.providerReference}</code>`],
  ["Message-ID", html`<code>${message.messageId}</code>`],
];

function sourceOf(message) {
  const source = message.scheduledNotificationId;
  if (source) return html`<a href=${href(`/notifications/scheduled/${source}`)}>its scheduled notification</a>`;
  if (!message.jobId) return null;
  const event = String(message.event).replaceAll("_", " ");
  return html`an alert (${event}) of <a href=${href(`/jobs/${message.jobId}`)}>a job</a>${message.runId &&
    html`, <a href=${href(`/runs/${message.runId}`)}>the run</a>`}`;
}

const COLUMNS = [
  { label: "Attempt", cell: (row) => html`<span class="number">${row.attempt}</span>`, csv: (row) => row.attempt },
  { label: "State", cell: (row) => html`<${Badge} state=${row.state} />`, csv: (row) => row.state },
  { label: "Began", cell: (row) => html`<${Moment} at=${row.startedAt} />`, csv: (row) => row.startedAt },
  {
    label: "Ended",
    cell: (row) => html`<${Moment} at=${row.finishedAt} />`,
    csv: (row) => row.finishedAt,
    narrow: false,
  },
  { label: "Provider's answer", cell: answerOf, csv: (row) => row.error?.message ?? row.providerReference },
  { label: "Reported later", cell: reportOf, csv: (row) => row.report, narrow: false },
  {
    label: "Segments",
    cell: (row) => (row.segments ? `${row.segments}, ${row.encoding}` : "–"),
    csv: (row) => row.segments,
    narrow: false,
  },
];

function answerOf(row) {
  if (row.problem) return html`<small class="error">${row.problem}</small>`;
  if (row.error) return html`<small><code>${row.error.type}</code> ${row.error.message}</small>`;
  if (row.providerReference) return html`<code>${row.providerReference}</code>`;
  return html`<span class="muted">none yet</span>`;
}

function reportOf({ report, reportCode, reportedAt }) {
  if (!report) return "–";
  return html`${report}${reportCode !== null && ` (${reportCode})`} <${Moment} at=${reportedAt} />`;
}
