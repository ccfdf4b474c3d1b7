/** Adding or changing a person who can be notified. */
import { useState } from "preact/hooks";

import { api } from "../core/api.js";
import { html } from "../core/html.js";
import { TextField, ZoneField } from "./fields.js";
import { useForm } from "./form.js";
import { FormDialog } from "./form_dialog.js";
import { unlessManaged } from "./managed.js";
import { OptOutsField } from "./opt_outs.js";
import { VariablesField, rowsOf, variablesOf, wrongWith } from "./variables_field.js";

const TEXTS = ["name", "email", "phone", "externalKey", "locale", "timezone"];

/** person: null for a new one. onSaved(person) */
export function RecipientDialog({ person, onClose, onSaved }) {
  const [tried, setTried] = useState(false);
  const initial = { ...Object.fromEntries(TEXTS.map((name) => [name, person?.[name] ?? ""])), optOuts: person?.optOuts ?? [], variables: rowsOf(person?.variables) };
  const form = useForm(initial, async (values, key) => {
    const texts = Object.fromEntries(TEXTS.map((name) => [name, values[name].trim() || null]));
    const body = { ...texts, name: texts.name ?? "", optOuts: values.optOuts, variables: variablesOf(values.variables) };
    const path = "notifications/recipients";
    onSaved(await (person ? unlessManaged((query) => api.put(`${path}/${person.id}`, body, person.revision, query)) : api.post(path, body, { key })));
  });
  const { values } = form;
  const submit = (event) => {
    event.preventDefault();
    setTried(true);
    if (values.variables.every((row) => wrongWith(row, values.variables) === null)) form.submit();
  };
  const text = (name, label, more = {}) => html`<${TextField} label=${label} value=${values[name]} error=${form.error(name)} onInput=${(value) => form.set(name, value)} ...${more} />`;
  return html`<${FormDialog} title=${person ? `Edit ${person.name || person.email || person.phone}` : "Add a recipient"} form=${{ ...form, submit }} onClose=${onClose} wide>
    <div class="columns">
      ${text("name", "Name")}
      ${text("email", "E-mail address", { type: "email", help: "An e-mail address or a phone number is needed." })}
      ${text("phone", "Phone number", { type: "tel", placeholder: "+33612345678", help: "With + and the country." })}
      ${text("externalKey", "External key", { help: "What another system calls this person; an import finds them by it." })}
      ${text("locale", "Language", { placeholder: "en, fr-CA" })}
      <${ZoneField} label="Time zone" help="For sends in the recipient's own zone." value=${values.timezone} error=${form.error("timezone")} onInput=${(zone) => form.set("timezone", zone)} />
    </div>
    <${OptOutsField} value=${values.optOuts} error=${form.error} onInput=${(optOuts) => form.set("optOuts", optOuts)} />
    <${VariablesField} rows=${values.variables} shown=${tried} onInput=${(rows) => form.set("variables", rows)} />
  <//>`;
}
