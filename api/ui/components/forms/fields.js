/** Fields of forms: label, help, and the API's error at the field. `error` is a text or null. */
import { useId, useRef } from "preact/hooks";

import { html } from "../../core/html.js";
import { MY_ZONE, ZONES, isMoment, isZone, momentOf, wallClock } from "../../core/time.js";

/** What every field has around its control. children: called with the attributes for the control. */
export function Field({ label, help, error, required, class: name = "", children }) {
  const id = useId();
  const told = [help && `${id}-help`, error && `${id}-error`].filter(Boolean).join(" ") || undefined;
  const control = { id, "aria-invalid": error ? "true" : undefined, "aria-describedby": told, required };
  return html`<div class=${`field ${name}`}>
    <label for=${id}>${label}${required && html`<span class="required" aria-hidden="true"> *</span>`}</label>
    ${children(control)}
    ${error && html`<small id=${`${id}-error`} class="error">${error}</small>`}
    ${help && html`<small id=${`${id}-help`} class="help">${help}</small>`}
  </div>`;
}

export const TextField = ({
  value, onInput, type = "text", placeholder, list, autocomplete = "off", inputmode, disabled, ...field
}) => html`
  <${Field} ...${field}>
    ${(control) => html`
      <input ...${control} type=${type} placeholder=${placeholder} list=${list} autocomplete=${autocomplete}
        inputmode=${inputmode} disabled=${disabled}
        value=${value ?? ""} onInput=${(event) => onInput(event.target.value)} />
    `}
  <//>
`;

/** onInput gets a number, or null. What is typed stays as it was typed: "1.0" may become "1.05". */
export function NumberField({ value, onInput, min, max, step = "any", disabled, ...field }) {
  const given = useRef({ value: undefined, text: "" });
  if (given.current.value !== (value ?? null)) given.current = { value: value ?? null, text: value ?? "" };
  const input = ({ target }) => {
    given.current = { value: target.value === "" ? null : target.valueAsNumber, text: target.value };
    onInput(given.current.value);
  };
  return html`<${Field} ...${field}>
    ${(control) => html`
      <input ...${control} type="number" min=${min} max=${max} step=${step} disabled=${disabled}
        value=${given.current.text} onInput=${input} />
    `}
  <//>`;
}

export const AreaField = ({ value, onInput, rows = 4, placeholder, code, ...field }) => html`
  <${Field} ...${field}>
    ${(control) => html`
      <textarea ...${control} rows=${rows} placeholder=${placeholder} class=${code ? "code" : ""} spellcheck=${!code}
        value=${value ?? ""} onInput=${(event) => onInput(event.target.value)}></textarea>
    `}
  <//>
`;

/** What a list is searched for. */
export const SearchField = ({ label = "Search", ...field }) => html`
  <search onKeyDown=${(event) => event.key === "Enter" && event.preventDefault()}>
    <${TextField} label=${label} type="search" ...${field} />
  </search>
`;

/** options: [[value, label], ...]; values are texts. */
export const SelectField = ({ value, onInput, options, disabled, ...field }) => html`
  <${Field} ...${field}>
    ${(control) => html`
      <select ...${control} disabled=${disabled}
          value=${value ?? ""} onChange=${(event) => onInput(event.target.value)}>
        ${options.map(([each, text]) => html`
          <option key=${each} value=${each} selected=${each === (value ?? "")}>${text}</option>
        `)}
      </select>
    `}
  <//>
`;

export function CheckField({ value, onInput, label, help, error, disabled, role }) {
  const id = useId();
  return html`<div class="field check">
    <label for=${id}>
      <input id=${id} type="checkbox" role=${role} checked=${Boolean(value)} disabled=${disabled}
        aria-describedby=${help || error ? `${id}-help` : undefined} aria-invalid=${error ? "true" : undefined}
        onChange=${(event) => onInput(event.target.checked)} />${" "}
      ${label}
    </label>
    ${(error || help) && html`<small id=${`${id}-help`} class=${error ? "error" : "help"}>${error ?? help}</small>`}
  </div>`;
}

/** One of several, all seen at once. options: [[value, label, help?], ...] */
export function ChoiceField({ label, value, onInput, options, error, class: name = "" }) {
  const id = useId();
  return html`<fieldset class=${`choice ${name}`} aria-describedby=${error ? `${id}-error` : undefined}>
    <legend>${label}</legend>
    <div class="choices">
      ${options.map(([each, text, help]) => html`<label key=${each}>
        <input type="radio" name=${id} value=${each} checked=${each === value} onChange=${() => onInput(each)} />${" "}
        ${text}${help && html`<small class="help">${help}</small>`}
      </label>`)}
    </div>
    ${error && html`<small id=${`${id}-error`} class="error">${error}</small>`}
  </fieldset>`;
}

/** Several of several. value: an array. options: [[value, label], ...] */
export function ManyField({ label, value, onInput, options, error, help }) {
  const id = useId();
  const toggle = (each, chosen) =>
    onInput(options.map(([one]) => one).filter((one) => (one === each ? chosen : value.includes(one))));
  return html`<fieldset class="choice" aria-describedby=${error || help ? `${id}-told` : undefined}>
    <legend>${label}</legend>
    <div class="choices">
      ${options.map(([each, text]) => html`<label key=${each}>
        <input type="checkbox" checked=${value.includes(each)}
          onChange=${(event) => toggle(each, event.target.checked)} />${" "}
        ${text}
      </label>`)}
    </div>
    ${(error || help) && html`<small id=${`${id}-told`} class=${error ? "error" : "help"}>${error ?? help}</small>`}
  </fieldset>`;
}

/** An IANA zone, typed or chosen. */
export const ZoneField = ({ value, onInput, label = "Time zone", help = `Yours is ${MY_ZONE}.`, ...field }) => {
  const id = useId();
  return html`<${TextField} label=${label} help=${help} value=${value} onInput=${onInput} list=${id} ...${field} />
    <datalist id=${id}>${ZONES.map((zone) => html`<option key=${zone} value=${zone}></option>`)}</datalist>`;
};

/** A moment, as a clock in `zone` shows it. value and what onInput gets: ISO 8601, or null. */
export function MomentField({ value, onInput, zone = MY_ZONE, help, error, ...field }) {
  const clock = isZone(zone) ? zone : "UTC";
  const given = useRef({ value: undefined, text: "" });
  if (given.current.value !== value) given.current = { value, text: value ? wallClock(value, clock) : "" };
  const input = (text) => {
    given.current = { value: momentOf(text, clock), text };
    onInput(given.current.value);
  };
  const senseless = value && !isMoment(value) ? `“${value}” is no time: choose one.` : null;
  return html`
    <${TextField} type="datetime-local" value=${given.current.text} onInput=${input}
      help=${`In ${clock} time. ${help ?? ""}`} error=${error ?? senseless} ...${field} />
  `;
}
