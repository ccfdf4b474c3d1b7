/** What the screens of scheduled notifications share: their statistics, and what can be done with one. */
import { useState } from "preact/hooks";

import { api } from "../../core/api.js";
import { html } from "../../core/html.js";
import { may } from "../../core/session.js";
import { ActionButton, ask, attempt, tell, tellError } from "../dialog.js";
import { unlessManaged } from "../managed.js";
import { PauseDialog } from "../pause_dialog.js";

export const pathOf = (notification) => `notifications/scheduled/${notification.id}`;

/** The numbers of `statistics`, what each means, and its tone. */
export const STATISTICS = [
  ["queued", "wait, or are being sent", "busy"],
  ["sent", "were taken by the provider", "good"],
  ["delivered", "arrived, says the provider", "good"],
  ["failed", "were refused, bounced or came too late", "bad"],
  ["suppressed", "were kept back: opted out, or on the suppression list", "plain"],
  ["unknown", "were perhaps sent: a person decides", "warn"],
];

/** All of them in one line; zeros are left out. */
export function StatisticsLine({ statistics }) {
  const present = STATISTICS.filter(([name]) => statistics[name] > 0);
  if (present.length === 0) return html`<span class="muted">nothing yet</span>`;
  const badge = ([name, meaning, tone]) => html`<span key=${name} class=${`badge ${tone}`}
    title=${`${statistics[name]} messages ${meaning}`}>${statistics[name]} ${name}</span>`;
  return html`<span class="badges">${present.map(badge)}</span>`;
}

/** As text, for CSV. */
export const statisticsText = (statistics) => STATISTICS.map(([name]) => `${name} ${statistics[name]}`).join(", ");

export const PAUSING = "During the pause nothing new is queued, and messages that wait are held. "
  + "Those that a provider has are not called back.";

/** Pause or Resume, and Delete. small: in a table. onChanged: what is shown is old. onDeleted: it is gone. */
export function NotificationActions({ notification, small, onChanged, onDeleted }) {
  const [pausing, setPausing] = useState(false);
  const path = pathOf(notification);
  const size = small ? "small outline" : "outline";
  const named = small ? (verb) => `${verb} ${notification.name}` : () => undefined;
  const act = async (run, done) => {
    await attempt(run, done);
    onChanged();
  };
  const remove = async () => {
    const text = `“${notification.name}” is deleted, and its messages that wait are cancelled. `
      + "What was sent stays in the queue. This cannot be undone.";
    if (!(await ask({ title: "Delete this scheduled notification?", text, yes: "Delete", danger: true }))) return;
    const deletion = () => unlessManaged((query) => api.remove(path, notification.revision, query));
    const gone = await attempt(deletion, `“${notification.name}” is deleted.`);
    gone ? onDeleted() : onChanged();
  };
  const resume = () =>
    act(() => api.act(`${path}/resume`, notification.revision), `“${notification.name}” is resumed.`);
  const paused = () => {
    setPausing(false);
    tell(`“${notification.name}” is paused.`);
    onChanged();
  };
  const rests = notification.pause !== null && notification.pause !== undefined;
  const pausable = !rests && ["active", "awaiting_approval"].includes(notification.state);
  return html`<span class="actions">
    ${may("switch") && rests
      && html`<${ActionButton} class=${size} aria-label=${named("Resume")} onClick=${resume}>Resume<//>`}
    ${may("switch") && pausable && html`<button type="button" class=${`${size} secondary`} aria-label=${named("Pause")}
      onClick=${() => setPausing(true)}>Pause</button>`}
    ${may("edit") && html`<${ActionButton} class=${`${size} danger`} aria-label=${named("Delete")}
      onClick=${remove}>Delete<//>`}
    ${pausing && html`<${PauseDialog} path=${path} document=${notification} about=${PAUSING}
      onClose=${() => setPausing(false)} onSaved=${paused} />`}
  </span>`;
}

/** Lets one with many recipients go. What was seen is approved: another revision is refused. */
export function ApproveButton({ notification, onChanged }) {
  const approve = async () => {
    const count = notification.approval?.recipients ?? "many";
    const whom = `“${notification.name}” goes to about ${count} recipients.`;
    const text = `${whom} After your approval it is sent as it is now.`;
    if (!(await ask({ title: "Approve it?", text, yes: "Approve" }))) return;
    await attempt(() => api.act(`${pathOf(notification)}/approve`, notification.revision), "Approved.");
    onChanged();
  };
  return html`<${ActionButton} onClick=${approve}>Approve<//>`;
}

/** Sends what failed again, up to 500 at a time. */
export function RetryFailedButton({ notification, onChanged }) {
  const retry = async () => {
    const text = "Messages that were refused or given up are sent again. Those that came too late stay as they are.";
    if (!(await ask({ title: "Send the failed messages again?", text, yes: "Send again" }))) return;
    try {
      const { messages, more } = await api.post(`${pathOf(notification)}/retry-failed`);
      const rest = more ? "; there are more: ask again when these are done" : "";
      tell(messages === 0 ? "There is nothing to send again." : `${messages} messages are sent again${rest}.`);
      onChanged();
    } catch (error) {
      tellError(error);
    }
  };
  return html`<${ActionButton} class="outline" onClick=${retry}>Send failed again<//>`;
}
