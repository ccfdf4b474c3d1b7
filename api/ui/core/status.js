/** How the whole system is: read every few seconds for the banner and the overview. */
import { signal } from "@preact/signals";

import { api } from "./api.js";
import { may } from "./session.js";

const EVERY_MS = 5000;

/** The answer of /status; null before the first. */
export const status = signal(null);
/** When it was read, in milliseconds, and why it could not be read since; null: it could. */
export const statusReadAt = signal(null);
export const statusError = signal(null);

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
    status.value = null;
  };
}
