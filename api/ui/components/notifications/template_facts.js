/** A notification template as it is, for those who may not change it. */
import { html } from "../../core/html.js";
import { Facts } from "../basics.js";

const CHANNELS = { email: "E-mail", sms: "SMS" };
const TYPES = { string: "text", number: "number", boolean: "yes or no" };
const TEXTS = [["subject", "Subject"], ["text", "Text"], ["html", "HTML"], ["sms", "SMS"]];
const YES_NO = { true: "yes", false: "no" };
const isSet = (value) => value !== null && value !== undefined && value !== "";
const told = (value) => (typeof value === "boolean" ? YES_NO[value] : String(value));

export const TemplateFacts = ({ template }) => html`
  <section class="card" aria-label="Template">
    <${Facts} rows=${[
      ["Category", template.category || null],
      ["Channels", template.channels.map((each) => CHANNELS[each]).join(", ")],
      ["Reply to", template.replyTo],
      ["Attachments", template.attachments.map((each) => each.name || each.path).join(", ") || null],
    ]} />
    ${TEXTS.filter(([name]) => template[name]).map(([name, label]) => html`
      <h3 key=${name}>${label}</h3><pre tabindex="0" aria-label=${label}>${template[name]}</pre>
    `)}
    <h3>Variables</h3>
    ${template.variables.length === 0
      ? html`<p class="muted">None.</p>`
      : html`<${Variables} variables=${template.variables} />`}
  </section>
`;

const Variables = ({ variables }) => html`<ul class="plain-list">
  ${variables.map(({ name, type, required, description, ...values }) => html`<li key=${name}>
    <code>${name}</code> ${[
      TYPES[type], required && "required", ...["default", "example"].map((each) => isSet(values[each]) &&
        `${each} ${told(values[each])}`),
    ].filter(Boolean).join(", ")}
    ${description && html`<br /><small class="muted">${description}</small>`}
  </li>`)}
</ul>`;
