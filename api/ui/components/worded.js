/** Text of a description: what stands between backticks is code. */
import { html } from "../core/html.js";

export const Worded = ({ text }) =>
  (text ?? "").split("`").map((part, at) => (at % 2 ? html`<code key=${at}>${part}</code>` : part));
