/** The texts of a message or of a template, as the API rendered them. */
import { html } from "../../core/html.js";
import { MailFrame } from "./mail_frame.js";

const ENCODINGS = { gsm7: "GSM-7", ucs2: "UCS-2: a character that GSM does not have makes it shorter" };

/** texts: {subject, text, html, sms, smsSegments}; null: the channel has none. */
export const RenderedTexts = ({ texts }) => html`
  ${texts.subject !== null && html`<h3>Subject</h3><p class="rendered">${texts.subject}</p>`}
  ${texts.html !== null && html`<h3>HTML</h3><${MailFrame} content=${texts.html} />`}
  ${texts.text !== null && html`<h3>Text</h3><pre tabindex="0" aria-label="Text">${texts.text}</pre>`}
  ${texts.sms !== null && html`<h3>SMS</h3><pre tabindex="0" aria-label="SMS">${texts.sms}</pre>
    <p class="muted">
      ${texts.smsSegments.count} ${texts.smsSegments.count === 1 ? "segment" : "segments"}${" "}
      (${ENCODINGS[texts.smsSegments.encoding]})
    </p>`}
`;
