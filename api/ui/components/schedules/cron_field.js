/** A cron expression, with examples; what it means, the preview of the schedule says. */
import { html } from "../../core/html.js";
import { TextField } from "../forms/fields.js";

const EXAMPLES = [
  ["*/15 * * * *", "every 15 minutes"],
  ["0 * * * *", "hourly"],
  ["0 9 * * MON-FRI", "on weekdays at 09:00"],
  ["0 9 * * MON#1", "first Monday of the month"],
  ["0 18 LW * *", "last weekday of the month"],
];

export const CronField = ({ value, onInput, error }) => html`
  <${TextField} label="Cron expression" required value=${value} onInput=${onInput} error=${error} class="cron"
    help="minute hour day-of-month month day-of-week; six fields begin with the seconds; or @daily" />
  <div class="actions examples"><small class="muted">Examples:</small>
    ${EXAMPLES.map(([expression, meaning]) => html`<button key=${expression} type="button"
        class="small outline secondary" title=${expression} onClick=${() => onInput(expression)}>
      ${meaning}
    </button>`)}
  </div>
`;
