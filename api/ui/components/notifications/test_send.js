/** Sending a notification template to oneself, with values for its variables. */
import { api } from "../../core/api.js";
import { html } from "../../core/html.js";
import { DeclaredValues, namesOf } from "../forms/declared_values.js";
import { tell } from "../dialog.js";
import { TextField } from "../forms/fields.js";
import { useForm } from "../forms/form.js";
import { FormDialog } from "../forms/form_dialog.js";

const isSet = (value) => value !== null && value !== undefined && value !== "";
const exampleOf = ({ default: usual, example }) => [usual, example].filter(isSet).map(String)[0] ?? null;

/** template: as the API shows it. version: of it; null: the newest. variables: those that somebody typed already. */
export function TestSend({ template, version = null, variables = {}, onClose }) {
  const form = useForm({ email: "", phone: "", name: "", variables }, async (values, key) => {
    const { variables: given, ...address } = values;
    const filled = Object.fromEntries(Object.entries(address).filter(([, value]) => value.trim()));
    const body = { ...filled, variables: given, version };
    const { channels } = await api.post(`notifications/templates/${template.id}/test`, body, { key });
    tell(`A test is on its way by ${channels.join(" and ")}.`);
    onClose();
  });
  const declared = template.variables.map((each) => ({ ...each, required: each.required && !isSet(each.example) }));
  const others = Object.keys(form.values.variables).filter((name) => !namesOf(declared).includes(name));
  return html`<${FormDialog} title=${`Test of ${template.name}`} form=${form} submitLabel="Send it" onClose=${onClose}>
    <p class="muted">
      ${version === null ? "The newest saved version" : `Version ${version}`} is sent at once.
      ${declared.length > 0 && " Where a variable is empty, it has its default or its example."}
      ${others.length > 0 && ` With ${others.join(", ")} as you gave them.`}
    </p>
    ${template.channels.includes("email") && html`
      <${TextField} label="E-mail" type="email" ...${form.bind("email")} />
    `}
    ${template.channels.includes("sms") && html`
      <${TextField} label="Phone" type="tel" ...${form.bind("phone")} help="With the country, such as +33612345678." />
    `}
    <${TextField} label="Name" ...${form.bind("name")} />
    ${declared.length > 0 && html`<fieldset>
      <legend>Variables</legend>
      <${DeclaredValues} declared=${declared} values=${form.values.variables} placeholderOf=${exampleOf}
        onInput=${(changed) => form.set("variables", changed)} error=${(name) => form.error(`variables.${name}`)} />
    </fieldset>`}
  <//>`;
}
