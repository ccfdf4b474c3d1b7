/** A cron expression with its meaning while it is typed. */
import { useEffect, useState } from "preact/hooks";

import { html } from "../core/html.js";
import { library } from "../core/library.js";
import { TextField } from "./fields.js";

const EXAMPLES = [
  ["*/15 * * * *", "every 15 minutes"],
  ["0 * * * *", "hourly"],
  ["0 9 * * MON-FRI", "on weekdays at 09:00"],
  ["0 9 * * MON#1", "first Monday of the month"],
  ["0 18 LW * *", "last weekday of the month"],
];

export function CronField({ value, onInput, error }) {
  const words = useWords(value);
  return html`
    <${TextField} label="Cron expression" required value=${value} onInput=${onInput} error=${error} class="cron"
      help="minute hour day-of-month month day-of-week; six fields begin with the seconds; or @daily" />
    <p class="cron-words" role="status">${words ?? ""}</p>
    <div class="actions examples"><small class="muted">Examples:</small>
      ${EXAMPLES.map(([expression, meaning]) => html`<button key=${expression} type="button"
          class="small outline secondary" title=${expression} onClick=${() => onInput(expression)}>
        ${meaning}
      </button>`)}
    </div>
  `;
}

/** Plain words for an expression, at once; null for what has none. The API's own words come with the preview. */
function useWords(expression) {
  const [cronstrue, setCronstrue] = useState(null);
  useEffect(() => {
    library("cronstrue.min.js", "cronstrue").then((loaded) => setCronstrue(() => loaded), () => {});
  }, []);
  if (!cronstrue || !expression?.trim()) return null;
  try {
    return cronstrue.toString(expression, { use24HourTimeFormat: true });
  } catch {
    return null;
  }
}
