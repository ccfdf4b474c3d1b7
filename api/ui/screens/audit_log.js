/** The audit log: who changed what, how it was before, and how it is since. */
import { useState } from "preact/hooks";

import { Empty, Exact, Facts, Head, Moment } from "../components/basics.js";
import { Dialog } from "../components/dialog.js";
import { Difference } from "../components/difference.js";
import { MomentField, SelectField, TextField } from "../components/forms/fields.js";
import { DataTable } from "../components/table.js";
import { html } from "../core/html.js";
import { useDocument, useList, useSettled } from "../core/resource.js";
import { href, refine } from "../core/router.js";

/** The collections that have a screen for a document of theirs. */
const SCREENS = {
  dynamic_jobs: "/jobs",
  scheduled_notifications: "/notifications/scheduled",
  notification_templates: "/notifications/templates",
  notification_queue: "/notifications/queue",
};
const RESOURCES = [
  ["dynamic_jobs", "jobs"], ["calendars", "calendars"], ["commands", "commands (run, cancel, retry ...)"],
  ["notification_templates", "notification templates"], ["scheduled_notifications", "scheduled notifications"],
  ["recipients", "recipients"], ["recipient_groups", "groups"], ["host_user_preferences", "what users do not want"],
  ["suppressions", "suppressions"], ["api_tokens", "tokens"], ["controls", "maintenance mode"],
];

export default function AuditLog({ query }) {
  const { resource, action, from, to, q } = query;
  const [actor, setActor] = useState(""); // a person may be called so: not for the address
  const settled = useSettled({ actor: actor.trim(), action: action?.trim(), q: q?.trim() });
  const list = useList("admin/audit", { resource, from, to, ...settled }, { inAddress: true });
  const words = useDocument("admin/audit/words");
  const [chosen, setChosen] = useState(null);
  const columns = [
    { label: "When", cell: (entry) => html`<${Moment} at=${entry.at} />`, csv: (entry) => entry.at },
    { label: "Who", cell: (entry) => entry.by ?? "–", csv: (entry) => entry.by },
    { label: "What", cell: (entry) => html`<code>${entry.action}</code>`, csv: (entry) => entry.action },
    {
      label: "On",
      cell: (entry) => html`<${Target} entry=${entry} />`,
      csv: (entry) => `${entry.resource} ${entry.documentId}`,
    },
    {
      label: "Change",
      cell: (entry) => html`<button type="button" class="small outline"
          aria-label=${`Show the change ${entry.action} of ${nameOf(entry)}`} onClick=${() => setChosen(entry)}>
        Show
      </button>`,
    },
  ];
  return html`
    <${Head} title="Audit log" about="Every change, who made it, and how it was before. Nothing here can be changed." />
    <form class="filters" aria-label="Filters" onSubmit=${(event) => event.preventDefault()}>
      <${TextField} label="Document or request" placeholder="id" type="search"
        value=${q} onInput=${(text) => refine({ q: text })} />
      <${TextField} label="Who" placeholder="exact name" type="search" list="audit-actors"
        value=${actor} onInput=${setActor} />
      <${Choices} id="audit-actors" values=${words.data?.actors ?? []} />
      <${SelectField} label="Action" value=${action} onInput=${(each) => refine({ action: each })}
        options=${[["", "every action"], ...actionsOf(words.data, action)]} />
      <${SelectField} label="Of" value=${resource} onInput=${(each) => refine({ resource: each })}
        options=${[["", "everything"], ...RESOURCES]} />
      <${MomentField} label="From" value=${from} onInput=${(moment) => refine({ from: moment })} />
      <${MomentField} label="To" value=${to} onInput=${(moment) => refine({ to: moment })} />
    </form>
    <${DataTable} caption="Changes" columns=${columns} list=${list} csvName="audit"
      empty=${html`<${Empty} title="No change fits"><p>Take a filter away, or choose an earlier time.</p><//>`} />
    ${chosen && html`<${Change} entry=${chosen} onClose=${() => setChosen(null)} />`}
  `;
}

const Choices = ({ id, values }) => html`
  <datalist id=${id}>${values.map((value) => html`<option key=${value} value=${value} />`)}</datalist>
`;

/** Those that the log has, and the one of the address. */
const actionsOf = (words, asked) =>
  [...new Set([...(words?.actions ?? []), asked].filter(Boolean))].sort().map((action) => [action, action]);

const nameOf = ({ subject, after, before, documentId }) =>
  subject?.name ?? after?.name ?? before?.name ?? documentId ?? "";

/** What it is about: a link while it exists. What has a screen and no name, such as a message, is told by its id. */
function Target({ entry }) {
  const { subject, documentId, resource } = entry;
  const screen = SCREENS[subject?.resource ?? resource];
  const id = subject ? subject.exists && subject.id : documentId;
  const shown = screen && id
    ? html`<a href=${href(`${screen}/${encodeURIComponent(id)}`)} dir="auto">${nameOf(entry)}</a>`
    : html`<span dir="auto">${nameOf(entry)}</span>`;
  return html`${shown}<br />
    <small class="muted">${resource}${subject?.exists === false && ", deleted since"}</small>`;
}

const Change = ({ entry, onClose }) => html`
  <${Dialog} title=${`${entry.action}: ${nameOf(entry)}`} onClose=${onClose} wide>
    <${Facts} rows=${[
      ["When", html`<${Exact} at=${entry.at} />`],
      ["Who", entry.by],
      ["Id of who", entry.byId && html`<code>${entry.byId}</code>`],
      ["Collection", entry.resource],
      ["Document", entry.documentId && html`<code>${entry.documentId}</code>`],
      ["Request", entry.requestId && html`<code>${entry.requestId}</code>`],
    ]} />
    <${Difference} before=${entry.before} after=${entry.after} />
  <//>
`;
