/** Any JSON, typed: used for what has no better form. */
import { useRef, useState } from "preact/hooks";

import { html } from "../../core/html.js";
import { AreaField } from "./fields.js";

const written = (value) => (value === undefined ? "" : JSON.stringify(value, null, 2));

/** onInput gets the value; while the text is no JSON it gets the text, which the API refuses at this field. */
export function JsonField({ value, onInput, error, ...field }) {
  const [fault, setFault] = useState(null);
  const typed = useRef({ value: undefined, text: null });
  if (typed.current.text === null || typed.current.value !== value) {
    typed.current = { value, text: typeof value === "string" && fault ? value : written(value) };
  }
  const input = (text) => {
    let read;
    try {
      read = text.trim() === "" ? undefined : JSON.parse(text);
      setFault(null);
    } catch (problem) {
      read = text;
      setFault(`This is no JSON yet: ${problem.message}`);
    }
    typed.current = { value: read, text };
    onInput(read);
  };
  return html`
    <${AreaField} code rows=${4} ...${field} value=${typed.current.text} onInput=${input} error=${fault ?? error} />
  `;
}
