/** The controls of single values of a JSON Schema. Each gets what <SchemaField> knows: value, onInput(value), drawn. */
import { html } from "../../core/html.js";
import { MY_ZONE } from "../../core/time.js";
import {
  AreaField, CheckField, Field, ManyField, MomentField, NumberField, SelectField, TextField,
} from "./fields.js";
import { JsonField } from "./json_field.js";

/** What an empty field means: the default, or null where that is allowed. */
const emptied = (drawn, required) =>
  required ? "" : drawn.nullable && drawn.default !== null && drawn.default !== undefined ? null : undefined;

export const Text = ({ value, onInput, drawn, required, root, path, errorOf, ...field }) => html`
  <${TextField} ...${field} required=${required} value=${value} type=${drawn.format === "date" ? "date" : "text"}
    inputmode=${drawn.format === "uri" ? "url" : undefined} placeholder=${drawn.placeholder}
    onInput=${(text) => onInput(text === "" ? emptied(drawn, required) : text)} />
`;

export const LongText = ({ value, onInput, drawn, required, root, path, errorOf, ...field }) => html`
  <${AreaField} ...${field} class="whole" required=${required} code value=${value} rows=${3}
    placeholder=${drawn.placeholder} onInput=${(text) => onInput(text === "" ? emptied(drawn, required) : text)} />
`;

export const Numeric = ({ value, onInput, drawn, required, root, path, errorOf, ...field }) => html`
  <${NumberField} ...${field} required=${required}
    min=${drawn.minimum} max=${drawn.maximum} step=${drawn.type === "integer" ? 1 : "any"}
    value=${value ?? (value === undefined && required ? drawn.default : null)}
    onInput=${(number) => onInput(number === null ? (required ? null : emptied(drawn, required)) : number)} />
`;

export const YesNo = ({ value, onInput, drawn, label, help, error, required }) =>
  drawn.nullable || (required && drawn.default === undefined)
    ? html`
        <${SelectField} label=${label} help=${help} error=${error} required=${required}
          value=${String(value ?? drawn.default ?? "")} options=${[["", "not set"], ["true", "yes"], ["false", "no"]]}
          onInput=${(text) => onInput(text === "" ? (drawn.nullable ? null : undefined) : text === "true")} />
      `
    : html`
        <${CheckField} label=${label} help=${help} error=${error}
          value=${value ?? drawn.default ?? false} onInput=${onInput} />
      `;

export function Choice({ value, onInput, drawn, label, help, error, required }) {
  const shown = value ?? drawn.default ?? null;
  const options = drawn.enum.filter((each) => each !== null).map((each) => [JSON.stringify(each), String(each)]);
  const free = drawn.nullable || shown === null;
  return html`
    <${SelectField} label=${label} help=${help} error=${error} required=${required}
      value=${shown === null ? "" : JSON.stringify(shown)}
      options=${free ? [["", drawn.nullable ? "not set" : "choose"], ...options] : options}
      onInput=${(text) => onInput(text === "" ? (drawn.nullable ? null : undefined) : JSON.parse(text))} />
  `;
}

export const When = ({ value, onInput, drawn, root, path, errorOf, required, ...field }) => html`
  <${MomentField} ...${field} required=${required} zone=${MY_ZONE}
    value=${value} onInput=${(moment) => onInput(moment ?? emptied(drawn, required))} />
`;

export const Several = ({ value, onInput, drawn, label, help, error }) => html`
  <${ManyField} label=${label} help=${help} error=${error} value=${value ?? drawn.default ?? []}
    options=${drawn.items.enum.map((each) => [each, String(each)])} onInput=${onInput} />
`;

export const Raw = ({ value, onInput, drawn, label, help, error, required }) => html`
  <${JsonField} class="whole" label=${label} help=${help} error=${error} required=${required}
    value=${value === undefined ? drawn.default : value} onInput=${onInput} />
`;

export const Fixed = ({ drawn, label, help }) => html`<${Field} label=${label} help=${help}>
  ${(control) => html`<input ...${control} readonly value=${String(drawn.const)} />`}
<//>`;
