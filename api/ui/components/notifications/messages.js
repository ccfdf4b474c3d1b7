/** Messages of the queue: their states in words, their table, and sending them again. */
import { useState } from "preact/hooks";

import { api } from "../../core/api.js";
import { html } from "../../core/html.js";
import { href } from "../../core/router.js";
import { may } from "../../core/session.js";
import { Badge, Moment } from "../basics.js";
import { ActionButton, ask, tell } from "../dialog.js";
import { SelectField } from "../forms/fields.js";
import { DataTable } from "../table.js";

/** Each state of a message, and what it means. */
export const MESSAGE_STATES = {
  pending: "waits for its time and for a sender",
  sending: "is being handed to the provider",
  retry_wait: "was refused for now; it is tried again",
  sent: "the provider took it",
  delivered: "the provider says that it arrived",
  bounced: "the provider took it and says that it did not arrive",
  failed: "was refused for good",
  dead: "was given up: attempts used up, too late, or unreadable",
  unknown: "was perhaps sent; a person decides",
  suppressed: "was kept back: opted out, or on the suppression list",
  cancelled: "its scheduled notification was deleted",
};
const STATE_OPTIONS = [
  ["", "Every state"],
  ...Object.keys(MESSAGE_STATES).map((state) => [state, state.replaceAll("_", " ")]),
];
export const CHANNELS = { email: "e-mail", sms: "SMS" };
export const CHANNEL_OPTIONS = [["", "Every channel"], ...Object.entries(CHANNELS)];

/** Filters of a list of messages: the state, and what else is given as children. */
export const MessageFilters = ({ state, onState, children }) => html`
  <div class="filters">
    <${SelectField} label="State" value=${state} options=${STATE_OPTIONS} onInput=${onState} />
    ${children}
  </div>
  ${MESSAGE_STATES[state] && html`<p class="muted">${state.replaceAll("_", " ")}: ${MESSAGE_STATES[state]}</p>`}
`;

/** Whether a person may send it again. */
export const isRepeatable = (message) => ["failed", "dead", "unknown"].includes(message.state);

/** An answer was lost, and it was sent again nevertheless. */
export const isPerhapsTwice = (message) => message.ambiguous && message.attempt > 1 && message.state !== "unknown";

export const MessageState = ({ message }) => html`
  <span title=${MESSAGE_STATES[message.state]}><${Badge} state=${message.state} /></span>
  ${message.held && html` <${Badge} state="held">held by a pause<//>`}
  ${isPerhapsTwice(message) && html` <${Badge} state="unknown">perhaps twice<//>`}
`;

/** What an attempt met, shortly. */
const errorOf = (message) => message.problem ?? message.lastError?.message ?? "";
const RISK = "Some of them were perhaps sent already: those people may get them twice. ";

/** Asks, and sends these messages again, one by one. Resolves when all were asked for. */
export async function sendAgain(messages) {
  const count = messages.length === 1 ? "this message" : `${messages.length} messages`;
  const risk = messages.some((message) => message.state === "unknown");
  const title = `Send ${count} again?`;
  const text = `${risk ? RISK : ""}The daemon sends at once what you choose, also what was too late.`;
  if (!(await ask({ title, text, yes: "Send again", danger: risk }))) return false;
  const refused = [];
  for (const message of messages) {
    await api.post(`notifications/queue/${message.id}/retry`).catch((error) => refused.push(error));
  }
  if (refused.length < messages.length) {
    tell(`${messages.length - refused.length} of ${messages.length} will be sent again.`);
  }
  if (refused.length > 0) {
    tell(`${refused.length} could not be sent again: ${refused[0].message}`, { tone: "bad", ms: 15_000 });
  }
  return true;
}

/** list: of useList. caption, csvName, empty: as for tables. Chosen failed messages can be sent again. */
export function MessagesTable({ list, caption, csvName, empty }) {
  const [ids, setIds] = useState(new Set());
  const chosen = list.items.filter((message) => ids.has(message.id));
  const repeatable = chosen.filter(isRepeatable);
  const again = async () => {
    if (!(await sendAgain(repeatable))) return;
    setIds(new Set());
    list.reload();
  };
  return html`
    ${chosen.length > 0 && html`<div class="actions chosen" role="status">
      <span>${chosen.length} chosen, ${repeatable.length} of them can be sent again.</span>
      ${repeatable.length > 0 && html`
        <${ActionButton} class="small" onClick=${again}>Send ${repeatable.length} again<//>
      `}
    </div>`}
    <${DataTable} caption=${caption} columns=${COLUMNS} list=${list} csvName=${csvName} empty=${empty}
      rowLabel=${(row) => `the message to ${row.recipient?.address ?? row.id}`}
      selection=${may("operate") ? { ids, change: setIds } : undefined} />
  `;
}

const COLUMNS = [
  {
    label: "To",
    cell: (row) => html`
      <a href=${href(`/notifications/queue/${row.id}`)}>${row.recipient?.address ?? row.id}</a>
      ${row.recipient?.name && html`<br /><small class="muted" dir="auto">${row.recipient.name}</small>`}
    `,
    csv: (row) => row.recipient?.address,
  },
  { label: "Channel", cell: (row) => CHANNELS[row.channel] ?? row.channel, csv: (row) => row.channel, narrow: false },
  { label: "State", cell: (row) => html`<${MessageState} message=${row} />`, csv: (row) => row.state },
  {
    label: "Subject",
    cell: (row) => row.subject ? html`<bdi>${row.subject}</bdi>` : html`<span class="muted">–</span>`,
    csv: (row) => row.subject,
    narrow: false,
  },
  {
    label: "Attempts",
    cell: (row) => html`<span class="number">${row.attempt ?? 0}</span>`,
    csv: (row) => row.attempt,
    narrow: false,
  },
  {
    label: "Leaves",
    cell: (row) => html`<${Moment} at=${row.sendAfter} />`,
    csv: (row) => row.sendAfter,
    narrow: false,
  },
  { label: "Ended", cell: (row) => html`<${Moment} at=${row.finishedAt} />`, csv: (row) => row.finishedAt },
  { label: "What happened", cell: (row) => html`<small>${errorOf(row) || "–"}</small>`, csv: errorOf },
];
