/** Secrets: the API shows `***` for what it keeps. It goes back unchanged unless something else is typed. */
import { useId, useRef } from "preact/hooks";

import { html } from "../../core/html.js";
import { Field, TextField } from "./fields.js";

const MASK = "***";

/** One secret. What is stored stays as long as nothing is typed. */
export function SecretField({ value, onInput, label, help, error, required, drawn }) {
  const stored = useRef(value === MASK);
  const told = stored.current ? html`${help} A value is stored; it stays unless you type another one.` : help;
  const clear = () => {
    stored.current = false;
    onInput(drawn.nullable ? null : undefined);
  };
  return html`<${Field} label=${label} help=${told} error=${error} required=${required}>${(control) => html`
    <input ...${control} type="password" autocomplete="new-password"
      value=${value === MASK ? "" : (value ?? "")} placeholder=${stored.current ? "unchanged" : ""}
      onInput=${(event) => onInput(event.target.value || (stored.current ? MASK : required ? "" : undefined))} />
    ${stored.current && !required && html`
      <button type="button" class="small outline secondary" onClick=${clear}>Remove the stored value</button>
    `}
  `}<//>`;
}

/** Several secrets: the stored ones are kept together, or written anew. */
export function SecretList({ value, onInput, label, help, error }) {
  const id = useId();
  const secrets = value ?? [];
  const kept = secrets.length > 0 && secrets.every((each) => each === MASK);
  const put = (at, text) => onInput(secrets.map((each, place) => (place === at ? text : each)));
  return html`<fieldset class="whole" aria-describedby=${id}>
    <legend>${label}</legend>
    <small id=${id} class=${error ? "error" : "help"}>${error ?? help}</small>
    ${kept
      ? html`<p>
          ${secrets.length} stored.${" "}
          <button type="button" class="small outline secondary" onClick=${() => onInput([])}>Write them anew</button>
        </p>`
      : html`${secrets.map((secret, at) => html`<div class="row" key=${at}>
          <${TextField} type="password" autocomplete="new-password" label=${`${label} ${at + 1}`}
            value=${secret} onInput=${(text) => put(at, text)} />
          <button type="button" class="small outline secondary" aria-label=${`Remove ${label} ${at + 1}`}
              onClick=${() => onInput(secrets.filter((_, place) => place !== at))}>
            Remove
          </button>
        </div>`)}
        <button type="button" class="small outline" onClick=${() => onInput([...secrets, ""])}>
          Add to ${label}
        </button>`}
  </fieldset>`;
}

/** Parameters of a job for another job: what is masked is left out, for the secrets stay with the first. */
export function withoutMasks(value) {
  if (Array.isArray(value)) return value.filter((each) => each !== MASK).map(withoutMasks);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).filter(([, each]) => each !== MASK).map(([name, each]) => [name, withoutMasks(each)]),
  );
}
