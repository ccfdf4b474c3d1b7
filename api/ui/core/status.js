/** How the whole system is: read every few seconds for the banner and the overview. */
import { computed, signal } from "@preact/signals";

import { api, reachable } from "./api.js";
import { may } from "./session.js";
import { now } from "./time.js";

const EVERY_MS = 5000;
const OLD_MS = 15_000;

/** The answer of /status; null before the first. */
export const status = signal(null);
/** When it was read, in milliseconds, and why it could not be read since; null: it could. */
export const statusReadAt = signal(null);
export const statusError = signal(null);

/** Since when the page is seen: a hidden one does not read. */
const seenSince = signal(Date.now());
document.addEventListener("visibilitychange", () => (seenSince.value = Date.now()));

/** Why nobody knows at present how the system is, in words; null: it was read just now. */
export const unknownBecause = computed(() => {
  if (!reachable.value) return "The API does not answer.";
  if (statusError.value !== null) return statusError.value.message;
  const old = statusReadAt.value !== null && now.value - Math.max(statusReadAt.value, seenSince.value) > OLD_MS;
  return old ? "The API takes long to answer." : null;
});

/** Why nothing starts by its time at present, in words; null: it does, as far as is known. */
export const standstill = computed(() => {
  const seen = status.value;
  if (seen === null) return null;
  if (!seen.daemonAlive) return "The daemon is away: nothing of this starts until it is back.";
  return seen.maintenance ? "Maintenance mode is on: nothing of this starts until it ends." : null;
});

export async function readStatus() {
  if (document.hidden || !may("read")) return;
  try {
    status.value = await api.get("admin/scheduler/status");
    statusReadAt.value = Date.now();
    statusError.value = null;
  } catch (error) {
    statusError.value = error;
  }
}

/** Begins to read again and again. Returns how to end it. */
export function followStatus() {
  readStatus();
  const timer = setInterval(readStatus, EVERY_MS);
  document.addEventListener("visibilitychange", readStatus);
  return () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", readStatus);
    status.value = statusReadAt.value = statusError.value = null;
  };
}
