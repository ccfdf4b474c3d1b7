/** A part that is folded away until somebody needs it, or something in it is wrong. */
import { useLayoutEffect, useRef } from "preact/hooks";

import { html } from "../core/html.js";

/** open: it opens when this becomes true; only the person closes it. */
export function Fold({ summary, open, children }) {
  const element = useRef(null);
  useLayoutEffect(() => {
    if (open) element.current.open = true;
  }, [open]);
  return html`<details ref=${element}><summary>${summary}</summary>${children}</details>`;
}
