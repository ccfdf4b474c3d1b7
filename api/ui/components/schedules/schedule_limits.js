/** What few schedules need: calendars, start and end, limits, spreading, and what happens when the clocks change. */
import { useRef } from "preact/hooks";

import { html } from "../../core/html.js";
import { useDocument } from "../../core/resource.js";
import { CheckField, ManyField, MomentField, NumberField, SelectField, TextField } from "../forms/fields.js";
import { Fold } from "../fold.js";

const GAPS = [["next", "Run right after the gap"], ["skip", "Do not run that day"]];
const OVERLAPS = [["first", "Run at the first of the two"], ["last", "Run at the second"], ["both", "Run at both"]];

/** value: a schedule. set(changes). wrong(field): what is wrong with it. LongText away unless something is set. */
export function ScheduleLimits({ value, set, wrong }) {
  const fields = ["startAt", "endAt", "maxRuns", "jitter", "excludeCalendars", "anchor", "strict"];
  const used = useRef(
    fields.some((field) => isSet(field, value[field])) ||
    value.dst?.gap === "skip" ||
    !["first", undefined].includes(value.dst?.overlap),
  );
  const dst = value.dst ?? { gap: "next", overlap: "first" };
  return html`<${Fold} summary="Days left out, start and end, spreading, clock changes"
      open=${used.current || fields.some(wrong)}>
    <${Calendars} chosen=${value.excludeCalendars ?? []} onInput=${(excludeCalendars) => set({ excludeCalendars })}
      error=${wrong("excludeCalendars") ?? wrong("excludeCalendars.0")} />
    <div class="columns">
      <${MomentField} label="Not before" zone=${value.timezone}
        value=${value.startAt} onInput=${(startAt) => set({ startAt })} error=${wrong("startAt")} />
      <${MomentField} label="Not after" zone=${value.timezone}
        value=${value.endAt} onInput=${(endAt) => set({ endAt })} error=${wrong("endAt")} />
      <${NumberField} label="At most so many runs" min="1" step="1" value=${value.maxRuns}
        onInput=${(maxRuns) => set({ maxRuns })} error=${wrong("maxRuns")} help="Empty: no limit." />
      <${TextField} label="Spread over"
        value=${value.jitter ?? "0s"} onInput=${(jitter) => set({ jitter })} error=${wrong("jitter")}
        help="Each occurrence may begin up to this much later, such as 5m, so that not everything starts at once." />
      ${value.kind === "interval" && html`
        <${MomentField} label="Counted from" zone=${value.timezone}
          value=${value.anchor} onInput=${(anchor) => set({ anchor })} error=${wrong("anchor")}
          help="Empty: from the start, else from when it was made." />
      `}
    </div>
    ${value.kind === "cron" && html`<div class="columns">
      <${SelectField} label="When the clocks skip the time"
        value=${dst.gap} options=${GAPS} onInput=${(gap) => set({ dst: { ...dst, gap } })} error=${wrong("dst.gap")} />
      <${SelectField} label="When the clocks repeat the time" value=${dst.overlap}
        options=${OVERLAPS} onInput=${(overlap) => set({ dst: { ...dst, overlap } })} error=${wrong("dst.overlap")} />
    </div>`}
    ${value.kind === "once" && html`
      <${CheckField} label="Refuse a time that the clocks skip or repeat"
        value=${value.strict} onInput=${(strict) => set({ strict })} error=${wrong("strict")} />
    `}
  <//>`;
}

const isSet = (field, value) =>
  field === "jitter"
    ? !["0s", "PT0S", undefined].includes(value)
    : Array.isArray(value) ? value.length > 0 : Boolean(value);

/** The calendars on whose days nothing runs. */
function Calendars({ chosen, onInput, error }) {
  const { data } = useDocument("admin/scheduler/calendars", { limit: 200 });
  const known = (data?.items ?? []).map((calendar) => [calendar.id, calendar.name ?? calendar.id]);
  const gone = chosen.filter((id) => data && !known.some(([each]) => each === id))
    .map((id) => [id, `${id} (not found)`]);
  if (data && known.length + gone.length === 0) {
    return html`<p class="muted">No calendar yet: <a href="#/calendars">make one</a> to leave out holidays.</p>`;
  }
  return html`
    <${ManyField} label="Leave out the days of"
      value=${chosen} options=${[...known, ...gone]} onInput=${onInput} error=${error} />
  `;
}
