/** One job: what it is, when it runs next, what it has done, who changed it. */
import { Badge, Exact, Facts, Head, Json, Loaded, Moment, Note, Panel } from "../components/basics.js";
import { JobActions, JobState, jobPath } from "../components/jobs/job_parts.js";
import { Durations, RunHistory } from "../components/jobs/job_history.js";
import { Revisions } from "../components/revisions.js";
import { Occurrences, countedFrom } from "../components/schedules/schedule_preview.js";
import { aboutToGo, goingAway } from "../components/undo_delete.js";
import { api } from "../core/api.js";
import { html } from "../core/html.js";
import { useDocument, useResource } from "../core/resource.js";
import { go, href, place } from "../core/router.js";
import { may } from "../core/session.js";
import { standstill } from "../core/status.js";
import { MY_ZONE } from "../core/time.js";

const EVERY_MS = 5000;
const COMING = 5;

export default function Job({ params }) {
  const going = goingAway.value.has(params.id);
  const resource = useDocument(going ? null : jobPath(params.id), {}, { every: going ? 0 : EVERY_MS });
  const here = place.value.path;
  const changed = (job) => {
    if (job === null) go("/jobs");
    else if (place.value.path === here) resource.reload();
  };
  if (going) return html`<${Going} pending=${aboutToGo(params.id)} />`;
  return html`
    ${resource.data === null && resource.error && html`<${Head} title="Job" />`}
    <${Loaded} resource=${resource}>${(job) => html`<${Page} job=${job} changed=${changed} />`}<//>
  `;
}

/** One that is deleted, or about to be; pending: how to undo that, while there is time. */
const Going = ({ pending }) => html`
  <${Head} title=${pending?.name ?? "Job"} />
  <${Note} tone="warn">
    <p>${pending ? "This job is being deleted." : "This job is deleted."}</p>
    ${pending && html`<button type="button" class="small" onClick=${pending.undo}>Undo</button>`}
    <a href=${href("/jobs")}>All jobs</a>
  <//>
`;

const Page = ({ job, changed }) => html`
  <${Head} title=${job.name ?? job.id} about=${job.rule}><${JobActions} job=${job} changed=${changed} /><//>
  <${Notes} job=${job} />
  <${State} job=${job} />
  <div class="halves">
    <div><${Coming} job=${job} /></div>
    <div><${Definition} job=${job} /></div>
  </div>
  <${RunHistory} job=${job} />
  <${Durations} job=${job} />
  <${Revisions} path=${jobPath(job.id)} revision=${job.revision} csvName=${`changes-${job.id}`} />
`;

const Notes = ({ job }) => html`
  ${job.problem && html`<${Note} tone="bad">
    It does not run: ${job.problem}${" "}
    ${may("edit") && html`<a href=${href(`/jobs/${encodeURIComponent(job.id)}/edit`)}>Mend it</a>`}
  <//>`}
  ${job.pause && html`<${Note} tone="warn">
    Paused by ${job.pause.by || "somebody"}: ${job.pause.reason || "no reason given"}.${" "}
    ${job.pause.until
      ? html`It goes on <${Moment} at=${job.pause.until} zone=${job.schedule.timezone} />.`
      : "It rests until somebody resumes it."}
  <//>`}
  ${job.autoPaused && html`<${Note} tone="warn">
    Paused by itself after ${job.consecutiveFailures} failures in a row: ${job.autoPaused.reason}
  <//>`}
  ${job.enabled === false && html`<${Note}>It is disabled, so it does not run by its schedule.<//>`}
  ${job.managedBy && html`<${Note}>Kept in files${job.managedLabel && ` (${job.managedLabel})`}: change it there.<//>`}
`;

const tally = (counts) =>
  Object.entries(counts ?? {}).map(([name, count]) => `${count} ${name.replaceAll("_", " ")}`).join(", ") || null;

const State = ({ job }) => html`<${Facts} rows=${[
  ["State", html`<${JobState} job=${{ ...job, pause: null }} />`],
  ["Next run", html`<${NextRun} job=${job} />`],
  ["Last run", job.lastRun && html`<${LastRun} job=${job} />`],
  ["Finished runs", tally(job.runs)],
  ["Did not run", tally(job.skipped)],
  ["Template", job.template],
  ["Labels", Object.keys(job.labels ?? {}).length > 0 && html`<${Labels} labels=${job.labels} />`],
  ["Made", html`${job.createdBy ?? "somebody"}, <${Moment} at=${job.createdAt} />`],
  ["Changed", html`${job.updatedBy}, <${Moment} at=${job.updatedAt} /> (revision ${job.revision})`],
]} />`;

const NextRun = ({ job: { nextRun, schedule } }) =>
  nextRun && standstill.value
    ? html`due <${Exact} at=${nextRun} zone=${schedule?.timezone} />`
    : html`<${Moment} at=${nextRun} zone=${schedule?.timezone} empty="none" />`;

const LastRun = ({ job: { lastRun, schedule } }) => html`
  <a href=${href(`/runs/${encodeURIComponent(lastRun.runId)}`)}><${Badge} state=${lastRun.state} /></a>${" "}
  <${Moment} at=${lastRun.finishedAt} zone=${schedule?.timezone} />
`;

const Labels = ({ labels }) => html`<span class="labels">${Object.entries(labels).map(([name, value]) => html`
  <a key=${name} class="label" href=${href("/jobs", { label: `${name}=${value}` })}>${name}=${value}</a>
`)}</span>`;

function Coming({ job }) {
  const { schedule } = job;
  const rests = job.pause || job.enabled === false || job.state !== "active";
  const body = {
    schedule: countedFrom(schedule, job.createdAt), count: COMING,
    viewerTimezone: schedule?.timezone === MY_ZONE ? null : MY_ZONE,
  };
  const key = JSON.stringify([schedule, job.nextRun]);
  const read = (signal) => (rests ? null : api.ask("admin/scheduler/schedules/preview", body, { signal }));
  const resource = useResource(key, read);
  return html`<${Panel} title="Next occurrences">
    ${rests
      ? html`<p class="muted">None while it is ${job.enabled === false ? "disabled" : job.state}.</p>`
      : html`<${Loaded} resource=${resource}>
          ${(preview) => html`
            ${standstill.value && html`<${Note} tone="warn">${standstill.value}<//>`}
            <${Occurrences} preview=${preview} zone=${schedule.timezone} waiting=${standstill.value !== null} />
          `}
        <//>`}
  <//>`;
}

const Definition = ({ job }) => html`<${Panel} title="Definition">
  <h3>Parameters</h3>
  ${Object.keys(job.params ?? {}).length > 0
    ? html`<${Json} value=${job.params} label="Parameters" />`
    : html`<p class="muted">The template's defaults.</p>`}
  <details><summary>Schedule and policies as the API has them</summary>
    <${Json} value=${job.schedule} label="Schedule" /><${Json} value=${job.policies} label="Policies" />
  </details>
<//>`;
