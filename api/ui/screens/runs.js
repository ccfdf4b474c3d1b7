/** Runs: what ran, what did not and why. */
import { Badge, Empty, Head, Moment } from "../components/basics.js";
import { MomentField, SelectField } from "../components/forms/fields.js";
import { JobField } from "../components/jobs/job_picker.js";
import { JobLink, Outcome, Progress, RUN_STATES, RunTook, outcomeOf, runAddress } from "../components/jobs/runs.js";
import { DataTable } from "../components/table.js";
import { html } from "../core/html.js";
import { useDocument, useList } from "../core/resource.js";
import { href, refine } from "../core/router.js";
import { may } from "../core/session.js";

const EVERY_MS = 5000;
const WORDS = { retry_wait: "waiting for another attempt", timed_out: "timed out" };

const COLUMNS = [
  {
    label: "Job",
    cell: (run) => html`<${JobLink} run=${run} /><br /><small class="muted">${run.template}</small>`,
    csv: (run) => run.jobName ?? run.jobId,
  },
  {
    label: "State",
    cell: (run) => html`<a href=${runAddress(run)} aria-label=${`Run of ${run.jobName ?? run.jobId}, ${run.state}`}>
      <${Badge} state=${run.state} />
    </a>`,
    csv: (run) => run.state,
  },
  { label: "Scheduled for", cell: (run) => html`<${Moment} at=${run.scheduledFor} />`, csv: (run) => run.scheduledFor },
  { label: "Took", cell: (run) => html`<${RunTook} run=${run} />`, csv: (run) => run.durationMs },
  {
    label: "Attempt",
    cell: (run) => html`<span class="number">${run.attempt ? `${run.attempt} of ${run.maxAttempts}` : "–"}</span>`,
    csv: (run) => run.attempt,
    narrow: false,
  },
  {
    label: "Trigger",
    cell: (run) => html`<span class="number">${run.trigger}</span>`,
    csv: (run) => run.trigger,
    narrow: false,
  },
  {
    label: "Result or reason",
    cell: (run) => html`<${Outcome} run=${run} /><${Progress} run=${run} />`,
    csv: outcomeOf,
  },
];

export default function Runs({ query }) {
  const { state, template, jobId, from, to } = query;
  const filter = { state, template, jobId, from, to };
  const list = useList("admin/scheduler/runs", filter, { every: EVERY_MS, inAddress: true });
  const empty = isFiltered(query)
    ? html`<${Empty} title="No run fits"><p><button type="button" onClick=${clear}>Show all runs</button></p><//>`
    : html`<${Empty} title="Nothing has run yet">
        <p>
          ${may("edit")
            ? html`<a href=${href("/jobs/new")}>Create a job</a>, and its runs appear here.`
            : "Runs of jobs appear here."}
        </p>
      <//>`;
  return html`
    <${Head} title="Runs" about="The latest first; refreshes by itself." />
    <${Filters} query=${query} />
    <${DataTable} caption="Runs" columns=${COLUMNS} list=${list} empty=${empty} csvName="runs" />
  `;
}

const FILTERS = ["state", "template", "jobId", "from", "to"];
const isFiltered = (query) => FILTERS.some((name) => query[name]);
const clear = () => refine(Object.fromEntries(FILTERS.map((name) => [name, null])));

function Filters({ query }) {
  const templates = useDocument("admin/scheduler/templates");
  const names = (templates.data?.items ?? []).map((each) => [each.type, each.name ?? each.type]);
  return html`<form class="filters" aria-label="Filters" onSubmit=${(event) => event.preventDefault()}>
    <${SelectField} label="State" value=${query.state} onInput=${(state) => refine({ state })}
      options=${[["", "any"], ...RUN_STATES.map((each) => [each, WORDS[each] ?? each])]} />
    <${SelectField} label="Template" value=${query.template} onInput=${(template) => refine({ template })}
      options=${[["", "any"], ...names]} />
    <${JobField} value=${query.jobId} onInput=${(jobId) => refine({ jobId })} />
    <${MomentField} label="From" value=${query.from} onInput=${(from) => refine({ from })} />
    <${MomentField} label="To" value=${query.to} onInput=${(to) => refine({ to })} />
    ${isFiltered(query) && html`
      <button type="button" class="small outline secondary" onClick=${clear}>All runs</button>
    `}
  </form>`;
}
