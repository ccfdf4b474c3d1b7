/** The lists on the overview: whose runs failed in the last day, and what comes in the next. */
import { api } from "../core/api.js";
import { html } from "../core/html.js";
import { useDocument, useResource } from "../core/resource.js";
import { href } from "../core/router.js";
import { now } from "../core/time.js";
import { Badge, Loaded, Moment, Panel } from "./basics.js";
import { Timeline } from "./hours.js";
import { BAD, DAY_MS, EVERY_MS } from "./overview_history.js";
import { runAddress } from "./runs.js";

const READ_FAILURES = 50;
const SHOWN_FAILURES = 6;
const COMING = 12;

/** Runs that did not succeed as [{run: the latest, count}], one for each job, the latest first. */
function byJob(runs) {
  const latestFirst = runs.sort((one, other) => (one.scheduledFor < other.scheduledFor ? 1 : -1));
  const grouped = [...Map.groupBy(latestFirst, (run) => run.jobId).values()];
  return grouped.map((those) => ({ run: those[0], count: those.length }));
}

/** The jobs whose runs did not succeed in the last day, with why. */
export function FailuresPanel() {
  const failures = useResource(
    "failures",
    async (signal) => {
      const query = { from: new Date(Date.now() - DAY_MS).toISOString(), limit: READ_FAILURES };
      const lists = await Promise.all(BAD.map((state) => api.get("admin/scheduler/runs", { ...query, state }, signal)));
      return { jobs: byJob(lists.flatMap((list) => list.items)), more: lists.some((list) => list.nextCursor !== null) };
    },
    { every: EVERY_MS },
  );
  return html`<${Panel} title="Failures of the last day"
      actions=${html`<a href=${href("/runs", { state: "failed" })}>All failed</a>`}>
    <${Loaded} resource=${failures}>${({ jobs, more }) => jobs.length === 0
      ? html`<p class="muted">Nothing failed.</p>`
      : html`<ul class="lines">
          ${jobs.slice(0, SHOWN_FAILURES).map(({ run, count }) => html`<li key=${run.jobId}>
            <a href=${runAddress(run)}>${run.jobName ?? run.jobId}</a> <${Badge} state=${run.state} />${" "}
            <small class="muted">
              <${Moment} at=${run.finishedAt ?? run.scheduledFor} />
              ${count > 1 && `, ${more ? "at least " : ""}${count} times`}
            </small>
            <br />
            <small>${run.error?.message ?? run.reason ?? "No message."}</small>
          </li>`)}
          ${jobs.length > SHOWN_FAILURES && html`<li class="muted">and ${jobs.length - SHOWN_FAILURES} more jobs</li>`}
        </ul>`}<//>
  <//>`;
}

const addressOf = ({ jobId, notificationId }) =>
  href(jobId ? `/jobs/${encodeURIComponent(jobId)}` : `/notifications/scheduled/${encodeURIComponent(notificationId)}`);

/** What starts or is sent in the next day. */
export function ComingPanel() {
  const coming = useDocument("admin/scheduler/upcoming", { hours: 24 }, { every: EVERY_MS });
  return html`<${Panel} title="Next 24 hours">
    <${Loaded} resource=${coming}>${({ items, more }) => items.length === 0
      ? html`<p class="muted">Nothing is due. <a href=${href("/jobs/new")}>Create a job</a></p>`
      : html`
          <${Timeline} items=${items} from=${now.value} />
          <ul class="lines coming">
            ${items.slice(0, COMING).map((item) => html`<li key=${`${item.jobId ?? item.notificationId}-${item.at}`}>
              <a href=${addressOf(item)}>${item.name}</a>${" "}
              <small class="muted"><${Moment} at=${item.at} /></small>
            </li>`)}
          </ul>
          ${(more || items.length > COMING) && html`
            <p class="muted"><small>and ${more ? "more than " : ""}${items.length - COMING} others</small></p>
          `}
        `}<//>
  <//>`;
}
