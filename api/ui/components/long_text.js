/** A long text that shows its first lines until somebody wants all of it. */
import { useState } from "preact/hooks";

import { html } from "../core/html.js";

const LONG = 300;
const LINES = 4;

export function LongText({ text }) {
  const [open, setOpen] = useState(false);
  const long = text.length > LONG || text.split("\n").length > LINES;
  return html`
    <span class=${`long-text ${long && !open ? "folded" : ""}`} dir="auto">${text}</span>
    ${long && html`<button type="button" class="plain more" aria-expanded=${String(open)}
      onClick=${() => setOpen(!open)}>${open ? "Show less" : "Show all"}</button>`}
  `;
}
