/** Deleting with time to undo it: it disappears at once; it is gone when that time is over or the page is left. */
import { signal } from "@preact/signals";

import { api } from "../core/api.js";
import { attempt, tell } from "./dialog.js";
import { unlessManaged } from "./managed.js";

/** Ids of what is deleted or about to be: lists leave them out. */
export const goingAway = signal(new Set());

const pending = new Map();
addEventListener("pagehide", () => pending.forEach((send) => send()));

/** path: of the document, which has id, revision and name. Resolves when it is deleted (true) or stays (false). */
export async function deleteWithUndo(path, { id, revision, name }) {
  let undone = false;
  const send = () => {
    pending.delete(id);
    return unlessManaged((force) => api.remove(path, revision, force));
  };
  pending.set(id, send);
  goingAway.value = new Set([...goingAway.value, id]);
  await tell(`“${name ?? id}” is deleted.`, { action: { label: "Undo", run: () => (undone = true) } });
  const deleted = undone ? pending.delete(id) && false : await attempt(send);
  if (!deleted) goingAway.value = new Set([...goingAway.value].filter((each) => each !== id));
  return deleted;
}
