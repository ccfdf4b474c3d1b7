/** When messages may leave: recipients' own zones, quiet hours, days, expiry, throttle. */
import { html } from "../../core/html.js";
import { CheckField, Field, ManyField, NumberField, SelectField, TextField, ZoneField } from "../forms/fields.js";
import { DAYS } from "../schedules/schedule_shapes.js";

const PASSED = [["next_day", "the next day at that time"], ["now", "at once"], ["skip", "not at all"]];

/** Where errors of these fields stand. */
export const SENDING_FIELDS = [
  "recipientTimezone", "alreadyPassed", "quietHours", "quietHours.from", "quietHours.to", "quietHours.timezone",
  "allowedDays", "expiresAfter", "throttle", "throttle.perMinute", "critical",
];

/** values: of a scheduled notification. set(name, value), error(field): of its form. */
export function SendingRules({ values, set, error }) {
  const quiet = values.quietHours;
  const setQuiet = (changes) => set("quietHours", { timezone: null, ...quiet, ...changes });
  return html`
    <${CheckField} label="At this time in each recipient's own time zone"
      value=${values.recipientTimezone} onInput=${(on) => set("recipientTimezone", on)}
      error=${error("recipientTimezone")} help="Who has no zone gets it in the schedule's." />
    ${values.recipientTimezone && html`
      <${SelectField} label="Where that time has passed already, it is sent"
        value=${values.alreadyPassed ?? "next_day"} options=${PASSED} onInput=${(each) => set("alreadyPassed", each)} />
    `}
    <${CheckField} label="Quiet hours" value=${Boolean(quiet)}
      onInput=${(on) => set("quietHours", on ? { from: "22:00", to: "08:00", timezone: null } : null)}
      error=${error("quietHours")} help="No message leaves then; it waits for the end." />
    ${quiet && html`<div class="columns">
      ${[["from", "From"], ["to", "To"]].map(([name, label]) => html`<${Field} key=${name} label=${label}
          error=${error(`quietHours.${name}`)}>
        ${(control) => html`
          <input ...${control} type="time"
            value=${quiet[name]} onInput=${(event) => setQuiet({ [name]: event.target.value })} />
        `}
      <//>`)}
      <${ZoneField} label="On the clock of" value=${quiet.timezone} placeholder="each recipient"
        onInput=${(zone) => setQuiet({ timezone: zone.trim() || null })} error=${error("quietHours.timezone")}
        help="Empty: each recipient's own; where it is not known, the schedule's." />
    </div>`}
    <${CheckField} label="Only on some days" value=${Boolean(values.allowedDays)}
      onInput=${(on) => set("allowedDays", on ? DAYS.slice(0, 5).map(([day]) => day) : null)}
      error=${error("allowedDays")} />
    ${values.allowedDays && html`
      <${ManyField} label="Days" value=${values.allowedDays}
        options=${DAYS} onInput=${(days) => set("allowedDays", days)} />
    `}
    <div class="columns">
      <${TextField} label="Expires after" placeholder="never"
        value=${values.expiresAfter} onInput=${(text) => set("expiresAfter", text.trim() || null)}
        error=${error("expiresAfter")} help="How late a message may still leave, such as 2h." />
      <${NumberField} label="At most a minute" min="1" value=${values.throttle?.perMinute}
        onInput=${(most) => set("throttle", most === null ? null : { perMinute: most })}
        error=${error("throttle.perMinute") ?? error("throttle")} help="Empty: as fast as it goes." />
    </div>
    <${CheckField} label="Critical"
      value=${values.critical} onInput=${(on) => set("critical", on)} help="Neither quiet hours nor days hold it up." />
  `;
}
