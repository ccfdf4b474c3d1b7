/** Short messages in the corner, over whatever is open: a modal dialog would make them unreadable from outside. */
import { effect, signal } from "@preact/signals";
import { render } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

import { html } from "../core/html.js";
import { giveFocusBack, layers } from "../core/layers.js";
import { visitor } from "../core/session.js";

const messages = signal([]);
const SHOWN_MS = 8000;
let counter = 0;

/**
 * A short message. action: {label, run} as a button in it, such as Undo. until: an AbortSignal that ends it sooner.
 * It stays while it has the focus or the pointer. Resolves when it is gone.
 */
export function tell(text, { tone = "good", action = null, ms = SHOWN_MS, until = null } = {}) {
  const id = (counter += 1);
  return new Promise((resolve) => {
    const end = () => {
      messages.value = messages.value.filter((message) => message.id !== id);
      resolve();
    };
    until?.addEventListener("abort", end, { once: true });
    messages.value = [...messages.value, { id, text, tone, action, ms, end }];
  });
}

export const tellError = (error) => tell(error.message, { tone: "bad", ms: 15_000 });

function Message({ text, tone, action, ms, end }) {
  const held = useRef({ pointer: false, focus: false });
  const timer = useRef(null);
  const time = () => {
    clearTimeout(timer.current);
    if (!held.current.pointer && !held.current.focus) timer.current = setTimeout(end, ms);
  };
  const hold = (by, on) => () => {
    held.current[by] = on;
    time();
  };
  useLayoutEffect(() => {
    time();
    return () => {
      clearTimeout(timer.current);
      if (held.current.focus) giveFocusBack(null);
    };
  }, []);
  const act = () => {
    end();
    action.run();
  };
  return html`<div class=${`note ${tone}`}
      onPointerEnter=${hold("pointer", true)} onPointerLeave=${hold("pointer", false)}
      onFocusIn=${hold("focus", true)} onFocusOut=${hold("focus", false)}>
    <span>${text}</span>
    ${action && html`<button type="button" class="small" onClick=${act}>${action.label}</button>`}
    <button type="button" class="plain" aria-label="Dismiss" onClick=${end}>✕</button>
  </div>`;
}

const Told = () => messages.value.map((message) => html`<${Message} key=${message.id} ...${message} />`);

/** It is there before anything is told, so that screen readers listen to it; it moves into the dialog on top. */
const region = document.createElement("div");
region.className = "messages";
region.setAttribute("role", "status");
region.setAttribute("aria-live", "polite");
effect(() => (layers.value.at(-1) ?? document.body).append(region));
effect(() => {
  if (visitor.value > 0) messages.peek().forEach((message) => message.end());
});
render(html`<${Told} />`, region);
