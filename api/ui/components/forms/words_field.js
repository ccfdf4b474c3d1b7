/** Several short texts, typed with commas: what is typed stays as it is while it is typed. */
import { useRef } from "preact/hooks";

import { html } from "../../core/html.js";
import { TextField } from "./fields.js";

const wordsOf = (text) => text.split(/[,;\n]/).map((word) => word.trim()).filter(Boolean);

/** value: an array of texts. onInput gets another. */
export function WordsField({ value, onInput, ...field }) {
  const given = useRef({ value: undefined, text: "" });
  if (given.current.value !== value) given.current = { value, text: (value ?? []).join(", ") };
  const input = (text) => {
    given.current = { value: wordsOf(text), text };
    onInput(given.current.value);
  };
  return html`<${TextField} ...${field} value=${given.current.text} onInput=${input} />`;
}
