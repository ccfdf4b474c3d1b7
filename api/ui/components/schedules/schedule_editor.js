/** The schedule editor: simple choices, cron, interval, once; calendars, zone and limits; and what comes of it. */
import { useRef, useState } from "preact/hooks";

import { html } from "../../core/html.js";
import { MY_ZONE } from "../../core/time.js";
import { CronField } from "./cron_field.js";
import { ChoiceField, ManyField, NumberField, SelectField, TextField, ZoneField } from "../forms/fields.js";
import { ScheduleLimits } from "./schedule_limits.js";
import { SchedulePreview, countedFrom, useSchedulePreview } from "./schedule_preview.js";
import {
  DAYS, MODES, UNITS, expressionOf, fits, inMode, modeOf, simpleCron, simpleLength, wallOf,
} from "./schedule_shapes.js";

export { newSchedule } from "./schedule_shapes.js";

/**
 * value: a schedule as the API has it. error(field): what the last save said about `prefix.field`. since: when what it
 * belongs to was made, from which an interval counts; null: now.
 */
export function ScheduleEditor({
  value, onInput, error = () => null, prefix = "schedule", kinds = ["once", "interval", "cron"], since = null,
}) {
  const [wanted, setWanted] = useState(() => modeOf(value));
  const drafts = useRef({});
  const preview = useSchedulePreview(countedFrom(value, since));
  const mode = fits(wanted, value) ? wanted : modeOf(value);
  const wrong = (field) => preview.fault?.of(`schedule.${field}`) ?? error(`${prefix}.${field}`);
  const set = (changes) => onInput({ ...value, ...changes });
  const change = (next) => {
    drafts.current[mode] = value;
    setWanted(next);
    const { expression, every, anchor, at, kind } = drafts.current[next] ?? inMode(next, value);
    onInput({ ...inMode(next, value), kind, ...defined({ expression, every, anchor, at }) });
  };
  const modes = MODES.filter(([, , kind]) => kinds.includes(kind)).map(([name, label]) => [name, label]);
  return html`<fieldset class="schedule">
    <legend>Schedule</legend>
    <${ChoiceField} label="How often"
      value=${mode} options=${modes} onInput=${change} error=${wrong("kind") ?? error(prefix)} />
    <${Rule} mode=${mode} value=${value} set=${set} wrong=${wrong} />
    <${ZoneField} value=${value.timezone} onInput=${(timezone) => set({ timezone })} error=${wrong("timezone")} required
      help=${`The times are read on this zone's clock. Yours is ${MY_ZONE}.`} />
    <${SchedulePreview} preview=${preview} zone=${value.timezone} />
    <${ScheduleLimits} value=${value} set=${set} wrong=${wrong} />
  </fieldset>`;
}

const defined = (fields) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

/** The fields of one choice. */
function Rule({ mode, value, set, wrong }) {
  if (mode === "once") return html`<${Once} value=${value} set=${set} wrong=${wrong} />`;
  if (mode === "every") return html`<${Every} value=${value} set=${set} wrong=${wrong} />`;
  if (mode === "cron") {
    return html`
      <${CronField} value=${value.expression} onInput=${(expression) => set({ expression })}
        error=${wrong("expression")} />
    `;
  }
  return html`<${AtTimes} value=${value} set=${set} wrong=${wrong} />`;
}

const Once = ({ value, set, wrong }) => html`
  <${TextField} label="Date and time" type="datetime-local" required
    value=${wallOf(value)} onInput=${(at) => set({ at: at || null })} error=${wrong("at")} />
`;

/** Its count is kept as it is typed, so that "1.5" and "-5" are read as they stand. */
function Every({ value, set, wrong }) {
  const simple = simpleLength(value.every);
  const length = ({ count, unit }) => set({ every: `${count}${unit}` });
  const typed = (text) => text.replace(",", ".").replace(/[^\d.-]|(?!^)-/g, "").replace(/(\..*)\./, "$1");
  if (!simple) {
    return html`
      <${TextField} label="Every" required value=${value.every} onInput=${(every) => set({ every })}
        error=${wrong("every")} help="A length such as 90s, 5m, 1h30m or 2d." />
    `;
  }
  const fault = Number(simple.count) > 0 ? wrong("every") : "Write a number above 0.";
  return html`<div class="columns">
    <${TextField} label="Every" required inputmode="decimal" value=${simple.count} error=${fault}
      onInput=${(count) => length({ ...simple, count: typed(count) })} />
    <${SelectField} label="Unit" value=${simple.unit} options=${[...UNITS, ["other", "another length"]]}
      onInput=${(unit) => (unit === "other" ? set({ every: "1h30m" }) : length({ ...simple, unit }))} />
  </div>`;
}

const MONTH_DAYS = [
  ...Array.from({ length: 31 }, (_, at) => [String(at + 1), String(at + 1)]),
  ["L", "last day"],
  ["LW", "last weekday (Monday to Friday)"],
];

/** Daily, weekly or monthly at a time. */
function AtTimes({ value, set, wrong }) {
  const simple = simpleCron(value.expression);
  const change = (changes) => set({ expression: expressionOf({ ...simple, ...changes }) });
  const none = simple.days?.length === 0 ? "Choose at least one day." : null;
  return html`
    ${simple.mode === "weekly" && html`
      <${ManyField} label="On"
        value=${simple.days} options=${DAYS} onInput=${(days) => change({ days })} error=${none} />
    `}
    <div class="columns">
      ${simple.mode === "monthly" && html`
        <${SelectField} label="Day of the month"
          value=${simple.day} options=${MONTH_DAYS} onInput=${(day) => change({ day })}
          help=${Number(simple.day) > 28 ? "Months without this day are left out." : null} />
      `}
      <${TextField} label="Time" type="time" required
        value=${simple.time} onInput=${(time) => time && change({ time })} error=${none ? null : wrong("expression")} />
    </div>
  `;
}
