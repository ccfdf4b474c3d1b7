/** Deleting with time to undo it: it disappears at once; it is gone when that time is over or the page is left. */
import { signal } from "@preact/signals";

import { api } from "../core/api.js";
import { beforeSignOut, token, visitor } from "../core/session.js";
import { attempt, tell } from "./dialog.js";
import { unlessManaged } from "./managed.js";

/** Ids of what is deleted or about to be: lists leave them out. */
export const goingAway = signal(new Set());

/** What can still be undone: {id: {name, undo(), now(), leave()}}. */
const pending = signal(new Map());

/** {name, undo()} of what is about to be deleted; undefined: it is not, or not any more. */
export const aboutToGo = (id) => pending.value.get(id);

addEventListener("pagehide", () => pending.value.forEach(({ leave }) => leave()));
beforeSignOut(() => Promise.all([...pending.value.values()].map(({ now }) => now())));

const goes = (id, going) => {
  goingAway.value = new Set([...goingAway.value].filter((each) => each !== id).concat(going ? [id] : []));
};
const remember = (id, entry) => {
  pending.value = new Map([...pending.value].filter(([each]) => each !== id).concat(entry ? [[id, entry]] : []));
};

/** path: of the document, which has id, revision and name. Resolves when it is deleted (true) or stays (false). */
export function deleteWithUndo(path, { id, revision, name }) {
  const [by, then] = [token.value, visitor.value];
  const over = new AbortController();
  let undone = false;
  let sent = null;
  const send = () => (sent ??= unlessManaged((force) => api.remove(path, revision, force)));
  const undo = () => {
    undone = true;
    over.abort();
  };
  const carryOut = async () => {
    await tell(`“${name ?? id}” is being deleted.`, { action: { label: "Undo", run: undo }, until: over.signal });
    remember(id, null);
    const deleted = !undone && (token.value === by ? await attempt(send) : tooLate());
    if (!deleted) goes(id, false);
    return deleted;
  };
  const tooLate = () => {
    const told = `“${name ?? id}” is not deleted: you were signed out meanwhile.`;
    if (visitor.value === then) tell(told, { tone: "warn" });
    return false;
  };
  goes(id, true);
  const done = carryOut();
  const now = () => {
    over.abort();
    return done;
  };
  remember(id, { name: name ?? id, undo, now, leave: send });
  return done;
}
