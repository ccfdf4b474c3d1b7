/** What falls into which hour: the heat map of the past, and the hours that come. */
import { html } from "../../core/html.js";
import { MY_ZONE, zonedTime } from "../../core/time.js";

const HOUR_MS = 3_600_000;
const LEVELS = 4;
const HOURS = [...Array(24).keys()];
const asDay = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short" });
const clock = (hour) => `${String(hour).padStart(2, "0")}:00`;

/** Runs by day and hour in the reader's zone. hours: [{at, total, failed}] of whole hours. */
export function HeatMap({ hours }) {
  const days = Map.groupBy(hours, (hour) => asDay.format(new Date(hour.at)));
  const most = Math.max(1, ...hours.map((hour) => hour.total));
  return html`<div class="heat-holder">
    <table class="heat">
      <caption class="sr-only">Runs by day and hour, ${MY_ZONE}</caption>
      <thead><tr><th scope="col"><span class="sr-only">Day</span></th>
        ${HOURS.map((hour) => html`<th key=${hour} scope="col">
          <span class=${hour % 6 ? "sr-only" : ""}>${String(hour).padStart(2, "0")}</span>
        </th>`)}
      </tr></thead>
      <tbody>${[...days].map(([day, those]) => html`<tr key=${day}>
        <th scope="row">${day}</th>
        ${HOURS.map((hour) => html`
          <${HeatCell} key=${hour} day=${day} hour=${hour} most=${most}
            found=${those.filter((each) => new Date(each.at).getHours() === hour)} />
        `)}
      </tr>`)}</tbody>
    </table>
    <p class="muted">
      <small>Stronger: more runs, up to ${most} in an hour. A dot: some failed. Hours of ${MY_ZONE}.</small>
    </p>
  </div>`;
}

/** found: usually one hour; two when the clock is set back, none before the first or when it is set forward. */
function HeatCell({ day, hour, most, found }) {
  const total = found.reduce((sum, each) => sum + each.total, 0);
  const failed = found.reduce((sum, each) => sum + each.failed, 0);
  const words = `${total} ${total === 1 ? "run" : "runs"}, ${failed} failed`;
  const level = total === 0 ? 0 : Math.max(1, Math.ceil((LEVELS * total) / most));
  const when = found.length > 0 ? zonedTime(found[0].at) : `${day}, ${clock(hour)} ${MY_ZONE}`;
  return html`<td class=${`level-${level}`} title=${`${when}: ${words}`}>
    ${failed > 0 && html`<span class="failed" aria-hidden="true"></span>`}<span class="sr-only">${words}</span>
  </td>`;
}

/** How much comes in each of the next hours. items: [{at, name}]; from: milliseconds. */
export function Timeline({ items, from, count = 24 }) {
  const first = Math.floor(from / HOUR_MS) * HOUR_MS;
  const hours = [...Array(count).keys()].map((at) => ({ at: first + at * HOUR_MS, items: [] }));
  for (const item of items) hours[Math.floor((new Date(item.at).getTime() - first) / HOUR_MS)]?.items.push(item);
  const most = Math.max(1, ...hours.map((hour) => hour.items.length));
  return html`
    <ol class="timeline" aria-label=${`What comes in the next ${count} hours, ${MY_ZONE}`}>${hours.map((hour) => {
      const words = `${zonedTime(hour.at)}: ${hour.items.length}`;
      return html`<li key=${hour.at} title=${[words, ...namesOf(hour.items)].join("\n")}>
        <span class="bar" style=${{ height: `${(100 * hour.items.length) / most}%` }}></span>
        <span class="hour" aria-hidden="true">${String(new Date(hour.at).getHours()).padStart(2, "0")}</span>
        <span class="sr-only">${words}</span>
      </li>`;
    })}</ol>
    <p class="muted"><small>Hours of ${MY_ZONE}.</small></p>
  `;
}

const MOST_NAMES = 10;

function namesOf(items) {
  const names = items.slice(0, MOST_NAMES).map((item) => item.name);
  return items.length > MOST_NAMES ? [...names, `and ${items.length - MOST_NAMES} more`] : names;
}
