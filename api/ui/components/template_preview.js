/** The texts of a template as they would be sent, while it is written. */
import { api } from "../core/api.js";
import { html } from "../core/html.js";
import { useResource, useSettled } from "../core/resource.js";
import { Note } from "./basics.js";
import { MailFrame } from "./mail_frame.js";

const ENCODINGS = { gsm7: "GSM-7", ucs2: "UCS-2: a character that GSM does not have makes it shorter" };

/** Whether there is enough to render: each channel has its texts. */
const isWritten = ({ name, channels, subject, text, html: markup, sms }) =>
  Boolean(
    name &&
    channels.length > 0 &&
    (!channels.includes("email") || (subject && (text || markup))) &&
    (!channels.includes("sms") || sms),
  );

/** template: as it would be saved. variables: values instead of the examples. */
export function useTemplatePreview(template, variables) {
  const settled = useSettled({ template, variables }, 400);
  return useResource(JSON.stringify(settled), (signal) => (isWritten(settled.template)
    ? api.ask("notifications/templates/preview", settled, { signal })
    : { nothing: true }));
}

export function TemplatePreview({ preview }) {
  const { data, error } = preview;
  if (error) {
    return html`<${Note} tone="warn" role="status">
      ${error.errors.length > 0
        ? error.errors.map((each) => html`
            <span key=${each.field}>${each.field.replace(/^template\./, "")}: ${each.detail}</span>
          `)
        : error.message}
    <//>`;
  }
  if (!data) return html`<p aria-busy="true">Rendering…</p>`;
  if (data.nothing) return html`<p class="muted">It appears once there is a name and a text for each channel.</p>`;
  return html`
    ${data.subject !== null && html`<h3>Subject</h3><p class="rendered">${data.subject}</p>`}
    ${data.html !== null && html`<h3>HTML</h3><${MailFrame} content=${data.html} />`}
    ${data.text !== null && html`<h3>Text</h3><pre tabindex="0" aria-label="Text">${data.text}</pre>`}
    ${data.sms !== null && html`<h3>SMS</h3><pre tabindex="0" aria-label="SMS">${data.sms}</pre>
      <p class="muted">
        ${data.smsSegments.count} ${data.smsSegments.count === 1 ? "segment" : "segments"}${" "}
        (${ENCODINGS[data.smsSegments.encoding]})
      </p>`}
  `;
}
