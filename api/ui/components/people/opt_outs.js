/** What a person does not want: categories of messages, on one channel or on every. */
import { html } from "../../core/html.js";
import { SelectField, TextField } from "../forms/fields.js";
import { CHANNEL_OPTIONS, CHANNELS } from "../notifications/messages.js";

/** value: [{category, channel}], null stands for every. error(field): of the form. */
export function OptOutsField({ value, onInput, error }) {
  const change = (at, changed) => onInput(value.map((each, place) => (place === at ? { ...each, ...changed } : each)));
  return html`<fieldset>
    <legend>Opt-outs</legend>
    <p class="help">Messages of these categories are kept back. ${value.length === 0 && "Now there is none."}</p>
    ${value.map((each, at) => html`<div key=${at} class="row">
      <${TextField} label="Category" placeholder="every category" value=${each.category}
        error=${error(`optOuts.${at}.category`)} onInput=${(category) => change(at, { category: category || null })} />
      <${SelectField} label="Channel" options=${CHANNEL_OPTIONS} value=${each.channel ?? ""}
        error=${error(`optOuts.${at}.channel`)} onInput=${(channel) => change(at, { channel: channel || null })} />
      <button type="button" class="small outline secondary" aria-label=${`Remove opt-out ${at + 1}`}
          onClick=${() => onInput(value.filter((_, place) => place !== at))}>
        Remove
      </button>
    </div>`)}
    ${error("optOuts") && html`<small class="error">${error("optOuts")}</small>`}
    <button type="button" class="small outline" onClick=${() => onInput([...value, { category: null, channel: null }])}>
      Add an opt-out
    </button>
  </fieldset>`;
}

/** In words: "news by e-mail, everything by SMS". */
export const optOutsText = (optOuts) => (Array.isArray(optOuts) ? optOuts.filter(Boolean).map(told).join(", ") : "");
const told = ({ category, channel }) =>
  `${category || "everything"}${channel ? ` by ${CHANNELS[channel] ?? channel}` : ""}`;
