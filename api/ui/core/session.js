/** Who is signed in. The token lives in sessionStorage, so it ends with the tab; nothing else is stored of a person. */
import { batch, computed, signal } from "@preact/signals";

const KEPT_AS = "unified-scheduler.token";

export const token = signal(sessionStorage.getItem(KEPT_AS));
/** {id, name, roles, permissions, ...} of GET /api/me; null until it was read. It stays while that session is lost. */
export const me = signal(null);
/** Whether the token was refused while somebody was signed in: the screen is kept for them, and asks for nothing. */
export const lost = signal(false);
/** Counts the people who came: what the one before had open is not for the next. */
export const visitor = signal(0);
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

const waiting = [];
const decide = (same) => waiting.splice(0).forEach((resolve) => resolve(same));

/** Resolves when a lost session goes on: true; or when somebody else came, or nobody did: false. */
export const returned = () => new Promise((resolve) => waiting.push(resolve));

/** Whom the new token belongs to: the same person finds the screen as it was, another one begins anew. */
export function admit(found) {
  const same = me.value !== null && (found.id === me.value.id || found.name === me.value.name);
  batch(() => {
    if (!same) visitor.value += 1;
    me.value = found;
    lost.value = false;
  });
  decide(same);
}

/** The token is no longer good. */
export function loseSession(reason = null) {
  sessionStorage.removeItem(KEPT_AS);
  batch(() => {
    endedBecause.value = reason;
    lost.value = me.value !== null;
    token.value = null;
  });
}

const before = new Set();
/** `finish()` is awaited before somebody signs out: what they asked for is done in their name. */
export const beforeSignOut = (finish) => before.add(finish);

export async function signOut() {
  await Promise.all([...before].map((finish) => finish()));
  batch(() => {
    loseSession();
    me.value = null;
    lost.value = false;
  });
  decide(false);
}
