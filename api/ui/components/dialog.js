/** Dialogs and short messages. A native <dialog> gives Escape, focus inside, and focus back to where it was. */
import { signal } from "@preact/signals";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

import { html } from "../core/html.js";

/** Shown as long as it is rendered. onClose: also after Escape. */
export function Dialog({ title, onClose, children, wide }) {
  const element = useRef(null);
  useLayoutEffect(() => { // not useEffect: only a dialog that is still in the page gives the focus back
    const dialog = element.current;
    dialog.showModal();
    return () => dialog.close();
  }, []);
  const cancel = (event) => {
    if (event.target !== event.currentTarget) return; // a file that was not chosen after all says so, too
    event.preventDefault(); // the owner decides: something typed may be asked about first
    onClose();
  };
  return html`<dialog ref=${element} onCancel=${cancel} aria-label=${title} class=${wide ? "wide" : ""}>
    <article>
      <header>
        <h2>${title}</h2>
        <button type="button" class="plain close" aria-label="Close" onClick=${onClose}>✕</button>
      </header>
      ${children}
    </article>
  </dialog>`;
}

const question = signal(null);

/** Asks before something that cannot be undone. Resolves with true or false. danger: the button is red. */
export const ask = ({ title, text, yes = "Yes", danger = false }) =>
  new Promise((resolve) => {
    question.value = { title, text, yes, danger, resolve };
  });

const messages = signal([]);
const SHOWN_MS = 8000;
let counter = 0;

/** A short message. action: {label, run} as a button in it, such as Undo. Resolves when it is gone. */
export function tell(text, { tone = "good", action = null, ms = SHOWN_MS } = {}) {
  const id = (counter += 1);
  return new Promise((resolve) => {
    const end = () => {
      messages.value = messages.value.filter((message) => message.id !== id);
      resolve();
    };
    messages.value = [...messages.value, { id, text, tone, action, end }];
    setTimeout(end, ms);
  });
}

export const tellError = (error) => tell(error.message, { tone: "bad", ms: 15_000 });

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

/** A button that is busy while what it does goes on. */
export function ActionButton({ onClick, class: name = "", children, ...rest }) {
  const [busy, setBusy] = useState(false);
  const click = async () => {
    setBusy(true);
    try {
      await onClick();
    } finally {
      setBusy(false);
    }
  };
  return html`<button type="button" class=${name} aria-busy=${busy} disabled=${busy} onClick=${click} ...${rest}>
    ${children}
  </button>`;
}

/** Once, in the shell: where questions and messages appear. */
export function Messages() {
  const asked = question.value;
  const answer = (given) => {
    question.value = null;
    asked.resolve(given);
  };
  return html`
    ${asked && html`<${Dialog} title=${asked.title} onClose=${() => answer(false)}>
      <p>${asked.text}</p>
      <div class="actions end">
        <button type="button" class="secondary outline" onClick=${() => answer(false)}>Cancel</button>
        <button type="button" class=${asked.danger ? "danger" : ""} onClick=${() => answer(true)}>${asked.yes}</button>
      </div>
    <//>`}
    <div class="messages" role="status" aria-live="polite">
      ${messages.value.map((message) => html`<${Message} key=${message.id} ...${message} />`)}
    </div>
  `;
}

function Message({ text, tone, action, end }) {
  const act = () => {
    end();
    action.run();
  };
  return html`<div class=${`note ${tone}`}>
    <span>${text}</span>
    ${action && html`<button type="button" class="small" onClick=${act}>${action.label}</button>`}
    <button type="button" class="plain" aria-label="Dismiss" onClick=${end}>✕</button>
  </div>`;
}
