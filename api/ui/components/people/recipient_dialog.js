/** Adding or changing a person who can be notified. */
import { useRef, useState } from "preact/hooks";

import { api } from "../../core/api.js";
import { html } from "../../core/html.js";
import { Conflict } from "../conflict.js";
import { TextField, ZoneField } from "../forms/fields.js";
import { useForm } from "../forms/form.js";
import { FormDialog } from "../forms/form_dialog.js";
import { unlessManaged } from "../managed.js";
import { OptOutsField } from "./opt_outs.js";
import { VariablesField, rowsOf, variablesOf, wrongWith } from "../forms/variables_field.js";

const PATH = "notifications/recipients";
const TEXTS = ["name", "email", "phone", "externalKey", "locale", "timezone"];
const FIELDS = [...TEXTS, "optOuts", "variables"];

const valuesOf = (person) => ({
  ...Object.fromEntries(TEXTS.map((name) => [name, person?.[name] ?? ""])),
  optOuts: person?.optOuts ?? [],
  variables: rowsOf(person?.variables),
});

function bodyOf(values) {
  const texts = Object.fromEntries(TEXTS.map((name) => [name, values[name].trim() || null]));
  return { ...texts, name: texts.name ?? "", optOuts: values.optOuts, variables: variablesOf(values.variables) };
}

/** person: null for a new one. onSaved(person) */
export function RecipientDialog({ person, onClose, onSaved }) {
  const [tried, setTried] = useState(false);
  const revision = useRef(person?.revision);
  const form = useForm(valuesOf(person), async (values, key) => {
    const body = bodyOf(values);
    const replace = (query) => api.put(`${PATH}/${person.id}`, body, revision.current, query);
    onSaved(await (person ? unlessManaged(replace) : api.post(PATH, body, { key })));
  });
  const { values } = form;
  const submit = (event) => {
    event.preventDefault();
    setTried(true);
    if (values.variables.every((row) => wrongWith(row, values.variables) === null)) form.submit();
    else requestAnimationFrame(() => document.querySelector("dialog[open] [aria-invalid=true]")?.focus());
  };
  const text = (name, label, more = {}) => html`
    <${TextField} label=${label} value=${values[name]} error=${form.error(name)}
      onInput=${(value) => form.set(name, value)} ...${more} />
  `;
  const path = person && `${PATH}/${person.id}`;
  const conflict = html`
    <${Conflict} form=${form} path=${path} revision=${revision} mine=${bodyOf(values)} fields=${FIELDS}
      valuesOf=${valuesOf} />
  `;
  const title = person ? `Edit ${person.name || person.email || person.phone}` : "Add a recipient";
  return html`<${FormDialog} title=${title} form=${{ ...form, submit }} onClose=${onClose} conflict=${conflict} wide>
    <div class="columns">
      ${text("name", "Name")}
      ${text("email", "E-mail address", { type: "email", help: "An e-mail address or a phone number is needed." })}
      ${text("phone", "Phone number", { type: "tel", placeholder: "+33612345678", help: "With + and the country." })}
      ${text("externalKey", "External key", {
        help: "What another system calls this person; an import finds them by it.",
      })}
      ${text("locale", "Language", { placeholder: "en, fr-CA" })}
      <${ZoneField} label="Time zone" help="For sends in the recipient's own zone." ...${form.bind("timezone")} />
    </div>
    <${OptOutsField} value=${values.optOuts} error=${form.error} onInput=${(optOuts) => form.set("optOuts", optOuts)} />
    <${VariablesField} rows=${values.variables} shown=${tried} onInput=${(rows) => form.set("variables", rows)} />
  <//>`;
}
