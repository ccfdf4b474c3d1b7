/** What lies over the screen: open dialogs, the newest on top; and where the focus goes when one of them is gone. */
import { signal } from "@preact/signals";

/** The elements of the open dialogs, in the order in which they were opened. */
export const layers = signal([]);

export function enter(dialog) {
  layers.value = [...layers.value, dialog];
}

export function leave(dialog) {
  layers.value = layers.value.filter((each) => each !== dialog);
}

const isNowhere = () => [null, document.body].includes(document.activeElement);

/** To `wanted`, when all is drawn; where that is gone, to the heading. A focus that is somewhere stays there. */
export function giveFocusBack(wanted) {
  queueMicrotask(() => {
    const top = layers.value.at(-1);
    const names = top ? ["h2"] : ["main h1", "main"];
    for (const each of [wanted, ...names.map((name) => (top ?? document).querySelector(name))]) {
      if (!isNowhere()) return;
      each?.focus({ preventScroll: true });
    }
  });
}
