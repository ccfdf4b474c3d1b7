/** One scheduled notification: what it says, when it is sent next, what became of its messages, what can be done. */
import { useState } from "preact/hooks";

import { Badge, Empty, Head, Json, Loaded, Moment, Note } from "../components/basics.js";
import { ComingSends } from "../components/notifications/coming_sends.js";
import { tellError } from "../components/dialog.js";
import { MessageFilters, MessagesTable } from "../components/notifications/messages.js";
import { NotificationFacts } from "../components/notifications/notification_facts.js";
import {
  ApproveButton, NotificationActions, RetryFailedButton, STATISTICS,
} from "../components/notifications/notifications.js";
import { Revisions } from "../components/revisions.js";
import { ApiError, api } from "../core/api.js";
import { html } from "../core/html.js";
import { useDocument, useList } from "../core/resource.js";
import { go, refine } from "../core/router.js";
import { may, me } from "../core/session.js";
import { exact } from "../core/time.js";

const EVERY_MS = 5000;
const NOT_LOADED = "The dialog cannot be loaded. There may be a new version: load the page again.";

export default function ScheduledNotification({ params, query }) {
  const resource = useDocument(`notifications/scheduled/${params.id}`, {}, { every: EVERY_MS });
  const found = resource.data;
  return html`
    <${Head} title=${found?.name ?? "Scheduled notification"} about=${found?.rule}>
      ${found && html`<${HeadActions} notification=${found} onChanged=${resource.reload} />`}
    <//>
    <${Loaded} resource=${resource}>${(notification) => {
      if (notification.rule === undefined) return html`<${Damaged} notification=${notification} />`;
      return html`
        <${Standing} notification=${notification} />
        <${Tiles} statistics=${notification.statistics} />
        <div class="grid">
          <section class="card" aria-labelledby="coming">
            <h2 id="coming">Coming sends</h2>
            <${ComingSends} notification=${notification} />
          </section>
          <section class="card" aria-labelledby="definition">
            <h2 id="definition">Definition</h2>
            <${NotificationFacts} notification=${notification} />
          </section>
        </div>
        <h2 class="apart">Messages</h2>
        <${Messages} id=${params.id} state=${query.state ?? ""} />
        <${Revisions} path=${`notifications/scheduled/${params.id}`} revision=${notification.revision}
          csvName="changes-of-scheduled-notification" />
      `;
    }}<//>
  `;
}

/** One that cannot be read: what stands in the database. */
const Damaged = ({ notification }) => html`
  <${Note} tone="bad">It is put aside until somebody mends it: ${notification.problem}<//>
  <${Json} value=${notification} label="As it is stored" />
`;

function HeadActions({ notification, onChanged }) {
  const waiting = notification.state === "awaiting_approval" && may("edit");
  return html`
    ${waiting && notification.approval?.requestedBy !== me.value.name && html`
      <${ApproveButton} notification=${notification} onChanged=${onChanged} />
    `}
    ${may("operate") && notification.statistics.failed > 0 && html`
      <${RetryFailedButton} notification=${notification} onChanged=${onChanged} />
    `}
    ${may("edit") && html`<${EditButton} notification=${notification} onSaved=${onChanged} />`}
    <${NotificationActions} notification=${notification} onChanged=${onChanged}
      onDeleted=${() => go("/notifications/scheduled")} />
  `;
}

/** Its template may be gone: the version that it uses stays. */
function deletedAsNull(error) {
  if (error.status !== 404) throw error;
  return null;
}

/** The dialog is loaded when it is first opened. */
function EditButton({ notification, onSaved }) {
  const [open, setOpen] = useState(null);
  const edit = async () => {
    try {
      const [module, template] = await Promise.all([
        import("./ScheduleNotificationModal.js"),
        api.get(`notifications/templates/${notification.templateId}`).catch(deletedAsNull),
      ]);
      setOpen({ Modal: module.default, template });
    } catch (error) {
      tellError(error instanceof ApiError ? error : new Error(NOT_LOADED));
    }
  };
  const close = () => setOpen(null);
  const saved = () => {
    close();
    onSaved();
  };
  return html`
    <button type="button" class="outline" onClick=${edit}>Edit</button>
    ${open && html`
      <${open.Modal} template=${open.template} existing=${notification} onClose=${close} onSaved=${saved} />
    `}
  `;
}

const Standing = ({ notification: { state, problem, pause, approval, managedBy } }) => html`
  <p><${Badge} state=${state} /></p>
  ${problem && html`<${Note} tone="bad">It is put aside until somebody mends it: ${problem}<//>`}
  ${state === "awaiting_approval" && html`<${Note} tone="warn">
    It has many recipients${approval && ` (${approval.recipients})`}: nothing is sent until somebody else
    than its author${approval && ` (${approval.requestedBy})`} approves it.
  <//>`}
  ${pause && html`<${Note} tone="warn" role="note">
    Paused by ${pause.by}, <${Moment} at=${pause.at} />
    ${pause.until ? html`, until ${exact(pause.until)}` : ", until somebody resumes it"}. ${pause.reason}
  <//>`}
  ${managedBy && html`<${Note} role="note">It is kept in files: change it there.<//>`}
`;

const Tiles = ({ statistics }) => html`<section aria-label="Statistics of its messages">
  <dl class="tiles">
    ${STATISTICS.map(([name, meaning, tone]) => html`<div key=${name}
        class=${`card tile ${statistics[name] > 0 ? tone : ""}`}>
      <dt>${name}</dt><dd><strong class="number">${statistics[name]}</strong><small>${meaning}</small></dd>
    </div>`)}
  </dl>
</section>`;

function Messages({ id, state }) {
  const filter = { scheduledNotificationId: id, state };
  const list = useList("notifications/queue", filter, { every: EVERY_MS, inAddress: true });
  const empty = html`<${Empty} title=${state ? "No such message" : "No messages yet"}>
    <p>${state ? "Choose another state." : "They appear when it falls due."}</p>
  <//>`;
  return html`
    <${MessageFilters} state=${state} onState=${(value) => refine({ state: value })} />
    <${MessagesTable} list=${list} caption="Its messages" csvName="messages" empty=${empty} />
  `;
}
