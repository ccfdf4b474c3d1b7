/** Lists, and objects with free names, of a schema: one row per entry. */
import { useId, useRef } from "preact/hooks";

import { html } from "../../core/html.js";
import { TextField } from "./fields.js";
import { firstValue, resolve, valuesOf } from "./schema_shapes.js";

/** item: the component that draws one entry. */
export function ListField({ value, onInput, drawn, root, label, help, error, errorOf, path, item }) {
  const entries = Array.isArray(value) ? value : (drawn.default ?? []);
  const put = (at, changed) =>
    onInput(entries.map((each, place) => (place === at ? (changed === undefined ? "" : changed) : each)));
  const add = () => onInput([...entries, firstValue(resolve(drawn.items, root))]);
  return html`<${Rows} label=${label} help=${help} error=${error} onAdd=${add}>
    ${entries.map((entry, at) => html`<div class="row" key=${at}>
      <${item} schema=${drawn.items} root=${root} bare=${`${label} ${at + 1}`}
        value=${entry} onInput=${(changed) => put(at, changed)} error=${errorOf} path=${`${path}.${at}`} required />
      <${Remove} label=${`${label} ${at + 1}`} onClick=${() => onInput(entries.filter((_, place) => place !== at))} />
    </div>`)}
  <//>`;
}

/** Rows of name and value. They keep their order and their place while names are typed. */
export function MapField({ value, onInput, drawn, root, label, help, error, errorOf, path, item }) {
  const held = value ?? drawn.default ?? {};
  const rows = useRef({ value: null, list: [] });
  if (rows.current.value !== held) rows.current = { value: held, list: Object.entries(held) };
  const change = (list) => {
    const changed = Object.fromEntries(list.filter(([name]) => name !== ""));
    rows.current = { value: changed, list };
    onInput(changed);
  };
  const { list } = rows.current;
  const put = (at, row) => change(list.map((each, place) => (place === at ? row : each)));
  const schema = valuesOf(drawn);
  const add = () => change([...list, ["", firstValue(resolve(schema, root))]]);
  return html`<${Rows} label=${label} help=${help} error=${error} onAdd=${add}>
    ${list.map(([name, inner], at) => html`<div class="row" key=${at}>
      <${TextField} label="Name" value=${name} onInput=${(changed) => put(at, [changed, inner])}
        error=${name && list.findIndex(([each]) => each === name) < at ? "This name is there already." : null} />
      <${item} schema=${schema} root=${root} bare="Value" value=${inner}
        onInput=${(changed) => put(at, [name, changed ?? ""])} error=${errorOf} path=${`${path}.${name}`} required />
      <${Remove} label=${name || `row ${at + 1}`} onClick=${() => change(list.filter((_, place) => place !== at))} />
    </div>`)}
  <//>`;
}

function Rows({ label, help, error, onAdd, children }) {
  const id = useId();
  return html`<fieldset class="whole" aria-describedby=${id}>
    <legend>${label}</legend>
    <small id=${id} class=${error ? "error" : "help"}>${error ?? help}</small>
    ${children}
    <button type="button" class="small outline" onClick=${onAdd}>Add to ${label}</button>
  </fieldset>`;
}

const Remove = ({ label, onClick }) => html`
  <button type="button" class="small outline secondary" aria-label=${`Remove ${label}`} onClick=${onClick}>
    Remove
  </button>
`;
