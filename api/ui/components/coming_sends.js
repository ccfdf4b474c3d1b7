/** When a scheduled notification is sent next. */
import { api } from "../core/api.js";
import { html } from "../core/html.js";
import { useResource } from "../core/resource.js";
import { MY_ZONE } from "../core/time.js";
import { Badge, Exact, Loaded, Moment } from "./basics.js";
import { SaveCsv } from "./save_csv.js";
import { OCCURRENCES_CSV } from "./schedule_preview.js";

const SHOWN = 10;

/** notification: what is left out by a calendar or moved by a clock change is said, too. */
export function ComingSends({ notification }) {
  const { schedule, state, id, revision } = notification;
  const shown = ["active", "awaiting_approval"].includes(state);
  const body = { schedule, count: SHOWN, viewerTimezone: MY_ZONE };
  const resource = useResource(`${id}.${revision}.${shown}.${notification.nextRun}`, (signal) =>
    shown ? api.ask("admin/scheduler/schedules/preview", body, { signal }) : { occurrences: [] },
  );
  if (!shown) return html`<p class="muted">${state === "paused" ? "None while it is paused." : "None."}</p>`;
  return html`<${Loaded} resource=${resource}>${({ occurrences }) => html`
    ${notification.recipientTimezone && html`
      <p class="muted">By the wall clock of each recipient's own zone; shown for ${schedule.timezone}.</p>
    `}
    ${occurrences.length === 0
      ? html`<p class="muted">No more: the schedule has ended.</p>`
      : html`<ol class="plain-list">
          ${occurrences.map((each) => html`<li key=${each.at}>
            <${Exact} at=${each.at} zone=${schedule.timezone} />${" "}
            ${each.excluded
              ? html`<${Badge} state="skipped">left out: ${each.excluded}<//>`
              : html`<small class="muted"><${Moment} at=${each.at} zone=${schedule.timezone} /></small>`}
            ${each.adjusted && html` <${Badge} state="held">clock change<//>`}
          </li>`)}
        </ol>
        <${SaveCsv} name="coming-sends" columns=${OCCURRENCES_CSV} rows=${occurrences} />`}
  `}<//>`;
}
