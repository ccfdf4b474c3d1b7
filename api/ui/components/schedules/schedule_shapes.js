/** The simple choices of the schedule editor, and which schedule each of them is. The rules are the API's. */
import { isZone, wallClock } from "../../core/time.js";

export const DAYS = [
  ["MON", "Monday"], ["TUE", "Tuesday"], ["WED", "Wednesday"], ["THU", "Thursday"], ["FRI", "Friday"],
  ["SAT", "Saturday"], ["SUN", "Sunday"],
];
const NAMES = DAYS.map(([name]) => name);
const WORKDAYS = NAMES.slice(0, 5);

/** What can be chosen: [name, label, kind of the schedule]. */
export const MODES = [
  ["once", "Once", "once"],
  ["every", "Every…", "interval"],
  ["daily", "Daily", "cron"],
  ["weekly", "Weekly", "cron"],
  ["monthly", "Monthly", "cron"],
  ["cron", "Cron", "cron"],
];

export const UNITS = [["s", "seconds"], ["m", "minutes"], ["h", "hours"], ["d", "days"]];

/** {count, unit} of "15m", count as it is written; null for other lengths, such as "1h30m". */
export function simpleLength(every) {
  const found = /^(-?\d*\.?\d*)([smhd])$/.exec(every ?? "");
  return found && { count: found[1], unit: found[2] };
}

/** What a simple cron expression means: {mode, time, days, day}; null: it is none of the simple ones. */
export function simpleCron(expression) {
  const found = /^(\d{1,2}) (\d{1,2}) (\*|\d{1,2}|L|LW) \* (\*|[A-Za-z0-7,-]*)$/.exec(expression ?? "");
  if (!found) return null;
  const [minute, hour, day, weekdays] = found.slice(1);
  if (Number(minute) > 59 || Number(hour) > 23) return null;
  const time = `${hour.padStart(2, "0")}:${minute.padStart(2, "0")}`;
  if (day !== "*") {
    return weekdays === "*" && day !== "0" ? { mode: "monthly", time, day: day.replace(/^0/, "") } : null;
  }
  if (weekdays === "*") return { mode: "daily", time };
  const days = weekdaysOf(weekdays);
  return days && { mode: "weekly", time, days };
}

function weekdaysOf(text) {
  const days = new Set();
  for (const part of text.toUpperCase().split(",").filter(Boolean)) {
    const [first, last = first] = part.split("-").map(placeOf);
    if (first < 0 || last < first) return null;
    for (let place = first; place <= last; place += 1) days.add(NAMES[place]);
  }
  return NAMES.filter((name) => days.has(name));
}

const placeOf = (day) => (/^[0-7]$/.test(day) ? (Number(day) + 6) % 7 : NAMES.indexOf(day));

/** The cron expression of a simple choice. */
export function expressionOf({ mode, time, days = WORKDAYS, day = "1" }) {
  const [hour, minute] = time.split(":").map(Number);
  if (mode === "monthly") return `${minute} ${hour} ${day} * *`;
  if (mode === "daily") return `${minute} ${hour} * * *`;
  return `${minute} ${hour} * * ${days.join() === WORKDAYS.join() ? "MON-FRI" : days.join()}`;
}

/** Which of the choices shows this schedule best. */
export function modeOf(schedule) {
  if (schedule.kind === "cron") return simpleCron(schedule.expression)?.mode ?? "cron";
  return schedule.kind === "once" ? "once" : "every";
}

/** Whether the schedule can be shown in this mode. */
export const fits = (mode, schedule) => modeOf(schedule) === mode || (mode === "cron" && schedule.kind === "cron");

/** The schedule that a mode begins with; what all kinds have in common stays. */
export function inMode(mode, schedule) {
  const { expression, every, anchor, at, strict, kind, ...common } = schedule;
  if (mode === "once") return { ...common, kind: "once", at: tomorrowAtNine(common.timezone) };
  if (mode === "every") return { ...common, kind: "interval", every: "15m" };
  if (mode === "cron") return { ...common, kind: "cron", expression: expression ?? "0 9 * * MON-FRI" };
  const time = simpleCron(expression)?.time ?? "09:00";
  return { ...common, kind: "cron", expression: expressionOf({ mode, time }) };
}

function tomorrowAtNine(zone) {
  return `${wallClock(Date.now() + 86_400_000, isZone(zone) ? zone : "UTC").slice(0, 10)}T09:00:00`;
}

/** What a field shows for the moment of a `once`: the clock in the schedule's zone. */
export function wallOf({ at, timezone }) {
  if (!at) return "";
  const wall = /(Z|[+-]\d\d:?\d\d)$/.test(at) ? wallClock(at, isZone(timezone) ? timezone : "UTC") : at;
  return wall.slice(0, wall.slice(16, 19) === ":00" ? 16 : 19);
}

/** The schedule that a new form begins with. */
export const newSchedule = (timezone, kinds = ["cron"]) =>
  inMode(kinds.includes("cron")
    ? "daily"
    : MODES.find(([, , kind]) => kinds.includes(kind))[0], { timezone, excludeCalendars: [] });
