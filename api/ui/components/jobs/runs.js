/** Runs as they are shown in more than one place: reason, result, live progress, and what can be done with one. */
import { api } from "../../core/api.js";
import { html } from "../../core/html.js";
import { href } from "../../core/router.js";
import { may } from "../../core/session.js";
import { now } from "../../core/time.js";
import { Loaded, Moment, Took } from "../basics.js";
import { ActionButton, ask, attempt } from "../dialog.js";

export const RUN_STATES = [
  "pending", "running", "retry_wait", "succeeded", "failed", "timed_out", "cancelled", "interrupted", "skipped",
];
const LIVE = ["pending", "running", "retry_wait"];
/** The ends that count as a failure. */
export const FAILURES = ["failed", "timed_out", "interrupted"];
const RETRYABLE = ["failed", "timed_out", "interrupted", "cancelled"];

export const isLive = (run) => LIVE.includes(run.state);

/** What a job is called now, with the way to it. */
export const JobLink = ({ run }) =>
  run.jobName
    ? html`<a href=${href(`/jobs/${encodeURIComponent(run.jobId)}`)} dir="auto">${run.jobName}</a>`
    : html`<span class="muted" title=${run.jobId}>deleted job</span>`;

export const runAddress = (run) => href(`/runs/${encodeURIComponent(run.id)}`);

/** Why it is as it is, in one line: the reason of a skip, the error, or the result. */
export function outcomeOf(run) {
  if (run.problem) return run.problem;
  if (run.state === "skipped" || run.state === "cancelled") return (run.reason ?? "").replaceAll("_", " ");
  return run.error?.message ?? run.result?.summary ?? "";
}

/** The same in a table: the first lines of it. */
export const Outcome = ({ run }) =>
  html`<span class="clamped" title=${outcomeOf(run)} dir="auto">${outcomeOf(run)}</span>`;

/** How long it took, or has been running. */
export const RunTook = ({ run }) =>
  run.state === "running" && run.startedAt
    ? html`<${Took} ms=${Math.max(0, now.value - new Date(run.startedAt).getTime())} />`
    : html`<${Took} ms=${run.durationMs} />`;

/** How far it says it is, while it is not done. */
export function Progress({ run }) {
  const { progress } = run;
  if (!progress || !isLive(run)) return null;
  const label = `Progress of ${run.jobName ?? run.id}`;
  const words = progress.total ? `${progress.done} of ${progress.total}` : `${progress.done} done`;
  return html`<div class="progress">
    <progress aria-label=${label} ...${progress.total ? { value: progress.done, max: progress.total } : {}}></progress>
    <small>${words}${progress.message && `: ${progress.message}`} (<${Moment} at=${progress.at} />)</small>
  </div>`;
}

/** The runs of a resource that are running, with what they have reached. */
export const RunningList = ({ resource }) => html`<${Loaded} resource=${resource}>
  ${({ items, nextCursor }) => items.length === 0
    ? html`<p class="muted">Nothing runs at the moment.</p>`
    : html`<ul class="running">
        ${items.map((run) => html`<li key=${run.id}>
          <a href=${runAddress(run)}>${run.jobName ?? run.jobId}</a>${" "}
          <span class="muted">for <${RunTook} run=${run} />${run.slowAt && " · longer than expected"}</span>
          <${Progress} run=${run} />
        </li>`)}
        ${nextCursor && html`<li><a href=${href("/runs", { state: "running" })}>and more</a></li>`}
      </ul>`}
<//>`;

/** Cancel or retry, where it makes sense and the token may. done(answer): after it was asked for. */
export function RunActions({ run, small = false, done }) {
  if (!may("operate")) return null;
  const path = `admin/scheduler/runs/${encodeURIComponent(run.id)}`;
  const style = small ? "small outline" : "outline";
  const cancel = async () => {
    const text = `${run.jobName ?? "This run"} is stopped. What it has done so far stays done.`;
    if (!(await ask({ title: "Cancel this run?", text, yes: "Cancel the run", danger: true }))) return;
    await attempt(async () => done(await api.post(`${path}/cancel`)), "Asked to cancel the run.");
  };
  const retry = () =>
    attempt(async () => done(await api.post(`${path}/retry`)), "Asked to run it again, as a new run.");
  return html`
    ${isLive(run) && html`<${ActionButton} class=${`${style} danger`} onClick=${cancel}>Cancel run<//>`}
    ${RETRYABLE.includes(run.state) && run.jobName && html`<${ActionButton} class=${style} onClick=${retry}>Retry<//>`}
  `;
}
