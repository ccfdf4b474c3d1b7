/** When a scheduled notification is sent next. */
import { api } from "../../core/api.js";
import { html } from "../../core/html.js";
import { useResource } from "../../core/resource.js";
import { exact } from "../../core/time.js";
import { Badge, Exact, Loaded, Moment } from "../basics.js";
import { SaveCsv } from "../save_csv.js";
import { OCCURRENCES_CSV } from "../schedules/schedule_preview.js";

const SENDS_CSV = [...OCCURRENCES_CSV, { label: "Leaves", csv: (each) => each.sendAt }];

/** notification: what is left out by a calendar or moved by a clock change is said, too. */
export function ComingSends({ notification }) {
  const { schedule, state, id, revision } = notification;
  const shown = ["active", "awaiting_approval"].includes(state);
  const resource = useResource(`${id}.${revision}.${shown}.${notification.nextRun}`, (signal) =>
    shown ? api.get(`notifications/scheduled/${id}/coming`, {}, signal) : { occurrences: [] },
  );
  if (!shown) return html`<p class="muted">${state === "paused" ? "None while it is paused." : "None."}</p>`;
  return html`<${Loaded} resource=${resource}>${({ occurrences }) => html`
    ${notification.recipientTimezone && html`
      <p class="muted">By the wall clock of each recipient's own zone; shown for ${schedule.timezone}.</p>
    `}
    ${occurrences.length === 0
      ? html`<p class="muted">No more: the schedule has ended.</p>`
      : html`<ol class="plain-list">
          ${occurrences.map((each) => html`<${Send} key=${each.at} occurrence=${each} zone=${schedule.timezone} />`)}
        </ol>
        <${SaveCsv} name="coming-sends" columns=${SENDS_CSV} rows=${occurrences} />`}
  `}<//>`;
}

/** When its messages leave; where they wait, since when. */
function Send({ occurrence: { at, sendAt, excluded, adjusted }, zone }) {
  const leaves = sendAt ?? at;
  return html`<li>
    <${Exact} at=${leaves} zone=${zone} />${" "}
    ${excluded
      ? html`<${Badge} state="skipped">left out: ${excluded}<//>`
      : html`<small class="muted"><${Moment} at=${leaves} zone=${zone} /></small>`}
    ${adjusted && html` <${Badge} state="held">clock change<//>`}
    ${leaves !== at && html`<br />
      <small class="muted">due ${exact(at, zone)}; quiet hours or days that are not allowed hold it</small>
    `}
  </li>`;
}
