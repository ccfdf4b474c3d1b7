/** The texts of a template as they would be sent, while it is written. */
import { api } from "../core/api.js";
import { html } from "../core/html.js";
import { useResource, useSettled } from "../core/resource.js";
import { Note } from "./basics.js";
import { RenderedTexts } from "./rendered_texts.js";

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
  return html`<${RenderedTexts} texts=${data} />`;
}
