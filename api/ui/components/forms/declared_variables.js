/** The variables that a template declares. */
import { html } from "../../core/html.js";
import { CheckField, SelectField, TextField } from "./fields.js";

const TYPES = [["string", "text"], ["number", "number"], ["boolean", "yes or no"]];

/** value: `variables` of a template. error(field): of its form. */
export function DeclaredVariables({ value, onInput, error }) {
  const change = (at, changed) => onInput(value.map((each, place) => (place === at ? { ...each, ...changed } : each)));
  return html`<fieldset>
    <legend>Variables</legend>
    <p class="help">
      What the texts use as {{ name }}. One without a default has to be given when the notification is scheduled.
    </p>
    ${value.map((variable, at) => html`<div key=${at} class="row">
      <${TextField} label="Name"
        value=${variable.name} error=${error(`variables.${at}.name`)} onInput=${(name) => change(at, { name })} />
      <${SelectField} label="Type" options=${TYPES}
        value=${variable.type} error=${error(`variables.${at}.type`)} onInput=${(type) => change(at, { type })} />
      <${TextField} label="Default" value=${shown(variable.default)} error=${error(`variables.${at}.default`)}
        onInput=${(text) => change(at, { default: read(text, variable.type) })} />
      <${TextField} label="Example" value=${shown(variable.example)} error=${error(`variables.${at}.example`)}
        onInput=${(text) => change(at, { example: read(text, variable.type) })} />
      <${CheckField} label="Required"
        value=${variable.required ?? false} onInput=${(required) => change(at, { required })} />
      <button type="button" class="small outline secondary" aria-label=${`Remove variable ${variable.name || at + 1}`}
          onClick=${() => onInput(value.filter((_, place) => place !== at))}>
        Remove
      </button>
    </div>`)}
    ${error("variables") && html`<small class="error">${error("variables")}</small>`}
    <button type="button" class="small outline" onClick=${() => onInput([...value, { name: "", type: "string" }])}>
      Add a variable
    </button>
  </fieldset>`;
}

const shown = (value) =>
  value === null || value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value);

/** What was typed as a value of that type; a text that is none stays a text, and the API says what is wrong. */
function read(text, type) {
  if (text === "") return null;
  if (type === "string") return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
