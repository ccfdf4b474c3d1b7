/** Sending a notification template to oneself. */
import { api } from "../core/api.js";
import { html } from "../core/html.js";
import { tell } from "./dialog.js";
import { TextField } from "./fields.js";
import { useForm } from "./form.js";
import { FormDialog } from "./form_dialog.js";

/** template: as the API shows it; its newest version is sent. */
export function TestSend({ template, onClose }) {
  const form = useForm({ email: "", phone: "", name: "" }, async (values, key) => {
    const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value.trim()));
    const { channels } = await api.post(`notifications/templates/${template.id}/test`, given, { key });
    tell(`A test is on its way by ${channels.join(" and ")}.`);
    onClose();
  });
  return html`<${FormDialog} title=${`Test of ${template.name}`} form=${form} submitLabel="Send it" onClose=${onClose}>
    <p class="muted">The newest saved version is sent at once, with the examples of its variables.</p>
    ${template.channels.includes("email") && html`
      <${TextField} label="E-mail" type="email" ...${form.bind("email")} />
    `}
    ${template.channels.includes("sms") && html`
      <${TextField} label="Phone" type="tel" ...${form.bind("phone")} help="With the country, such as +33612345678." />
    `}
    <${TextField} label="Name" ...${form.bind("name")} />
  <//>`;
}
