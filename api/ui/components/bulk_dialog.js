/** One thing done to many jobs: first what would happen, then what did. */
import { useEffect, useState } from "preact/hooks";

import { api } from "../core/api.js";
import { html } from "../core/html.js";
import { Failure } from "./basics.js";
import { AreaField, MomentField } from "./fields.js";
import { useForm } from "./form.js";
import { FormDialog } from "./form_dialog.js";

export const BULK_ACTIONS = [
  ["run", "Run now", "operate"], ["pause", "Pause", "operate"], ["resume", "Resume", "operate"],
  ["enable", "Enable", "edit"], ["disable", "Disable", "edit"], ["delete", "Delete", "edit"],
];
const PATH = "admin/scheduler/jobs/bulk";

/** which: {ids} or {filter}. onDone(): something was changed. */
export function BulkDialog({ action, which, onClose, onDone }) {
  const [, verb] = BULK_ACTIONS.find(([name]) => name === action);
  const [foreseen, setForeseen] = useState({ data: null, fault: null });
  const [done, setDone] = useState(null);
  useEffect(() => {
    api.ask(PATH, { action, ...which, dryRun: true }).then((data) => setForeseen({ data, fault: null }), (fault) => setForeseen({ data: null, fault }));
  }, []);
  const form = useForm({ reason: "", until: null }, async ({ reason, until }, key) => {
    setDone(await api.post(PATH, { action, ...which, ...(action === "pause" ? { reason, until } : {}) }, { key }));
    onDone();
  });
  if (done) return html`<${Told} title=${`${verb}: what was done`} result=${done} onClose=${onClose} />`;
  const count = foreseen.data?.changed ?? 0;
  return html`<${FormDialog} title=${`${verb}: many jobs`} form=${form} wide onClose=${onClose} submitLabel=${`${verb} ${count} ${count === 1 ? "job" : "jobs"}`}>
    ${foreseen.fault && html`<${Failure} error=${foreseen.fault} />`}
    ${!foreseen.fault && !foreseen.data && html`<p aria-busy="true">Looking what would happen…</p>`}
    ${foreseen.data && html`<${Outcomes} result=${foreseen.data} />`}
    ${action === "delete" && html`<p>Deleting many jobs at once cannot be undone.</p>`}
    ${action === "pause" && html`
      <${AreaField} label="Reason" rows=${2} value=${form.values.reason} onInput=${(reason) => form.set("reason", reason)} error=${form.error("reason")} help="Everybody sees it." />
      <${MomentField} label="Until" value=${form.values.until} onInput=${(until) => form.set("until", until)} error=${form.error("until")} help="Empty: until they are resumed." />
    `}
  <//>`;
}

function Told({ title, result, onClose }) {
  const form = useForm({}, async () => onClose());
  return html`<${FormDialog} title=${title} form=${form} wide onClose=${onClose} submitLabel="Close"><${Outcomes} result=${result} /><//>`;
}

const WORDS = { changed: "good", unchanged: "plain", refused: "bad" };

function Outcomes({ result }) {
  const would = result.dryRun ? "would be " : "";
  return html`
    <p role="status"><strong>${result.changed}</strong> ${would}changed, <strong>${result.unchanged}</strong> stay as they are, <strong>${result.refused}</strong> ${would}refused.</p>
    <div class="table outcomes" role="region" aria-label="Each job" tabindex="0"><table>
      <caption class="sr-only">Each job</caption>
      <thead><tr><th scope="col">Job</th><th scope="col">Outcome</th><th scope="col">Why</th></tr></thead>
      <tbody>${result.items.map((item) => html`<tr key=${item.id}>
        <td>${item.name ?? item.id}</td><td><span class=${`badge ${WORDS[item.outcome]}`}>${item.outcome}</span></td><td>${item.detail ?? ""}</td>
      </tr>`)}</tbody>
    </table></div>
  `;
}
