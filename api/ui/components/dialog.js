/** Dialogs, questions, and buttons that take a while. */
import { effect, signal } from "@preact/signals";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

import { html } from "../core/html.js";
import { enter, giveFocusBack, leave } from "../core/layers.js";
import { visitor } from "../core/session.js";
import { tell, tellError } from "./told.js";

export { tell, tellError } from "./told.js";

const FIELDS = "input:not([type=hidden], [type=radio]:not(:checked)), select, textarea";
const BUTTONS = ".actions button, .actions [role=button]";

/** What one begins with: the first field; in a question the first button, which does no harm; else the title. */
function beginning(dialog) {
  const first = (selector) =>
    [...dialog.querySelectorAll(selector)].find((each) => !each.disabled && each.checkVisibility());
  return first(FIELDS) ?? first(BUTTONS) ?? dialog.querySelector("h2");
}

/**
 * Shown as long as it is rendered. The focus goes in, and back to where it was.
 * onClose: of ✕ and Escape; the owner decides: something typed may be asked about first. Without it neither closes it.
 */
export function Dialog({ title, onClose, children, wide, class: name = "" }) {
  const element = useRef(null);
  const rendered = useRef(true);
  const [opener] = useState(() => document.activeElement);
  useLayoutEffect(() => {
    const dialog = element.current;
    dialog.showModal();
    enter(dialog);
    beginning(dialog).focus();
    return () => {
      rendered.current = false;
      leave(dialog);
      dialog.close();
      giveFocusBack(opener);
    };
  }, []);
  const cancel = (event) => {
    if (event.target !== element.current) return; // of a file chooser within
    event.preventDefault();
    onClose?.();
  };
  const press = (event) => {
    if (event.key !== "Escape" || (event.target.type === "search" && event.target.value)) return;
    event.preventDefault(); // a browser closes at a second Escape in a row without asking
    event.stopPropagation();
    onClose?.();
  };
  const closed = (event) => {
    if (!rendered.current || event.target !== element.current) return;
    element.current.showModal(); // the browser closed it without asking
    onClose?.();
  };
  return html`<dialog ref=${element} onCancel=${cancel} onKeyDown=${press} onClose=${closed} aria-label=${title}
      class=${`${wide ? "wide" : ""} ${name}`}>
    <article>
      <header>
        <h2 tabindex="-1">${title}</h2>
        ${onClose && html`<button type="button" class="plain close" aria-label="Close" onClick=${onClose}>✕</button>`}
      </header>
      ${children}
    </article>
  </dialog>`;
}

const question = signal(null);

/** Asks before something that cannot be undone. Resolves with true or false. danger: the button is red. */
export const ask = ({ title, text, yes = "Yes", no = "Cancel", danger = false }) =>
  new Promise((resolve) => {
    question.value = { title, text, yes, no, danger, resolve };
  });

function answer(given) {
  const asked = question.peek();
  question.value = null;
  asked?.resolve(given);
}
effect(() => {
  if (visitor.value > 0) answer(false); // it was asked of somebody else
});

/** Does `run`, and tells its error. Resolves with whether it went well. */
export async function attempt(run, done = null) {
  try {
    await run();
    if (done) tell(done);
    return true;
  } catch (error) {
    tellError(error);
    return false;
  }
}

/** A button that is busy while what it does goes on. It keeps the focus meanwhile, so it is not `disabled`. */
export function ActionButton({ onClick, class: name = "", children, ...rest }) {
  const [busy, setBusy] = useState(false);
  const click = async () => {
    if (busy) return;
    setBusy(true);
    try {
      await onClick();
    } finally {
      setBusy(false);
    }
  };
  return html`<button type="button" class=${name} aria-busy=${busy}
      aria-disabled=${busy ? "true" : undefined} onClick=${click} ...${rest}>
    ${children}
  </button>`;
}

/** Once, in the shell: where questions appear. */
export function Questions() {
  const asked = question.value;
  return asked && html`<${Dialog} title=${asked.title} onClose=${() => answer(false)}>
    <p>${asked.text}</p>
    <div class="actions end">
      <button type="button" class="secondary outline" onClick=${() => answer(false)}>${asked.no}</button>
      <button type="button" class=${asked.danger ? "danger" : ""} onClick=${() => answer(true)}>${asked.yes}</button>
    </div>
  <//>`;
}
