/** Why a form was refused, above it: each wrong field by its label, with a way to it. */
import { useLayoutEffect, useRef, useState } from "preact/hooks";

import { html } from "../../core/html.js";
import { Note } from "../basics.js";
import { nameOf } from "./field_names.js";

const PLACES = ".field, fieldset, details";
const CONTROLS = "input, select, textarea, button";

/** The label of what a message stands at, and the control that one types into; undefined: it stands nowhere. */
function placeOf(message) {
  const place = message.closest(PLACES);
  const label = place?.querySelector("label, legend, summary")?.textContent.replace(" *", "").trim();
  return place && { label, control: place.querySelector("[aria-invalid=true]") ?? place.querySelector(CONTROLS) };
}

/** [{detail, label, control}] of the errors, in the order of the form, then those that it shows nowhere. */
function placesOf(errors, form) {
  const messages = [...form.querySelectorAll("small.error")];
  const taken = new Set();
  const places = errors.map(({ field, detail }) => {
    const tells = (each) => !taken.has(each) && each.textContent.trim().endsWith(detail.trim());
    const message = messages.find(tells);
    taken.add(message);
    const at = message ? messages.indexOf(message) : messages.length;
    return { at, detail, label: nameOf(field), control: null, ...(message && placeOf(message)) };
  });
  return places.sort((one, other) => one.at - other.at);
}

function unfold(control) {
  for (let at = control.closest("details"); at; at = at.parentElement.closest("details")) at.open = true;
}

const headline = (count) => `It was refused: ${count === 1 ? "one field is" : `${count} fields are`} wrong.`;

/** form: of useForm, refused; it is shown within the <form>. */
export function FaultSummary({ form: { fault, errors } }) {
  const element = useRef(null);
  const [places, setPlaces] = useState([]);
  useLayoutEffect(() => {
    const found = placesOf(errors, element.current.closest("form"));
    found.forEach(({ control }) => control && unfold(control));
    setPlaces(found);
  }, [errors]);
  useLayoutEffect(() => element.current.focus(), [fault]); // before anybody can go on typing elsewhere
  const shown = errors.length > 0;
  return html`<div ref=${element} tabindex="-1" class="refusal"><${Note} tone="bad">
    <p>${shown ? headline(errors.length) : fault.message}</p>
    ${shown && html`<ul>${places.map(({ label, detail, control }, at) => html`<li key=${at}>
      ${control
        ? html`<button type="button" class="plain link" onClick=${() => control.focus()}>${label}: ${detail}</button>`
        : html`${label}: ${detail}`}
    </li>`)}</ul>`}
    ${fault.requestId && html`<small>Request ${fault.requestId}</small>`}
  <//></div>`;
}
