/** The audit log: who changed what, how it was before, and how it is since. */
import { useState } from "preact/hooks";

import { Empty, Exact, Facts, Head, Moment } from "../components/basics.js";
import { Dialog } from "../components/dialog.js";
import { Difference } from "../components/difference.js";
import { MomentField, SelectField, TextField } from "../components/fields.js";
import { DataTable } from "../components/table.js";
import { html } from "../core/html.js";
import { useList, useSettled } from "../core/resource.js";
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
  const list = useList("admin/audit", { resource, from, to, ...settled });
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
      <${TextField} label="Who" placeholder="exact name" type="search" value=${actor} onInput=${setActor} />
      <${TextField} label="Action" placeholder="job.update" type="search"
        value=${action} onInput=${(text) => refine({ action: text })} />
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

const nameOf = (entry) => entry.after?.name ?? entry.before?.name ?? entry.documentId ?? "";

function Target({ entry }) {
  const screen = SCREENS[entry.resource];
  const name = nameOf(entry);
  const shown = screen && entry.after
    ? html`<a href=${href(`${screen}/${encodeURIComponent(entry.documentId)}`)}>${name}</a>`
    : name;
  return html`${shown}<br /><small class="muted">${entry.resource}</small>`;
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
