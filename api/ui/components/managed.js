/** Definitions that files keep: a change asks first, and then forces. */
import { ask } from "./dialog.js";

/**
 * Does `change(query)`; where files keep the definition, asks whether to change it nevertheless, and does it with
 * {force: true}.
 */
export async function unlessManaged(change) {
  try {
    return await change({});
  } catch (error) {
    if (error.code !== "managed_by_files") throw error;
    const text = `${error.message} The next "apply" of the files undoes a change that is made here.`;
    if (await ask({ title: "Kept in files", text, yes: "Change it here", danger: true })) {
      return change({ force: true });
    }
    throw error;
  }
}
