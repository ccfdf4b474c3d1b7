/** A month of coming sends: a table of days, each with what is sent on it. */
import { html } from "../../core/html.js";
import { useDocument } from "../../core/resource.js";
import { href } from "../../core/router.js";
import { MY_ZONE, exact } from "../../core/time.js";
import { Loaded, Note } from "../basics.js";
import { SaveCsv } from "../save_csv.js";

const DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const SHOWN = 5;
const EVERY_MS = 30_000;
const monthName = new Intl.DateTimeFormat("en-GB", { month: "long", year: "numeric" });
const timeOfDay = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

const pad = (number) => String(number).padStart(2, "0");
const monthOf = (date) => `${date.getFullYear()}-${pad(date.getMonth() + 1)}`;
const dayOf = (date) => `${monthOf(date)}-${pad(date.getDate())}`;

/** month: "2026-11", or nothing for the present one. onMonth(month). Days are those of the viewer's zone. */
export function SendingCalendar({ month, onMonth }) {
  const first = /^\d{4}-(0[1-9]|1[0-2])$/.test(month ?? "")
    ? new Date(Number(month.slice(0, 4)), Number(month.slice(5)) - 1, 1)
    : startOfMonth(new Date());
  const next = new Date(first.getFullYear(), first.getMonth() + 1, 1);
  const resource = useDocument(
    "notifications/scheduled/coming",
    { from: first.toISOString(), to: next.toISOString() },
    { every: EVERY_MS },
  );
  const step = (months) => onMonth(monthOf(new Date(first.getFullYear(), first.getMonth() + months, 1)));
  return html`
    <div class="head">
      <h2 aria-live="polite">${monthName.format(first)}</h2>
      <div class="actions">
        <button type="button" class="small outline" onClick=${() => step(-1)}>Previous month</button>
        <button type="button" class="small outline secondary" onClick=${() => onMonth("")}>This month</button>
        <button type="button" class="small outline" onClick=${() => step(1)}>Next month</button>
      </div>
    </div>
    <p class="muted">Coming sends of what is active. Days and times are those of ${MY_ZONE}.</p>
    <${Loaded} resource=${resource}>${(data) => html`<${Month} first=${first} next=${next} data=${data} />`}<//>
  `;
}

const startOfMonth = (date) => new Date(date.getFullYear(), date.getMonth(), 1);

/** The weeks that the month touches: rows of seven days. */
function weeksOf(first, next) {
  const weeks = [];
  const day = new Date(first.getFullYear(), first.getMonth(), 1 - ((first.getDay() + 6) % 7));
  while (day < next) {
    weeks.push(Array.from({ length: 7 }, (_, at) => new Date(day.getFullYear(), day.getMonth(), day.getDate() + at)));
    day.setDate(day.getDate() + 7);
  }
  return weeks;
}

/** From the answer to what is sent on each day: Map of day to [{item, times}], in the order of their first time. */
function byDay(items) {
  const days = new Map();
  for (const item of items) {
    for (const moment of item.moments) {
      const day = dayOf(new Date(moment));
      if (!days.has(day)) days.set(day, new Map());
      const sends = days.get(day);
      if (!sends.has(item.id)) sends.set(item.id, { item, moments: [] });
      sends.get(item.id).moments.push(moment);
    }
  }
  return new Map(
    [...days].map(([day, sends]) => [
      day,
      [...sends.values()].sort((a, b) => a.moments[0].localeCompare(b.moments[0])),
    ]),
  );
}

function Month({ first, next, data }) {
  const days = byDay(data.items);
  const cut = data.items.filter((item) => item.more);
  const today = dayOf(new Date());
  return html`
    ${data.more && html`<${Note} tone="warn" role="note">
      There are more scheduled notifications than a calendar can show: these are those that come first.
    <//>`}
    ${cut.length > 0 && html`
      <${Note} role="note">Shown with their next 100 sends only: ${cut.map((item) => item.name).join(", ")}.<//>
    `}
    ${data.items.length === 0 && html`<${Note} role="note">Nothing is to be sent in this month.<//>`}
    <div class="table" role="region" aria-label="Calendar" tabindex="0">
      <table class="calendar">
        <caption class="sr-only">Coming sends in ${monthName.format(first)}</caption>
        <thead><tr>${DAYS.map((day) => html`<th key=${day} scope="col">${day}</th>`)}</tr></thead>
        <tbody>${weeksOf(first, next).map((week) => html`<tr key=${dayOf(week[0])}>
          ${week.map((day) => (day < first || day >= next
            ? html`<td key=${dayOf(day)} class="outside"></td>`
            : html`<${Day} key=${dayOf(day)} day=${day}
                today=${dayOf(day) === today} sends=${days.get(dayOf(day)) ?? []} />`))}
        </tr>`)}</tbody>
      </table>
    </div>
    ${data.items.length > 0 && html`
      <${SaveCsv} name=${`sends-${monthOf(first)}`} columns=${CSV} rows=${sendsOf(data.items)} />
    `}
  `;
}

const sendsOf = (items) =>
  items.flatMap((item) => item.moments.map((at) => ({ at, item }))).sort((a, b) => a.at.localeCompare(b.at));

const CSV = [
  { label: "UTC", csv: ({ at }) => at },
  { label: "Name", csv: ({ item }) => item.name },
  { label: "Id", csv: ({ item }) => item.id },
  { label: "In each recipient's zone", csv: ({ item }) => (item.recipientTimezone ? "yes" : "") },
];

const Day = ({ day, today, sends }) => html`<td class=${`${today ? "today" : ""} ${sends.length ? "" : "free"}`}>
  <span class="number">
    <span class="narrow-only">${DAYS[(day.getDay() + 6) % 7]}${" "}</span>${day.getDate()}
    ${today && html` <small>today</small>`}
  </span>
  <ul class="plain-list">
    ${sends.slice(0, SHOWN).map((send) => html`<${Send} key=${send.item.id} ...${send} />`)}
    ${sends.length > SHOWN && html`<li class="muted">and ${sends.length - SHOWN} more</li>`}
  </ul>
</td>`;

const Send = ({ item, moments }) => html`<li>
  <a href=${href(`/notifications/scheduled/${item.id}`)} title=${exact(moments[0], item.timezone)}>
    <span class="number">${timeOfDay.format(new Date(moments[0]))}</span> ${item.name}</a>
  ${moments.length > 1 && html` <small class="muted">${moments.length} times</small>`}
  ${item.recipientTimezone && html`<small class="muted"> in each recipient's zone</small>`}
</li>`;
