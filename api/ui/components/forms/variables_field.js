/** Variables of a person: names with values that are text, numbers or truth values. */
import { html } from "../../core/html.js";
import { SelectField, TextField } from "./fields.js";

const KINDS = [["string", "text"], ["number", "number"], ["boolean", "yes or no"], ["json", "JSON"]];
const kindOf = (value) => (["string", "number", "boolean"].includes(typeof value) ? typeof value : "json");

/** From {name: value} to the rows that are edited. */
export const rowsOf = (variables) => Object.entries(variables ?? {}).map(rowOf);
const rowOf = ([name, value]) => {
  const kind = kindOf(value);
  return { name, kind, text: kind === "json" ? JSON.stringify(value) : String(value) };
};

/** What is wrong with a row, or null. taken: names that have a field of their own. */
export function wrongWith({ name, kind, text }, rows, taken = []) {
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(name)) return "A name has letters, digits and _, and begins with no digit.";
  if (taken.includes(name)) return "This variable has its own field above.";
  if (rows.filter((row) => row.name === name).length > 1) return "This name is there twice.";
  if (kind === "number" && (text.trim() === "" || !Number.isFinite(Number(text)))) return "Write a number.";
  if (kind === "boolean" && !["true", "false"].includes(text)) return "Write true or false.";
  if (kind === "json" && !isJson(text)) return "This is no JSON.";
  return null;
}

function isJson(text) {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** From valid rows to {name: value}. */
export const variablesOf = (rows) => Object.fromEntries(rows.map((row) => [row.name, valueOf(row)]));
const valueOf = ({ kind, text }) => (kind === "string" ? text : kind === "number" ? Number(text) : JSON.parse(text));

const HELP = "Texts of templates may use them. They win over those of a scheduled notification.";

/**
 * shown: whether faults are shown (not before the first try to save). taken: as of wrongWith. error(name): what the API
 * says of a variable.
 */
export function VariablesField({
  rows, onInput, shown, taken = [], error = () => null, legend = "Variables", help = HELP, add = "Add a variable",
}) {
  const change = (at, changed) => onInput(rows.map((each, place) => (place === at ? { ...each, ...changed } : each)));
  return html`<fieldset>
    <legend>${legend}</legend>
    <p class="help">${help}</p>
    ${rows.map((row, at) => html`<div key=${at} class="row">
      <${TextField} label="Name"
        value=${row.name} error=${shown ? wrongWith(row, rows, taken) : null}
        onInput=${(name) => change(at, { name })} />
      <${SelectField} label="Kind" options=${KINDS} value=${row.kind} onInput=${(kind) => change(at, { kind })} />
      <${TextField} label="Value" value=${row.text} error=${error(row.name)}
        onInput=${(text) => change(at, { text })} />
      <button type="button" class="small outline secondary" aria-label=${`Remove variable ${row.name || at + 1}`}
          onClick=${() => onInput(rows.filter((_, place) => place !== at))}>
        Remove
      </button>
    </div>`)}
    <button type="button" class="small outline"
        onClick=${() => onInput([...rows, { name: "", kind: "string", text: "" }])}>
      ${add}
    </button>
  </fieldset>`;
}
