/** Whom a job tells when its runs fail, recover or are skipped. */
import { useState } from "preact/hooks";

import { html } from "../core/html.js";
import { useDocument } from "../core/resource.js";
import { CheckField, ManyField, TextField } from "./fields.js";

const EVENTS = [
  ["failed", "a run failed for good"], ["every_failure", "every failed attempt"], ["recovered", "it works again"],
  ["auto_paused", "it was paused"], ["skipped", "a run was skipped"],
];
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
  const [typed, setTyped] = useState(() => (recipients.addresses ?? [])
    .map(({ email, phone }) => email ?? phone)
    .join(", "));
  const set = (changes) => onInput({ ...value, ...changes });
  const reach = (changes) => set({ recipients: { ...recipients, ...changes } });
  const type = (text) => {
    setTyped(text);
    reach({ addresses: text.split(/[,;\s]+/).filter(Boolean).map((address) => known(recipients, address)) });
  };
  const wrong = (name) => error(`policies.alerts.${name}`);
  return html`
    <${ManyField} label="When"
      value=${value.on} options=${EVENTS} onInput=${(on) => set({ on })} error=${wrong("on")} />
    <${ManyField} label="By" value=${value.channels} options=${[["email", "e-mail"], ["sms", "SMS"]]}
      onInput=${(channels) => set({ channels })} error=${wrong("channels")} />
    <${TextField} label="Addresses" help="E-mail addresses or phone numbers (+33…), separated by commas."
      value=${typed} onInput=${type}
      error=${wrong("recipients") ?? wrong("recipients.addresses") ?? wrong("recipients.addresses.0.email")} />
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

/** What is kept of an address that was there: its name and variables. */
const known = ({ addresses = [] }, address) =>
  addresses.find(({ email, phone }) => (email ?? phone) === address) ??
  (address.includes("@") ? { email: address } : { phone: address });
