/** HTML of a message as its reader sees it: in a frame of its own, without scripts and away from this page. */
import { useEffect, useRef } from "preact/hooks";

import { html } from "../../core/html.js";

/** content: HTML text. */
export function MailFrame({ content }) {
  const frame = useRef(null);
  const show = () =>
    frame.current?.contentWindow?.postMessage(content, "*"); // the frame's origin is opaque; it is our own page
  useEffect(show, [content]);
  return html`<iframe ref=${frame} class="mail" title="The HTML of the message" sandbox="allow-scripts"
    src=${new URL("../../mail.html", import.meta.url).href} onLoad=${show}></iframe>`;
}
