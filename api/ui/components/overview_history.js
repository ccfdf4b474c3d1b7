/** The overview's past and future: statistics of runs by hour, the latest failures, and what comes. */
import { api } from "../core/api.js";
import { html } from "../core/html.js";
import { useDocument, useResource } from "../core/resource.js";
import { href } from "../core/router.js";
import { now } from "../core/time.js";
import { Badge, Loaded, Moment, Panel } from "./basics.js";
import { Chart } from "./charts.js";
import { HeatMap, Timeline } from "./hours.js";
import { runAddress } from "./runs.js";
import { Figure } from "./figure.js";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const DAYS = 7;
const EVERY_MS = 30_000;
const BAD = ["failed", "timed_out", "interrupted"];
const READ_FAILURES = 50;
const SHOWN_FAILURES = 6;
const COMING = 12;

const sumOf = (hour, states) => states.reduce((sum, state) => sum + (hour[state] ?? 0), 0);
const failedIn = (hour) => sumOf(hour, BAD);
const endedIn = (hour) => (hour.succeeded ?? 0) + failedIn(hour);

/** Runs by hour of the last week. */
export const useStatistics = () =>
  useResource(
    "statistics",
    (signal) => api.get(
      "admin/scheduler/statistics",
      { from: new Date(Date.now() - DAYS * DAY_MS).toISOString(), to: new Date().toISOString() },
      signal,
    ),
    { every: EVERY_MS },
  );

const lastDay = (hours) => hours.filter((hour) => new Date(hour.at).getTime() > Date.now() - DAY_MS);

const GOOD_RATE = 0.99;

/** How many of the runs that ended in the last day succeeded. */
export function SuccessTile({ statistics }) {
  const hours = lastDay(statistics.data?.hours ?? []);
  const ended = hours.reduce((sum, hour) => sum + endedIn(hour), 0);
  const failed = hours.reduce((sum, hour) => sum + failedIn(hour), 0);
  const rate = ended === 0 ? null : 1 - failed / ended;
  const tone = rate === null ? "" : rate >= GOOD_RATE ? "good" : "warn";
  return html`<${Figure} label="Success, 24 hours" value=${rate === null ? "–" : percent(rate)} tone=${tone}
    about=${statistics.data && `${failed} of ${ended} runs failed`} />`;
}

/** Never 100 % while something failed. */
const percent = (rate) => `${(Math.floor(rate * 1000) / 10).toLocaleString("en")} %`;

export const RunsPerHourPanel = ({ statistics }) => html`
  <${Panel} title="Runs per hour">
    <${Loaded} resource=${statistics}>${({ hours }) => {
      const filled = everyHour(lastDay(hours));
      const series = [
        { label: "Succeeded", tone: "good", values: filled.map((hour) => hour.succeeded ?? 0) },
        {
          label: "Skipped or cancelled",
          tone: "warn",
          values: filled.map((hour) => sumOf(hour, ["skipped", "cancelled"])),
        },
        { label: "Failed", tone: "bad", values: filled.map(failedIn) },
      ];
      return html`
        <${Chart} label="Runs per hour of the last day" times=${filled.map((hour) => hour.at)} series=${series} />
      `;
    }}<//>
  <//>
`;

/** The last 24 hours without gaps, as [{at: ms, ...}]. */
function everyHour(hours) {
  const known = new Map(hours.map((hour) => [new Date(hour.at).getTime(), hour]));
  const last = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
  return [...Array(24).keys()].map((back) => last - (23 - back) * HOUR_MS).map((at) => ({ ...known.get(at), at }));
}

export const HeatPanel = ({ statistics }) => html`
  <${Panel} title="Runs by day and hour">
    <${Loaded} resource=${statistics}>${({ hours }) => hours.length === 0
      ? html`<p class="muted">Nothing ran in the last ${DAYS} days.</p>`
      : html`
          <${HeatMap} hours=${hours.map((hour) => ({ at: hour.at, total: endedIn(hour), failed: failedIn(hour) }))} />
        `}<//>
  <//>
`;

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
              <a href=${item.jobId
                ? href(`/jobs/${encodeURIComponent(item.jobId)}`)
                : href(`/notifications/scheduled/${encodeURIComponent(item.notificationId)}`)}>
                ${item.name}
              </a>${" "}
              <small class="muted"><${Moment} at=${item.at} /></small>
            </li>`)}
          </ul>
          ${(more || items.length > COMING) && html`
            <p class="muted"><small>and ${more ? "more than " : ""}${items.length - COMING} others</small></p>
          `}
        `}<//>
  <//>`;
}
