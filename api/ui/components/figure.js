/** A figure with its name, for rows of figures in a <dl class="figures">. */
import { html } from "../core/html.js";

/** tone: good, warn, bad or nothing. about: a line below. */
export const Figure = ({ label, value, about, tone = "" }) => html`
  <div class=${`figure ${tone}`}>
    <dt>${label}</dt>
    <dd><span>${value ?? "–"}</span>${about && html`<small>${about}</small>`}</dd>
  </div>
`;
