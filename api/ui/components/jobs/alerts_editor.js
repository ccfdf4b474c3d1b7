/** Whom a job tells when its runs fail, recover or are skipped. */
import { html } from "../../core/html.js";
import { useDocument } from "../../core/resource.js";
import { AddressesField } from "../forms/addresses_field.js";
import { CheckField, ManyField } from "../forms/fields.js";

const EVENTS = [
  ["failed", "a run failed for good"], ["every_failure", "every failed attempt"], ["recovered", "it works again"],
  ["auto_paused", "it was paused"], ["skipped", "a run was skipped"],
];
const ADDRESSES = "recipients.addresses";
const BEGIN = {
  on: ["failed", "recovered", "auto_paused"], channels: ["email"], recipients: { addresses: [], groups: [] },
};

export function AlertsEditor({ value, onInput, error }) {
  return html`<h3>Alerts</h3>
    <${CheckField} label="Tell somebody"
      value=${value !== null} onInput=${(wanted) => onInput(wanted ? BEGIN : null)} error=${error("policies.alerts")} />
    ${value !== null && html`<${Alerts} value=${value} onInput=${onInput} error=${error} />`}`;
}

function Alerts({ value, onInput, error }) {
  const groups = useDocument("notifications/groups", { limit: 200 });
  const { recipients } = value;
  const set = (changes) => onInput({ ...value, ...changes });
  const reach = (changes) => set({ recipients: { ...recipients, ...changes } });
  const wrong = (name) => error(`policies.alerts.${name}`);
  return html`
    <${ManyField} label="When"
      value=${value.on} options=${EVENTS} onInput=${(on) => set({ on })} error=${wrong("on")} />
    <${ManyField} label="By" value=${value.channels} options=${[["email", "e-mail"], ["sms", "SMS"]]}
      onInput=${(channels) => set({ channels })} error=${wrong("channels")} />
    <${AddressesField} value=${recipients.addresses ?? []} onInput=${(addresses) => reach({ addresses })}
      error=${(field) => wrong(field) ?? (field === ADDRESSES ? wrong("recipients") : null)} path=${ADDRESSES} />
    ${groups.data?.items.length > 0 && html`
      <${ManyField} label="Groups"
        value=${recipients.groups ?? []} options=${groups.data.items.map((group) => [group.id, group.name ?? group.id])}
        onInput=${(chosen) => reach({ groups: chosen })} error=${wrong("recipients.groups")} />
    `}
    ${recipients.people?.length > 0 && html`
      <p class="muted">And ${recipients.people.length} people of the list of recipients.</p>
    `}
  `;
}
