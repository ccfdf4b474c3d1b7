/** Charts: columns over time (uPlot), small ones in tables (SVG). Each also says what it shows in words or a table. */
import { useEffect, useRef, useState } from "preact/hooks";

import { html } from "../../core/html.js";
import { library, styles } from "../../core/library.js";
import { themeChanges } from "../../core/theme.js";
import { MY_ZONE, duration, shortTime, zonedTime } from "../../core/time.js";
import { Failure, toneOf } from "../basics.js";
import { SaveCsv } from "../save_csv.js";

const DAY_MS = 86_400_000;
const COLUMN_WIDTH = [0.8, 40];
const LEAST_LETTERS = 4;
const AXIS_LETTER = 7;
const AXIS_GAP = 16;

/**
 * Columns over time, stacked. times: [ms], ascending. series: [{label, tone, values}], the lowest first;
 * tone: good, busy, warn or bad. label: what it shows. value(number): how a value is written.
 * line: points of one series instead of columns.
 */
export function Chart({ label, times, series, value = String, height = 200, line = false }) {
  const holder = useRef(null);
  const plot = useRef(null);
  const [error, setError] = useState(null);
  const theme = themeChanges.value;
  const names = series.map((each) => each.label).join();
  const data = useRef(null);
  data.current = [times.map((time) => time / 1000), ...stacked(series)];

  useEffect(() => {
    let ended = false;
    styles("uPlot.min.css");
    library("uPlot.iife.min.js", "uPlot").then((UPlot) => {
      if (ended || !holder.current) return; // the screen was left meanwhile
      const width = Math.max(holder.current.clientWidth, 200);
      plot.current = new UPlot(optionsOf(UPlot, { width, height, series, value, line }), data.current, holder.current);
    }, setError);
    const resizing = new ResizeObserver(
      ([seen]) => plot.current?.setSize({ width: Math.max(seen.contentRect.width, 200), height }),
    );
    resizing.observe(holder.current);
    return () => {
      ended = true;
      resizing.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [theme, names, height, line]);
  useEffect(() => plot.current?.setData(data.current), [JSON.stringify(data.current)]);

  return html`<div class="chart">
    ${error && html`<${Failure} error=${error} />`}
    <div ref=${holder} role="img" aria-label=${`${label}, ${MY_ZONE}. The same as a table follows.`}></div>
    <p class="muted"><small>Times of ${MY_ZONE}.</small></p>
    <${ChartTable} label=${label} times=${times} series=${series} value=${value} />
  </div>`;
}

/** Each series on top of those before it, the highest first, so that the lower ones are painted over it. */
const stacked = (series) =>
  series.map((_, at) => {
    const below = series.slice(0, series.length - at);
    return series[0].values.map((_, point) => sum(below.map((each) => each.values[point])));
  });

const sum = (values) => values.reduce((total, each) => total + (each ?? 0), 0);

function optionsOf(UPlot, { width, height, series, value, line }) {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: colour("--pico-muted-color"),
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
  };
  const painted = [...series].reverse();
  return {
    width,
    height,
    cursor: { drag: { x: false, y: false }, points: { show: line } },
    scales: {
      x: { range: (plot, first, last) => aroundColumns(plot.data[0], first, last) },
      y: { range: (_, __, highest) => [0, Math.max(highest ?? 0, 1)] },
    },
    axes: [
      {
        ...axis,
        size: 30,
        values: (_, moments, __, ___, step) => moments.map((moment) => axisTime(moment * 1000, step * 1000)),
      },
      {
        ...axis,
        size: (_, told) => AXIS_GAP + AXIS_LETTER * Math.max(LEAST_LETTERS, ...(told ?? []).map((each) => each.length)),
        values: (_, numbers) => numbers.map((number) => (Number.isInteger(number) || line ? value(number) : "")),
      },
    ],
    series: [
      { label: "Time", value: (_, moment) => (moment === null ? "" : zonedTime(moment * 1000)) },
      ...painted.map((each) => ({
        label: each.label,
        stroke: colour(`--${each.tone}`),
        fill: line ? undefined : colour(`--${each.tone}`),
        paths: line ? undefined : UPlot.paths.bars({ size: COLUMN_WIDTH }),
        points: { show: line },
        value: (_, __, ___, point) => (point === null || point === undefined ? "" : value(each.values[point] ?? 0)),
      })),
    ],
  };
}

/** Half a column more on both sides: the outer ones are seen whole. */
function aroundColumns(times, first, last) {
  const half = times.length > 1 ? (times[1] - times[0]) / 2 : 1800;
  return [first - half, last + half];
}

const format = (options) => new Intl.DateTimeFormat("en-GB", { hourCycle: "h23", ...options });
const asTime = format({ hour: "2-digit", minute: "2-digit" });
const asDay = format({ day: "numeric", month: "short" });

function axisTime(moment, step) {
  const at = new Date(moment);
  const midnight = at.getHours() === 0 && at.getMinutes() === 0;
  return step >= DAY_MS || midnight ? asDay.format(at) : asTime.format(at);
}

const ChartTable = ({ label, times, series, value }) => html`
  <details class="chart-table">
    <summary>As a table</summary>
    <div class="table" role="region" aria-label=${label} tabindex="0"><table>
      <caption class="sr-only">${label}, ${MY_ZONE}</caption>
      <thead>
        <tr>
          <th scope="col">Time (${MY_ZONE})</th>
          ${series.map((each) => html`<th key=${each.label} scope="col">${each.label}</th>`)}
        </tr>
      </thead>
      <tbody>${times.map((time, at) => html`<tr key=${time}>
        <th scope="row" title=${zonedTime(time)}>${shortTime(time)}</th>
        ${series.map((each) => html`<td key=${each.label} class="number">${value(each.values[at] ?? 0)}</td>`)}
      </tr>`)}</tbody>
    </table></div>
    <${SaveCsv} name=${label.toLowerCase().replaceAll(" ", "-")} rows=${times.map((_, at) => at)}
      columns=${csvColumns(times, series)} />
  </details>
`;

const csvColumns = (times, series) => [
  { label: "Time (UTC)", csv: (at) => new Date(times[at]).toISOString() },
  ...series.map((each) => ({ label: each.label, csv: (at) => each.values[at] ?? 0 })),
];

const BAR = 6;
const LOWEST = 4;
const HIGHEST = 20;

/**
 * The latest runs of a job, the oldest first: a bar each, as long as it took.
 * runs: [{id, state, scheduledFor, durationMs}]
 */
export function Sparkline({ runs }) {
  if (runs.length === 0) return html`<span class="muted">–</span>`;
  const longest = Math.max(1, ...runs.map((run) => run.durationMs ?? 0));
  const counts = Object.entries(Object.groupBy(runs, (run) => run.state))
    .map(([state, those]) => `${those.length} ${state.replaceAll("_", " ")}`);
  const label = `Last ${runs.length} runs: ${counts.join(", ")}`;
  return html`<svg class="sparkline" role="img" aria-label=${label} width=${runs.length * BAR} height=${HIGHEST}
      viewBox=${`0 0 ${runs.length * BAR} ${HIGHEST}`}>
    ${runs.map((run, at) => {
      const height = LOWEST + ((HIGHEST - LOWEST) * (run.durationMs ?? 0)) / longest;
      return html`<rect key=${run.id}
          class=${toneOf(run.state)} x=${at * BAR} y=${HIGHEST - height} width=${BAR - 1} height=${height} rx="1">
        <title>${run.state.replaceAll("_", " ")}, ${zonedTime(run.scheduledFor)}, ${duration(run.durationMs)}</title>
      </rect>`;
    })}
  </svg>`;
}
