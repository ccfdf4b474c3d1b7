/** One run: how it went, with what, its log as it is written, and stopping or repeating it. */
import { useEffect, useState } from "preact/hooks";

import { Badge, Exact, Facts, Head, Json, Loaded, Moment, Note, Panel, Took } from "../components/basics.js";
import { LongText } from "../components/long_text.js";
import { RunLog } from "../components/jobs/run_log.js";
import { JobLink, Progress, RunActions, RunTook, isLive } from "../components/jobs/runs.js";
import { html } from "../core/html.js";
import { useDocument } from "../core/resource.js";
import { go, href } from "../core/router.js";
import { duration, now } from "../core/time.js";

const LIVE_EVERY_MS = 2000;
const WAITED_FOR_MS = 30_000;

export default function Run({ params }) {
  const path = `admin/scheduler/runs/${encodeURIComponent(params.id)}`;
  const resource = useDocument(path);
  const run = resource.data;
  const live = run !== null && isLive(run);
  useEffect(() => {
    if (!live) return undefined;
    const timer = setInterval(() => document.hidden || resource.reload(), LIVE_EVERY_MS);
    return () => clearInterval(timer);
  }, [live, resource.reload]);
  const asked = ({ runId }) => (runId === run.id ? resource.reload() : go(`/runs/${encodeURIComponent(runId)}`));
  if (run === null && resource.error?.status === 404) {
    return html`<${Waiting} reload=${resource.reload} id=${params.id} />`;
  }
  return html`
    <${Head} title=${run ? `Run of ${run.jobName ?? "a deleted job"}` : "Run"}
        about=${run && html`scheduled for <${Exact} at=${run.scheduledFor} />`}>
      ${run && html`<${RunActions} run=${run} done=${asked} />`}
    <//>
    <${Loaded} resource=${resource}>${(found) => html`<${Found} run=${found} path=${path} live=${live} />`}<//>
  `;
}

/** A run that was just asked for begins to exist when the daemon takes the command: that is not waited for for ever. */
function Waiting({ reload, id }) {
  const [since, setSince] = useState(Date.now);
  const over = now.value - since >= WAITED_FOR_MS;
  useEffect(() => {
    if (over) return undefined;
    const timer = setInterval(reload, LIVE_EVERY_MS);
    return () => clearInterval(timer);
  }, [reload, over]);
  const again = () => {
    setSince(Date.now());
    reload();
  };
  return html`
    <${Head} title=${over ? "No such run" : "Run"} />
    <${Note} tone=${over ? "warn" : "busy"}>
      <p>
        There is no run <code>${id}</code>${over
          ? ". It was deleted, or it was asked for and the daemon has not taken it."
          : " yet. If it was just asked for, it appears here when the daemon takes it."}
      </p>
      ${over && html`<button type="button" class="small" onClick=${again}>Look again</button>`}
      <a href=${href("/runs")}>All runs</a>
    <//>
  `;
}

const Found = ({ run, path, live }) => html`
  <div aria-live="polite">
    <p><${Badge} state=${run.state} />${run.slowAt && html` <${Badge} state="expired">longer than expected<//>`}</p>
    <${Ending} run=${run} />
  </div>
  ${live && html`<${Progress} run=${run} />`}
  <${Panel} title="Facts"><${Facts} rows=${factsOf(run)} /><//>
  <${Panel} title="What happened"><${History} run=${run} /><//>
  <${RunLog} path=${`${path}/logs`} live=${live} attempts=${run.attempt} />
  <div class="halves">
    <${Panel} title="Parameters, as they were">
      ${Object.keys(run.params ?? {}).length > 0
        ? html`<${Json} value=${run.params} label="Parameters" />`
        : html`<p class="muted">None.</p>`}
    <//>
    ${run.result && Object.keys(run.result.metrics).length > 0 && html`<${Panel} title="Figures">
      <${Facts} rows=${Object.entries(run.result.metrics)
          .map(([name, value]) => [name, typeof value === "object" ? JSON.stringify(value) : String(value)])} />
    <//>`}
  </div>
`;

/** The result, the error, or why it did not run. */
function Ending({ run }) {
  if (run.problem) return html`<${Note} tone="bad">${run.problem}<//>`;
  if (run.reason) {
    const span = run.span && html`
      ${" "}Stands for ${run.span.exact ? "" : "at least "}${run.span.count} occurrences, from${" "}
      <${Exact} at=${run.span.from} /> to <${Exact} at=${run.span.to} />.
    `;
    return html`<${Note} tone="warn">${run.reason.replaceAll("_", " ")}.${span}<//>`;
  }
  if (run.error) {
    return html`<${Note} tone=${isLive(run) ? "warn" : "bad"} role="status">
      <p><strong>${run.error.type}</strong> <${LongText} text=${run.error.message ?? ""} /></p>
    <//>`;
  }
  if (run.result?.summary) return html`<${Note} tone="good">${run.result.summary}<//>`;
  return null;
}

const factsOf = (run) => [
  ["Job", html`<${JobLink} run=${run} />`],
  ["Template", html`<code>${run.template}</code>`],
  ["Trigger", `${run.trigger}, by ${run.createdBy}`],
  ["Revision of the job", run.jobRevision],
  ["Attempt", run.attempt ? `${run.attempt} of ${run.maxAttempts}` : null],
  ["Took", html`<${RunTook} run=${run} />`],
  ["Time limit", run.timeoutMs ? duration(run.timeoutMs) : null],
  ["Next attempt", run.nextAttemptAt && html`<${Moment} at=${run.nextAttemptAt} />`],
  ["Starts until", run.startBy && html`<${Exact} at=${run.startBy} />`],
  ["Interruptions", run.interruptions || null],
  ["Daemon", run.instance],
  ["Id", html`<code>${run.id}</code>`],
];

/** The moments of a run in their order. */
function History({ run }) {
  const moments = [{ at: run.createdAt, words: "planned" }];
  for (const each of run.attempts ?? []) {
    moments.push({ at: each.startedAt, words: `attempt ${each.number} started` });
    moments.push({
      at: each.finishedAt, words: `attempt ${each.number}`, state: each.state, error: each.error,
      tookMs: Date.parse(each.finishedAt) - Date.parse(each.startedAt),
    });
  }
  if (run.startedAt) moments.push({ at: run.startedAt, words: `attempt ${run.attempt} started` });
  if (run.slowAt) moments.push({ at: run.slowAt, words: "took longer than expected" });
  if (run.finishedAt) {
    moments.push({ at: run.finishedAt, words: "ended:", state: run.state, tookMs: run.durationMs });
  }
  if (run.nextAttemptAt && isLive(run)) moments.push({ at: run.nextAttemptAt, words: "next attempt" });
  return html`<ol class="lines">
    ${moments.filter((each) => each.at).map((each) => html`<li key=${`${each.at}${each.words}`}>
      <span class="muted"><${Exact} at=${each.at} /></span> ${each.words}${" "}
      ${each.state && html`<${Badge} state=${each.state} />`}
      ${Number.isFinite(each.tookMs) && html` <small class="muted">after <${Took} ms=${each.tookMs} /></small>`}
      ${each.error && html`<br /><small>${each.error.type}: <${LongText} text=${each.error.message ?? ""} /></small>`}
    </li>`)}
  </ol>`;
}
