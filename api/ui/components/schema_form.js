/** A form from a JSON Schema, as templates publish it for their parameters; the API judges what is typed. */
import { useId, useState } from "preact/hooks";

import { html } from "../core/html.js";
import { MY_ZONE } from "../core/time.js";
import { AreaField, CheckField, Field, ManyField, MomentField, NumberField, SelectField, TextField } from "./fields.js";
import { JsonField } from "./json_field.js";
import { ListField, MapField } from "./schema_lists.js";
import { SecretField, SecretList } from "./secret_field.js";
import { firstValue, resolve } from "./schema_shapes.js";
import { Worded } from "./worded.js";

/**
 * schema: of an object.  value: its fields; what is absent has its default.
 * error(path): what is wrong at `prefix.field`.
 * Whoever prefers it edits the whole as JSON.
 */
export function SchemaForm({ schema, value, onInput, error = () => null, prefix = "params", label = "Parameters" }) {
  const [raw, setRaw] = useState(false);
  const names = Object.keys(schema?.properties ?? {});
  return html`<fieldset class="schema-form">
    <legend>${label}</legend>
    ${error(prefix) && html`<small class="error">${error(prefix)}</small>`}
    ${names.length === 0 && schema?.additionalProperties !== true && html`
      <p class="muted">There is nothing to set.</p>
    `}
    ${raw || names.length === 0
      ? (raw || schema?.additionalProperties === true) && html`
          <${JsonField} label=${`${label} as JSON`} value=${value} onInput=${onInput} rows=${10} />
        `
      : html`
          <${ObjectFields} schema=${schema} root=${schema}
            value=${value} onInput=${onInput} error=${error} path=${prefix} />
        `}
    ${names.length > 0 && html`<button type="button" class="small outline secondary" onClick=${() => setRaw(!raw)}>
      ${raw ? "Edit as a form" : "Edit as JSON"}
    </button>`}
  </fieldset>`;
}

function ObjectFields({ schema, root, value, onInput, error, path }) {
  const held = value !== null && typeof value === "object" && !Array.isArray(value) ? value : {};
  const required = schema.required ?? [];
  const set = (name, changed) => {
    const { [name]: gone, ...others } = held;
    onInput(changed === undefined ? others : { ...others, [name]: changed });
  };
  return html`<div class="schema">
    ${Object.entries(schema.properties).map(([name, inner]) => html`
      <${SchemaField} key=${name} schema=${inner} root=${root} name=${name} path=${`${path}.${name}`}
        required=${required.includes(name)}
        value=${held[name]} onInput=${(changed) => set(name, changed)} error=${error} />
    `)}
  </div>`;
}

/** One value, drawn by its schema. value undefined: absent, so its default holds. */
export function SchemaField({ schema, root, name, value, onInput, error, path, required, bare }) {
  const drawn = resolve(schema, root, path.split(".").length);
  const field = {
    label: bare ?? drawn.title ?? name,
    help: bare ? null : html`<${Described} drawn=${drawn} required=${required} />`,
    error: error(path), required, value, onInput, drawn, root, path, errorOf: error,
  };
  return html`<${CONTROLS[drawn.control]} ...${field} />`;
}

/** The description, with code as code, and what holds when nothing is set. */
function Described({ drawn, required }) {
  const absent = required || drawn.shownDefault === null ? null : `Default: ${drawn.shownDefault}.`;
  return html`<${Worded} text=${drawn.description} /> ${absent}`;
}

/** What an empty field means: the default, or null where that is allowed. */
const emptied = (drawn, required) =>
  required ? "" : drawn.nullable && drawn.default !== null && drawn.default !== undefined ? null : undefined;

const Text = ({ value, onInput, drawn, required, root, path, errorOf, ...field }) => html`
  <${TextField} ...${field} required=${required} value=${value} type=${drawn.format === "date" ? "date" : "text"}
    inputmode=${drawn.format === "uri" ? "url" : undefined} placeholder=${drawn.placeholder}
    onInput=${(text) => onInput(text === "" ? emptied(drawn, required) : text)} />
`;

const LongText = ({ value, onInput, drawn, required, root, path, errorOf, ...field }) => html`
  <${AreaField} ...${field} class="whole" required=${required} code value=${value} rows=${3}
    placeholder=${drawn.placeholder} onInput=${(text) => onInput(text === "" ? emptied(drawn, required) : text)} />
`;

const Numeric = ({ value, onInput, drawn, required, root, path, errorOf, ...field }) => html`
  <${NumberField} ...${field} required=${required}
    min=${drawn.minimum} max=${drawn.maximum} step=${drawn.type === "integer" ? 1 : "any"}
    value=${value ?? (value === undefined && required ? drawn.default : null)}
    onInput=${(number) => onInput(number === null ? (required ? null : emptied(drawn, required)) : number)} />
`;

const YesNo = ({ value, onInput, drawn, label, help, error, required }) =>
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

function Choice({ value, onInput, drawn, label, help, error, required }) {
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

const When = ({ value, onInput, drawn, root, path, errorOf, required, ...field }) => html`
  <${MomentField} ...${field} required=${required} zone=${MY_ZONE}
    value=${value} onInput=${(moment) => onInput(moment ?? emptied(drawn, required))} />
`;

const Several = ({ value, onInput, drawn, label, help, error }) => html`
  <${ManyField} label=${label} help=${help} error=${error} value=${value ?? drawn.default ?? []}
    options=${drawn.items.enum.map((each) => [each, String(each)])} onInput=${onInput} />
`;

/** Something within: drawn like the whole; optional ones are made first. */
function Nested({ value, onInput, drawn, root, label, help, error, errorOf, path, required }) {
  const id = useId();
  const there = value !== null && (value !== undefined || required || !drawn.nullable);
  return html`<fieldset class="whole" aria-describedby=${id}>
    <legend>${label}</legend>
    <small id=${id} class=${error ? "error" : "help"}>${error ?? help}</small>
    ${drawn.nullable && html`
      <${CheckField} label=${`Set ${label}`}
        value=${there} onInput=${(chosen) => onInput(chosen ? firstValue(drawn) : null)} />
    `}
    ${there && html`
      <${ObjectFields} schema=${drawn} root=${root}
        value=${value ?? drawn.default} onInput=${onInput} error=${errorOf} path=${path} />
    `}
  </fieldset>`;
}

const Raw = ({ value, onInput, drawn, label, help, error, required }) => html`
  <${JsonField} class="whole" label=${label} help=${help} error=${error} required=${required}
    value=${value === undefined ? drawn.default : value} onInput=${onInput} />
`;

const Fixed = ({ drawn, label, help }) => html`<${Field} label=${label} help=${help}>
  ${(control) => html`<input ...${control} readonly value=${String(drawn.const)} />`}
<//>`;

const CONTROLS = {
  text: Text, long: LongText, number: Numeric, boolean: YesNo, enum: Choice, moment: When, several: Several,
  object: Nested, json: Raw, fixed: Fixed,
  secret: SecretField, secrets: SecretList,
  list: (field) => html`<${ListField} ...${field} item=${SchemaField} />`,
  map: (field) => html`<${MapField} ...${field} item=${SchemaField} />`,
};
