/** What a job has done: its runs with the reasons of skips, and how long they took. */
import { html } from "../../core/html.js";
import { useDocument, useList } from "../../core/resource.js";
import { place, refine } from "../../core/router.js";
import { may } from "../../core/session.js";
import { duration, exact } from "../../core/time.js";
import { Badge, Empty, Exact, Moment, Panel } from "../basics.js";
import { Chart } from "./charts.js";
import { SelectField } from "../forms/fields.js";
import { Outcome, RUN_STATES, RunActions, RunTook, outcomeOf, runAddress } from "./runs.js";
import { DataTable } from "../table.js";

const EVERY_MS = 2000;
const CHARTED = 100;

/** The runs, the latest first. */
export function RunHistory({ job }) {
  const { state = "" } = place.value.query;
  const list = useList("admin/scheduler/runs", { jobId: job.id, state }, { every: EVERY_MS, inAddress: true });
  const zone = job.schedule?.timezone;
  const columns = [
    {
      label: "Scheduled for",
      cell: (run) => html`<a href=${runAddress(run)}><${Exact} at=${run.scheduledFor} zone=${zone} /></a>`,
      csv: (run) => exact(run.scheduledFor, "UTC"),
    },
    { label: "State", cell: (run) => html`<${Badge} state=${run.state} />`, csv: (run) => run.state },
    { label: "Outcome", cell: outcomeWithSpan, csv: outcomeOf },
    { label: "Trigger", narrow: false, cell: (run) => run.trigger, csv: (run) => run.trigger },
    {
      label: "Attempt",
      narrow: false,
      cell: (run) => `${run.attempt} of ${run.maxAttempts}`,
      csv: (run) => run.attempt,
    },
    { label: "Took", narrow: false, cell: (run) => html`<${RunTook} run=${run} />`, csv: (run) => run.durationMs },
    ...(may("operate") ? [actionsColumn(list.reload)] : []),
  ];
  return html`<${Panel} title="Runs">
    <div class="filters">
      <${SelectField} label="State" value=${state} onInput=${(chosen) => refine({ state: chosen })}
        options=${[["", "all"], ...RUN_STATES.map((each) => [each, each.replaceAll("_", " ")])]} />
    </div>
    <${DataTable} caption="Runs of this job" columns=${columns} list=${list} csvName=${`runs-${job.id}`}
      empty=${html`<${Empty} title=${state ? "No run is in this state" : "It has not run yet"}>
        <p>${state ? "Choose another state." : "Its next run is above; or run it now."}</p>
      <//>`} />
  <//>`;
}

const actionsColumn = (done) => ({
  label: "Actions",
  cell: (run) => html`<span class="actions"><${RunActions} run=${run} small done=${done} /></span>`,
});

/** A skipped span is one record of many occurrences. */
const outcomeWithSpan = (run) => {
  const { span } = run;
  if (!span) return html`<${Outcome} run=${run} />`;
  const count = `${span.exact ? "" : "more than "}${span.count}`;
  return html`
    ${outcomeOf(run)}${span.name && `, ${span.name}`}: ${count} ${span.count === 1 ? "occurrence" : "occurrences"}
    ${span.count > 1 && html` until <${Moment} at=${span.to} />`}
  `;
};

/** How long the last runs took. */
export function Durations({ job }) {
  const { data } = useDocument("admin/scheduler/runs", { jobId: job.id, limit: CHARTED });
  const runs = (data?.items ?? [])
    .filter((run) => Number.isFinite(run.durationMs) && run.startedAt)
    .sort((one, other) => Date.parse(one.startedAt) - Date.parse(other.startedAt));
  if (runs.length < 2) return null;
  const series = [{ label: "Duration", tone: "busy", values: runs.map((run) => run.durationMs) }];
  return html`<${Panel} title="Duration">
    <${Chart} label=${`Duration of the last ${runs.length} runs`} line
      times=${runs.map((run) => Date.parse(run.startedAt))} series=${series} value=${duration} />
  <//>`;
}
