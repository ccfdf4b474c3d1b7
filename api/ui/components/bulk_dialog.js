/** One thing done to many: first what would happen, then how far it is, then what did. */
import { useEffect, useRef, useState } from "preact/hooks";

import { api } from "../core/api.js";
import { html } from "../core/html.js";
import { Failure, Note } from "./basics.js";
import { AreaField, MomentField } from "./forms/fields.js";
import { useForm } from "./forms/form.js";
import { FormDialog } from "./forms/form_dialog.js";
import { SaveCsv } from "./save_csv.js";

const PORTION = 25; // of those that are done with one request, so that it is seen how far it is

/** kind: of <BulkBar>. which: {ids} or {filter}. onDone(): something was changed. */
export function BulkDialog({ kind, action, which, onClose, onDone }) {
  const [, verb] = kind.actions.find(([name]) => name === action);
  const [foreseen, setForeseen] = useState({ data: null, fault: null });
  const [reached, setReached] = useState(null);
  const [done, setDone] = useState(null);
  const stopped = useRef(false);
  useEffect(() => {
    const asked = api.ask(kind.path, { action, ...which, dryRun: true });
    asked.then((data) => setForeseen({ data, fault: null }), (fault) => setForeseen({ data: null, fault }));
    return () => (stopped.current = true);
  }, []);
  const items = foreseen.data?.items ?? [];

  const form = useForm({ reason: "", until: null }, async ({ reason, until }, key) => {
    if (!foreseen.data) return; // nobody has seen yet what would happen
    const body = { action, ...(action === "pause" ? { reason, until } : {}) };
    const outcomes = [];
    stopped.current = false;
    try {
      for (let at = 0; at < items.length && !stopped.current; at += PORTION) {
        setReached(at);
        const ids = items.slice(at, at + PORTION).map((item) => item.id);
        // A portion has a key of its own: asked again after a fault, what was done is not done twice.
        outcomes.push(...(await api.post(kind.path, { ...body, ids }, { key: `${key}-${at}` })).items);
      }
    } finally {
      setReached(null);
      onDone();
    }
    setDone(outcomes);
  });
  if (done) {
    return html`<${Told} title=${`${verb}: what was done`} name=${`${action}-${kind.name}`} outcomes=${done}
      left=${items.length - done.length} onClose=${onClose} />`;
  }
  const count = foreseen.data?.changed ?? 0;
  const close = () => (reached === null ? onClose() : (stopped.current = true));
  const going = reached === null ? form : { ...form, dirty: false }; // nothing typed is lost by stopping
  return html`<${FormDialog} title=${`${verb}: many ${kind.many}`} form=${going} wide onClose=${close}
    danger=${action === "delete"} submitLabel=${`${verb} ${count} ${count === 1 ? kind.one : kind.many}`}>
    ${foreseen.fault && html`<${Failure} error=${foreseen.fault} />`}
    ${!foreseen.fault && !foreseen.data && html`<p aria-busy="true">Looking what would happen…</p>`}
    ${reached !== null && html`<${HowFar} reached=${reached} all=${items.length} />`}
    ${foreseen.data && reached === null && html`<${Outcomes} items=${items} ahead />`}
    ${kind.about[action] && html`<p>${kind.about[action]}</p>`}
    ${action === "pause" && html`
      <${AreaField} label="Reason" rows=${2} help="Everybody sees it." ...${form.bind("reason")} />
      <${MomentField} label="Until" help="Empty: until they are resumed." ...${form.bind("until")} />
    `}
  <//>`;
}

const HowFar = ({ reached, all }) => html`
  <p><progress aria-label="How far it is" value=${reached} max=${all}></progress></p>
  <p role="status">${reached} of ${all} are done. “Cancel” stops before the next ones.</p>
`;

function Told({ title, name, outcomes, left, onClose }) {
  const form = useForm({}, async () => onClose());
  return html`<${FormDialog} title=${title} form=${form} wide onClose=${onClose} submitLabel="Close"
      extra=${html`<${SaveCsv} name=${name} columns=${CSV} rows=${outcomes} />`}>
    ${left > 0 && html`<${Note} tone="warn">It was stopped: ${left} were not reached and are as they were.<//>`}
    <${Outcomes} items=${outcomes} />
  <//>`;
}

const CSV = [
  { label: "Id", csv: (item) => item.id }, { label: "Name", csv: (item) => item.name },
  { label: "Outcome", csv: (item) => item.outcome }, { label: "Why", csv: (item) => item.detail },
];
const TONES = { changed: "good", unchanged: "plain", refused: "bad" };
const AHEAD = { changed: "would change", unchanged: "stays as it is", refused: "would be refused" };

/** ahead: nothing has happened yet. */
function Outcomes({ items, ahead = false }) {
  const would = ahead ? "would be " : "";
  const count = (outcome) => items.filter((item) => item.outcome === outcome).length;
  return html`
    <p role="status"><strong>${count("changed")}</strong> ${would}changed, <strong>${count("unchanged")}</strong> stay
      as they are, <strong>${count("refused")}</strong> ${would}refused.</p>
    <div class="table outcomes" role="region" aria-label="What becomes of each" tabindex="0"><table>
      <caption class="sr-only">What becomes of each</caption>
      <thead><tr><th scope="col">Name</th><th scope="col">Outcome</th><th scope="col">Why</th></tr></thead>
      <tbody>${items.map((item) => html`<tr key=${item.id}>
        <td dir="auto">${item.name ?? item.id}</td>
        <td><span class=${`badge ${ahead && item.outcome === "changed" ? "busy" : TONES[item.outcome]}`}>
          ${ahead ? AHEAD[item.outcome] : item.outcome}
        </span></td>
        <td>${item.detail ?? ""}</td>
      </tr>`)}</tbody>
    </table></div>
  `;
}
