/** One thing done to many: first what would happen, then what did. */
import { useEffect, useState } from "preact/hooks";

import { api } from "../core/api.js";
import { html } from "../core/html.js";
import { Failure } from "./basics.js";
import { AreaField, MomentField } from "./fields.js";
import { useForm } from "./form.js";
import { FormDialog } from "./form_dialog.js";

/** kind: of <BulkBar>. which: {ids} or {filter}. onDone(): something was changed. */
export function BulkDialog({ kind, action, which, onClose, onDone }) {
  const [, verb] = kind.actions.find(([name]) => name === action);
  const [foreseen, setForeseen] = useState({ data: null, fault: null });
  const [done, setDone] = useState(null);
  useEffect(() => {
    const asked = api.ask(kind.path, { action, ...which, dryRun: true });
    asked.then((data) => setForeseen({ data, fault: null }), (fault) => setForeseen({ data: null, fault }));
  }, []);
  const form = useForm({ reason: "", until: null }, async ({ reason, until }, key) => {
    setDone(await api.post(kind.path, { action, ...which, ...(action === "pause" ? { reason, until } : {}) }, { key }));
    onDone();
  });
  if (done) return html`<${Told} title=${`${verb}: what was done`} result=${done} onClose=${onClose} />`;
  const count = foreseen.data?.changed ?? 0;
  return html`<${FormDialog} title=${`${verb}: many ${kind.many}`} form=${form} wide onClose=${onClose}
    submitLabel=${`${verb} ${count} ${count === 1 ? kind.one : kind.many}`}>
    ${foreseen.fault && html`<${Failure} error=${foreseen.fault} />`}
    ${!foreseen.fault && !foreseen.data && html`<p aria-busy="true">Looking what would happen…</p>`}
    ${foreseen.data && html`<${Outcomes} result=${foreseen.data} />`}
    ${kind.about[action] && html`<p>${kind.about[action]}</p>`}
    ${action === "pause" && html`
      <${AreaField} label="Reason" rows=${2} help="Everybody sees it." ...${form.bind("reason")} />
      <${MomentField} label="Until" help="Empty: until they are resumed." ...${form.bind("until")} />
    `}
  <//>`;
}

function Told({ title, result, onClose }) {
  const form = useForm({}, async () => onClose());
  return html`<${FormDialog} title=${title} form=${form} wide onClose=${onClose} submitLabel="Close">
    <${Outcomes} result=${result} />
  <//>`;
}

const WORDS = { changed: "good", unchanged: "plain", refused: "bad" };

function Outcomes({ result }) {
  const would = result.dryRun ? "would be " : "";
  return html`
    <p role="status"><strong>${result.changed}</strong> ${would}changed, <strong>${result.unchanged}</strong> stay as
      they are, <strong>${result.refused}</strong> ${would}refused.</p>
    <div class="table outcomes" role="region" aria-label="What becomes of each" tabindex="0"><table>
      <caption class="sr-only">What becomes of each</caption>
      <thead><tr><th scope="col">Name</th><th scope="col">Outcome</th><th scope="col">Why</th></tr></thead>
      <tbody>${result.items.map((item) => html`<tr key=${item.id}>
        <td>${item.name ?? item.id}</td>
        <td><span class=${`badge ${WORDS[item.outcome]}`}>${item.outcome}</span></td><td>${item.detail ?? ""}</td>
      </tr>`)}</tbody>
    </table></div>
  `;
}
