/** Moments and durations as people read them. A time always says its zone. */
import { signal } from "@preact/signals";

export const MY_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;
export const ZONES = ["UTC", ...Intl.supportedValuesOf("timeZone").filter((zone) => zone !== "UTC")];

/** Milliseconds; moves every second while the page is seen, so that relative times stay true. */
export const now = signal(Date.now());
setInterval(() => {
  if (!document.hidden) now.value = Date.now();
}, 1000);
document.addEventListener("visibilitychange", () => (now.value = Date.now()));

/** Whether all times are shown exactly: what a tooltip tells only to those who have a mouse. */
export const exactTimes = signal(false);

const formats = new Map();
const formatOf = (zone) => {
  if (!formats.has(zone)) {
    const options = {
      year: "numeric", month: "short", day: "numeric", weekday: "short", hour: "2-digit", minute: "2-digit",
    };
    formats.set(
      zone,
      new Intl.DateTimeFormat("en-GB", { ...options, second: "2-digit", hourCycle: "h23", timeZone: zone }),
    );
  }
  return formats.get(zone);
};

/** "Tue, 24 Nov 2026, 09:00:00 Europe/Paris" */
export function exact(moment, zone = MY_ZONE) {
  return moment ? `${formatOf(zone).format(new Date(moment))} ${zone}` : "never";
}

const DAY_MS = 86_400_000;
const STEPS = [["hour", 3_600_000], ["minute", 60_000], ["second", 1000]];
const relativeFormat = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

/**
 * "in 3 hours", "2 minutes ago", "now": never more than it is. From 24 hours on by the calendar of `zone`, so that
 * "tomorrow" is the day after today.
 */
export function relative(moment, at = now.value, zone = MY_ZONE) {
  if (!moment) return "never";
  const time = new Date(moment).getTime();
  const difference = time - at;
  if (Math.abs(difference) >= DAY_MS) {
    const days = dayOf(time, zone) - dayOf(at, zone);
    if (days !== 0) return relativeFormat.format(days, "day"); // a day with 25 hours: still today
  }
  const [unit, size] = STEPS.find(([, step]) => Math.abs(difference) >= step) ?? ["second", 1000];
  return relativeFormat.format(Math.trunc(difference / size) + 0, unit);
}

/** The number of its day in a zone's calendar: those of two neighbours differ by 1. */
const dayOf = (time, zone) => Date.parse(`${wallClock(time, zone).slice(0, 10)}T00:00Z`) / DAY_MS;

const SHORT = { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" };
const CLOCK = { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 };
const dense = (options, zone) => new Intl.DateTimeFormat("en-GB", { hourCycle: "h23", timeZone: zone, ...options });
const asShort = dense(SHORT, MY_ZONE);
const asShortUtc = dense(SHORT, "UTC");
const asClock = dense(CLOCK, MY_ZONE);

/** "Tue, 24 Nov, 09:00", in the reader's zone: only where the zone stands beside it. */
export const shortTime = (moment) => asShort.format(new Date(moment));

/** "09:00:00.123", in the reader's zone: only where the zone stands beside it. */
export const clockTime = (moment) => asClock.format(new Date(moment));

/** "Tue, 24 Nov, 09:00 Europe/Paris (Tue, 24 Nov, 08:00 UTC)": for tooltips. */
export const zonedTime = (moment) =>
  MY_ZONE === "UTC"
    ? `${shortTime(moment)} UTC`
    : `${shortTime(moment)} ${MY_ZONE} (${asShortUtc.format(new Date(moment))} UTC)`;

/** "1 h 5 min", "350 ms" */
export function duration(ms) {
  if (ms === null || ms === undefined) return "–";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes} min ${Math.floor((ms % 60_000) / 1000)} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days ${hours % 24} h`;
}

/** What a `datetime-local` field shows for a moment in a zone: "2026-11-24T09:00"; nothing for what is no moment. */
export function wallClock(moment, zone) {
  if (!isMoment(moment)) return "";
  const parts = new Intl.DateTimeFormat("sv-SE", {
    timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit",
  }).format(new Date(moment));
  return parts.replace(" ", "T");
}

export const isMoment = (moment) => !Number.isNaN(new Date(moment).getTime());

export function isZone(zone) {
  try {
    formatOf(zone);
    return Boolean(zone);
  } catch {
    return false;
  }
}

/** The moment that a clock in `zone` shows as `wall` ("2026-11-24T09:00"), in ISO 8601; null for what is no time. */
export function momentOf(wall, zone) {
  const meant = Date.parse(`${wall}Z`);
  if (Number.isNaN(meant)) return null;
  const offset = (at) => Date.parse(`${wallClock(at, zone)}Z`) - Math.floor(at / 60_000) * 60_000;
  const near = meant - offset(meant);
  return new Date(meant - offset(near)).toISOString();
}

const TOLD = /(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC/;

/** The parts of a sentence of the API in order: its texts, and its moments ("2026-11-24 08:00:00 UTC") as {at}. */
export const partsOf = (sentence) =>
  sentence.split(TOLD).map((part, at) => (at % 2 ? { at: `${part.replace(" ", "T")}Z` } : part));

/** "Tue, 24 Nov 2026, 09:00:00" of "2026-11-24T09:00:00.000+01:00": the clock as it stands there. */
export const wallText = (local) => exact(`${local.slice(0, 19)}Z`, "UTC").replace(" UTC", "");
