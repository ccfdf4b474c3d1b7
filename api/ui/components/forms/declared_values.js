/** One field for each variable that a template declares: what it is, its default, whether it has to be given. */
import { useRef } from "preact/hooks";

import { html } from "../../core/html.js";
import { SelectField, TextField } from "./fields.js";

const YES_NO = { true: "yes", false: "no" };
const isSet = (value) => value !== null && value !== undefined && value !== "";
const told = (value) => (typeof value === "boolean" ? YES_NO[value] : String(value));

/** The names of what is declared; of those the free rows hold nothing. */
export const namesOf = (declared) => declared.map((variable) => variable.name);

/**
 * declared: `variables` of a template. values: {name: value}; onInput gets another. error(name): of one variable.
 * placeholderOf(variable): what stands where nothing is typed.
 */
export const DeclaredValues = ({ declared, values, onInput, error, placeholderOf = defaultOf, required = true }) => {
  const change = (name, value) => {
    const { [name]: before, ...others } = values;
    onInput(value === undefined ? others : { ...others, [name]: value });
  };
  return html`<div class="columns">
    ${declared.map((variable) => html`
      <${Value} key=${variable.name} variable=${variable} value=${values[variable.name]}
        required=${required && variable.required && !isSet(variable.default)} placeholder=${placeholderOf(variable)}
        onInput=${(value) => change(variable.name, value)} error=${error(variable.name)} />
    `)}
  </div>`;
};

const defaultOf = (variable) => (isSet(variable.default) ? told(variable.default) : null);

function Value({ variable: { name, type, description }, value, placeholder, onInput, error, required }) {
  const field = { label: name, help: description || null, required };
  if (type === "boolean") {
    return html`
      <${SelectField} ...${field} error=${error} value=${value === undefined ? "" : String(value)}
        options=${[["", placeholder ?? "not set"], ["true", "yes"], ["false", "no"]]}
        onInput=${(text) => onInput(text === "" ? undefined : text === "true")} />
    `;
  }
  if (type === "number") {
    return html`
      <${NumberValue} ...${field} value=${value} onInput=${onInput} error=${error} placeholder=${placeholder} />
    `;
  }
  return html`
    <${TextField} ...${field} value=${value} placeholder=${placeholder} error=${error}
      onInput=${(text) => onInput(text === "" ? undefined : text)} />
  `;
}

/** What is no number stays as it was typed, and the API refuses it at this field. */
function NumberValue({ value, onInput, error, ...field }) {
  const given = useRef({ value: undefined, text: "" });
  if (given.current.value !== value) given.current = { value, text: isSet(value) ? String(value) : "" };
  const { text } = given.current;
  const input = (typed) => {
    const plain = typed.trim();
    const read = plain === "" ? undefined : Number.isFinite(Number(plain)) ? Number(plain) : typed;
    given.current = { value: read, text: typed };
    onInput(read);
  };
  const fault = typeof value === "string" && value !== "" ? "Write a number." : null;
  return html`<${TextField} ...${field} inputmode="decimal" value=${text} onInput=${input} error=${fault ?? error} />`;
}
