/** Running past occurrences of a job, with how many that would be. */
import { useEffect, useState } from "preact/hooks";

import { api } from "../../core/api.js";
import { html } from "../../core/html.js";
import { useSettled } from "../../core/resource.js";
import { Exact, Note } from "../basics.js";
import { tell } from "../dialog.js";
import { CheckField, MomentField, NumberField, SelectField } from "../forms/fields.js";
import { useForm } from "../forms/form.js";
import { FormDialog } from "../forms/form_dialog.js";

const WAYS = [["queue_all", "One after another"], ["allow", "Several at once"]];

const bodyOf = ({ from, to, way, several, again }) => ({
  from, to, again, overlap: way === "allow" ? `allow:${several ?? ""}` : way,
});

export function BackfillDialog({ job, onClose, onAsked }) {
  const path = `admin/scheduler/jobs/${encodeURIComponent(job.id)}/backfill`;
  const form = useForm({ from: null, to: null, way: "queue_all", several: 2, again: false }, async (values, key) => {
    const { count } = await api.post(path, bodyOf(values), { key });
    tell(`Asked to run ${count} past ${count === 1 ? "occurrence" : "occurrences"} of “${job.name}”.`);
    onAsked();
  });
  const { values, set } = form;
  const foreseen = useForeseen(path, bodyOf(values));
  const wrong = (field) => form.error(field) ?? foreseen.fault?.of(field);
  const zone = job.schedule.timezone;
  return html`<${FormDialog} title=${`Backfill “${job.name}”`} form=${form}
      submitLabel=${foreseen.data ? `Run ${foreseen.data.count}` : "Run them"} onClose=${onClose}>
    <p>Runs the occurrences that its schedule has between two moments, both included: ${job.rule}.</p>
    <div class="columns">
      <${MomentField} label="From" required zone=${zone}
        value=${values.from} onInput=${(from) => set("from", from)} error=${wrong("from")} />
      <${MomentField} label="To" required zone=${zone}
        value=${values.to} onInput=${(to) => set("to", to)} error=${wrong("to")} />
      <${SelectField} label="How" options=${WAYS} value=${values.way} onInput=${(way) => set("way", way)} />
      ${values.way === "allow" && html`
        <${NumberField} label="So many at once" min="1" step="1"
          value=${values.several} onInput=${(several) => set("several", several)} error=${wrong("overlap")} />
      `}
    </div>
    <${CheckField} label="Also occurrences of which a run has succeeded"
      value=${values.again} onInput=${(again) => set("again", again)} error=${wrong("again")} />
    <div role="status"><${Foreseen} foreseen=${foreseen} zone=${zone} /></div>
  <//>`;
}

function useForeseen(path, body) {
  const settled = useSettled(body);
  const [state, setState] = useState({ data: null, fault: null });
  const key = JSON.stringify(settled);
  useEffect(() => {
    if (!settled.from || !settled.to) return setState({ data: null, fault: null });
    const abort = new AbortController();
    api.ask(path, { ...settled, dryRun: true }, { signal: abort.signal }).then(
      (data) => abort.signal.aborted || setState({ data, fault: null }),
      (fault) => abort.signal.aborted || setState({ data: null, fault }),
    );
    return () => abort.abort();
  }, [path, key]);
  return state;
}

function Foreseen({ foreseen: { data, fault }, zone }) {
  if (fault) return html`<${Note} tone="warn">${fault.message}<//>`;
  if (!data) return html`<p class="muted">How many runs that is appears here.</p>`;
  if (data.count === 0) return html`<p>There is no occurrence between them.</p>`;
  return html`<p>
    <strong>${data.count} ${data.count === 1 ? "run" : "runs"}</strong>, from${" "}
    <${Exact} at=${data.first} zone=${zone} /> to <${Exact} at=${data.last} zone=${zone} />.
  </p>`;
}
