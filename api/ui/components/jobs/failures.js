/** The overview's failures of the last day: job by job, how many, why the latest, and a way to try it again. */
import { api } from "../../core/api.js";
import { html } from "../../core/html.js";
import { useResource } from "../../core/resource.js";
import { href } from "../../core/router.js";
import { Badge, Loaded, Moment, Panel } from "../basics.js";
import { DAY_MS, EVERY_MS } from "./overview_history.js";
import { FAILURES, RunActions, runAddress } from "./runs.js";

const READ = 100;
const SHOWN = 6;

/** [{run: the latest, states: {failed: 3}, count}], one for each job, the job that failed most often first. */
function byJob(runs) {
  const latestFirst = runs.sort((one, other) => (one.scheduledFor < other.scheduledFor ? 1 : -1));
  const grouped = [...Map.groupBy(latestFirst, (run) => run.jobId).values()];
  return grouped
    .map((those) => ({ run: those[0], count: those.length, states: Map.groupBy(those, (run) => run.state) }))
    .sort((one, other) => other.count - one.count);
}

async function readFailures(signal) {
  const from = new Date(Date.now() - DAY_MS).toISOString();
  const read = (state) => api.get("admin/scheduler/runs", { from, limit: READ, state }, signal);
  const lists = await Promise.all(FAILURES.map(read));
  return { from, jobs: byJob(lists.flatMap((list) => list.items)), more: lists.some((list) => list.nextCursor) };
}

export function FailuresPanel() {
  const failures = useResource("failures", readFailures, { every: EVERY_MS });
  return html`<${Panel} title="Failures of the last day"
      actions=${html`<a href=${href("/runs", { state: "failed" })}>All failed</a>`}>
    <${Loaded} resource=${failures}>${({ from, jobs, more }) => jobs.length === 0
      ? html`<p class="muted">Nothing failed.</p>`
      : html`<ul class="lines">
          ${jobs.slice(0, SHOWN).map((job) => html`
            <${FailedJob} key=${job.run.jobId} job=${job} from=${from} more=${more} done=${failures.reload} />
          `)}
          ${jobs.length > SHOWN && html`<li class="muted">and ${jobs.length - SHOWN} more jobs</li>`}
        </ul>`}<//>
  <//>`;
}

function FailedJob({ job: { run, count, states }, from, more, done }) {
  const name = run.jobName ?? run.jobId;
  return html`<li>
    <div class="head">
      <div>
        <a href=${runAddress(run)}>${name}</a>${" "}
        <strong class="number">${more ? "at least " : ""}${count} ${count === 1 ? "failure" : "failures"}</strong>
      </div>
      <div class="actions">
        ${[...states].map(([state, those]) => html`
          <a key=${state} href=${href("/runs", { jobId: run.jobId, state, from })}
              aria-label=${`${those.length} ${state.replaceAll("_", " ")} runs of ${name}`}>
            <${Badge} state=${state}>${those.length} ${state.replaceAll("_", " ")}<//>
          </a>
        `)}
        ${run.jobName && html`<${RunActions} run=${run} small done=${done} />`}
      </div>
    </div>
    <small>
      <${Moment} at=${run.finishedAt ?? run.scheduledFor} />: ${run.error?.message ?? run.reason ?? "no message"}
    </small>
  </li>`;
}
