/** Who is signed in. The token lives in sessionStorage, so it ends with the tab; nothing else is stored of a person. */
import { computed, signal } from "@preact/signals";

const KEPT_AS = "unified-scheduler.token";

export const token = signal(sessionStorage.getItem(KEPT_AS));
/** {name, role, permissions, expiresAt, ...} of GET /api/me; null until it was read. */
export const me = signal(null);
/** Why the last session ended, in words. */
export const endedBecause = signal(null);

const permissions = computed(() => new Set(me.value?.permissions ?? []));

/** Whether a button that needs this permission is shown. The API decides; this only spares a refusal. */
export const may = (permission) => permissions.value.has(permission);

export function beginSession(newToken) {
  sessionStorage.setItem(KEPT_AS, newToken);
  endedBecause.value = null;
  token.value = newToken;
}

export function endSession(reason = null) {
  sessionStorage.removeItem(KEPT_AS);
  endedBecause.value = reason;
  me.value = null;
  token.value = null;
}
