/** A form from a JSON Schema, as templates publish it for their parameters; the API judges what is typed. */
import { useId, useState } from "preact/hooks";

import { html } from "../../core/html.js";
import { CheckField } from "./fields.js";
import { JsonField } from "./json_field.js";
import { Choice, Fixed, LongText, Numeric, Raw, Several, Text, When, YesNo } from "./schema_controls.js";
import { ListField, MapField } from "./schema_lists.js";
import { SecretField, SecretList } from "./secret_field.js";
import { firstValue, resolve } from "./schema_shapes.js";
import { Worded } from "../worded.js";

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

const CONTROLS = {
  text: Text, long: LongText, number: Numeric, boolean: YesNo, enum: Choice, moment: When, several: Several,
  object: Nested, json: Raw, fixed: Fixed,
  secret: SecretField, secrets: SecretList,
  list: (field) => html`<${ListField} ...${field} item=${SchemaField} />`,
  map: (field) => html`<${MapField} ...${field} item=${SchemaField} />`,
};
