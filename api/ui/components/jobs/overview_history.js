/** The statistics on the overview: how many runs succeeded, and runs by hour and day. */
import { api } from "../../core/api.js";
import { html } from "../../core/html.js";
import { useResource } from "../../core/resource.js";
import { Loaded, Panel } from "../basics.js";
import { Chart } from "./charts.js";
import { Figure } from "../figure.js";
import { HeatMap } from "./hours.js";
import { FAILURES } from "./runs.js";

const HOUR_MS = 3_600_000;
const DAYS = 7;

export const DAY_MS = 24 * HOUR_MS;
export const EVERY_MS = 30_000;

const sumOf = (hour, states) => states.reduce((sum, state) => sum + (hour[state] ?? 0), 0);
const failedIn = (hour) => sumOf(hour, FAILURES);
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

/** {ended, failed}: runs of the last day. */
export function lastDayOf(statistics) {
  const hours = lastDay(statistics.data?.hours ?? []);
  const total = (count) => hours.reduce((sum, hour) => sum + count(hour), 0);
  return { ended: total(endedIn), failed: total(failedIn) };
}

const GOOD_RATE = 0.99;
const BAD_RATE = 0.5;

/** How many of the runs that ended in the last day succeeded. */
export function SuccessTile({ statistics }) {
  const { ended, failed } = lastDayOf(statistics);
  const rate = ended === 0 ? null : 1 - failed / ended;
  const tone = rate === null ? "" : rate >= GOOD_RATE ? "good" : rate > BAD_RATE ? "warn" : "bad";
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
