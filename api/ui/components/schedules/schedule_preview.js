/** When a schedule would fire: asked of the API while it is typed. */
import { useEffect, useState } from "preact/hooks";

import { api } from "../../core/api.js";
import { html } from "../../core/html.js";
import { useSettled } from "../../core/resource.js";
import { MY_ZONE, now, relative, wallText } from "../../core/time.js";
import { Note } from "../basics.js";
import { SaveCsv } from "../save_csv.js";

const COUNT = 5;
/** Columns of occurrences as the API previews them. */
export const OCCURRENCES_CSV = [
  { label: "UTC", csv: (each) => each.at },
  { label: "Local", csv: (each) => each.local },
  { label: "Moved by a clock change", csv: (each) => (each.adjusted ? "yes" : "") },
  { label: "Excluded", csv: (each) => each.excluded },
];

/**
 * The schedule with what the preview cannot know: an interval counts from when its job was made, unless it says
 * otherwise.
 */
export const countedFrom = (schedule, since) =>
  schedule?.kind === "interval" && since
    ? { ...schedule, anchor: schedule.anchor ?? schedule.startAt ?? since }
    : schedule;

/** {data, fault, busy} for a schedule, once its typing rests. The last good answer stays until there is another. */
export function useSchedulePreview(schedule, count = COUNT) {
  const text = JSON.stringify(schedule);
  const settled = useSettled(text);
  const [state, setState] = useState({ of: null, data: null, fault: null });
  useEffect(() => {
    const abort = new AbortController();
    const viewerTimezone = schedule.timezone === MY_ZONE ? null : MY_ZONE;
    const body = { schedule: JSON.parse(settled), count, viewerTimezone };
    api.ask("admin/scheduler/schedules/preview", body, { signal: abort.signal }).then(
      (data) => abort.signal.aborted || setState({ of: settled, data, fault: null }),
      (fault) => abort.signal.aborted || setState((old) => ({ of: settled, data: old.data, fault })),
    );
    return () => abort.abort();
  }, [settled, count]);
  return { data: state.data, fault: state.fault, busy: state.of !== text };
}

/** The rule in plain words and its next occurrences. preview: of useSchedulePreview. */
export function SchedulePreview({ preview, zone }) {
  const { data, fault, busy } = preview;
  if (!data) return fault ? html`<${Refused} fault=${fault} />` : html`<p aria-busy="true">Looking ahead…</p>`;
  return html`<div class="schedule-preview" aria-busy=${busy}>
    ${fault ? html`<${Refused} fault=${fault} />` : html`<p role="status"><strong>${data.description}.</strong></p>`}
    ${!fault && html`<${Occurrences} preview=${data} zone=${zone} />`}
  </div>`;
}

const Refused = ({ fault }) =>
  fault.errors.length > 0
    ? html`<p class="muted" role="status">The next occurrences appear here when the schedule is complete.</p>`
    : html`<${Note} tone="warn">${fault.message}<//>`;

/** preview: the answer of the API. waiting: nothing starts at present, so how long it is until then says nothing. */
export function Occurrences({ preview, zone, waiting = false }) {
  const { occurrences, complete } = preview;
  if (occurrences.length === 0) {
    return html`<p role="status">There is no occurrence ahead: this schedule never fires.</p>`;
  }
  const viewed = occurrences.some((each) => each.viewer);
  return html`<div class="table" role="region" aria-label="Times" tabindex="0"><table>
    <caption class="sr-only">Next occurrences</caption>
    <thead>
      <tr>
        <th scope="col">${zone}</th>
        ${viewed && html`<th scope="col" class="yours">Yours, ${MY_ZONE}</th>`}
        ${!waiting && html`<th scope="col">When</th>`}
      </tr>
    </thead>
    <tbody>${occurrences.map((each) => html`<tr key=${each.at} class=${each.excluded ? "excluded" : ""}>
      <td>
        <span class="number">${wallText(each.local)}</span> <span class="muted number">UTC${each.utcOffset}</span>${" "}
        <${Marks} occurrence=${each} />
      </td>
      ${viewed && html`<td class="number yours">${wallText(each.viewer)}</td>`}
      ${!waiting && html`<td class="number">${each.excluded ? "does not run" : relative(each.at, now.value)}</td>`}
    </tr>`)}</tbody>
  </table></div>
  <${SaveCsv} name="occurrences" columns=${OCCURRENCES_CSV} rows=${occurrences} />
  ${!complete && html`<p class="muted">More days that calendars exclude lie between.</p>`}`;
}

const Marks = ({ occurrence: { adjusted, excluded } }) => html`
  ${adjusted && html`
    <span class="badge busy" title="The clocks change: the zone skips or repeats the time that was meant.">
      moved by a clock change
    </span>
  `}
  ${excluded && html`<span class="badge">excluded: ${excluded}</span>`}
`;
