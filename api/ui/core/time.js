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

/** From how much on it is told in which unit. Days from two on: "tomorrow" is no length, and wrong 40 hours before. */
const STEPS = [["day", 86_400_000, 2], ["hour", 3_600_000, 1], ["minute", 60_000, 1], ["second", 1000, 1]];
const relativeFormat = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

/** "in 3 hours", "2 minutes ago", "now" */
export function relative(moment, at = now.value) {
  if (!moment) return "never";
  const difference = new Date(moment).getTime() - at;
  const [unit, size] = STEPS.find(([, step, least]) => Math.abs(difference) >= step * least) ?? ["second", 1000];
  return relativeFormat.format(Math.round(difference / size), unit);
}

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

/** What a `datetime-local` field shows for a moment in a zone: "2026-11-24T09:00". */
export function wallClock(moment, zone) {
  const parts = new Intl.DateTimeFormat("sv-SE", {
    timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit",
  }).format(new Date(moment));
  return parts.replace(" ", "T");
}

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

/** "Tue, 24 Nov 2026, 09:00:00" of "2026-11-24T09:00:00.000+01:00": the clock as it stands there. */
export const wallText = (local) => exact(`${local.slice(0, 19)}Z`, "UTC").replace(" UTC", "");
