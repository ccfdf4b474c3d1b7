/** The suppression list: addresses that get no messages, and why. */
import { useState } from "preact/hooks";

import { Badge, Empty, Head, Moment } from "../components/basics.js";
import { ActionButton, ask, attempt, tell } from "../components/dialog.js";
import { AreaField, ChoiceField, SelectField, TextField } from "../components/forms/fields.js";
import { useForm } from "../components/forms/form.js";
import { FormDialog } from "../components/forms/form_dialog.js";
import { CHANNELS, CHANNEL_OPTIONS } from "../components/notifications/messages.js";
import { DataTable } from "../components/table.js";
import { api } from "../core/api.js";
import { html } from "../core/html.js";
import { useList, useSettled } from "../core/resource.js";
import { refine } from "../core/router.js";
import { may } from "../core/session.js";

const PATH = "notifications/suppressions";
const REASONS = {
  hard_bounce: "no such mailbox or number", unsubscribed: "unsubscribed", manual: "put there by somebody",
};
const WARNING = {
  hard_bounce:
    "The provider said that there is no such mailbox or number. Sending there again harms your reputation as a sender.",
  unsubscribed: "This person asked for no more messages. Take them off only if they asked for it.",
  manual: "Somebody put this address on the list.",
};

export default function Suppressions({ query }) {
  const { channel = "", reason = "" } = query;
  const [address, setAddress] = useState("");
  const wanted = useSettled(address.trim());
  const list = useList(PATH, { channel, reason, address: wanted });
  const [adding, setAdding] = useState(false);
  const added = () => {
    setAdding(false);
    tell("The address is on the list.");
    list.reload();
  };
  const add = may("edit") && html`<button type="button" onClick=${() => setAdding(true)}>Add an address</button>`;
  const filtered = Boolean(channel || reason || wanted);
  return html`
    <${Head} title="Suppressions" about="Addresses that get no messages any more, and why.">${add}<//>
    <div class="filters">
      <${TextField} label="Address" type="search" placeholder="whole address" value=${address} onInput=${setAddress} />
      <${SelectField} label="Channel"
        value=${channel} options=${CHANNEL_OPTIONS} onInput=${(value) => refine({ channel: value })} />
      <${SelectField} label="Reason" value=${reason} options=${[["", "Every reason"], ...Object.entries(REASONS)]}
        onInput=${(value) => refine({ reason: value })} />
    </div>
    <${DataTable} caption="Suppressions" columns=${columnsOf(list.reload)}
      list=${list} csvName="suppressions" rowLabel=${(row) => row.address}
      empty=${filtered
        ? html`<${Empty} title="No such entry"><p>No address on the list fits these filters.</p><//>`
        : html`<${Empty} title="The list is empty">
            <p>Addresses come here by themselves when they bounce or unsubscribe; or add one.</p>
            ${add}
          <//>`} />
    ${adding && html`<${AddDialog} onClose=${() => setAdding(false)} onSaved=${added} />`}
  `;
}

const columnsOf = (reload) => [
  {
    label: "Address",
    cell: (row) => html`${row.address}${row.problem && html`<br /><small class="error">${row.problem}</small>`}`,
    csv: (row) => row.address,
  },
  { label: "Channel", cell: (row) => CHANNELS[row.channel] ?? row.channel, csv: (row) => row.channel, narrow: false },
  { label: "Category", cell: (row) => row.category || "every category", csv: (row) => row.category, narrow: false },
  {
    label: "Reason",
    cell: (row) => html`<${Badge} state=${row.reason}>${REASONS[row.reason] ?? row.reason}<//>`,
    csv: (row) => row.reason,
  },
  { label: "Note", cell: (row) => html`<small>${row.note || "–"}</small>`, csv: (row) => row.note, narrow: false },
  {
    label: "Since",
    cell: (row) => html`<${Moment} at=${row.createdAt} />`,
    csv: (row) => row.createdAt,
    narrow: false,
  },
  ...(may("edit")
    ? [{
        label: "Actions",
        cell: (row) => html`<${ActionButton} class="small outline danger" aria-label=${`Remove ${row.address}`}
            onClick=${() => remove(row, reload)}>
          Remove
        <//>`,
      }]
    : []),
];

async function remove(entry, reload) {
  const which = entry.category ? `messages of the category ${entry.category}` : "messages";
  const text = `${WARNING[entry.reason] ?? ""} After this the address gets ${which} again.`;
  if (!(await ask({ title: `Take ${entry.address} off the list?`, text, yes: "Remove", danger: true }))) return;
  await attempt(() => api.remove(`${PATH}/${entry.id}`, entry.revision), `${entry.address} is off the list.`);
  reload();
}

const NEW = { kind: "email", address: "", category: "", reason: "manual", note: "" };

function AddDialog({ onClose, onSaved }) {
  const form = useForm(NEW, async (values, key) => {
    const { kind, address, category, reason, note } = values;
    onSaved(await api.post(PATH, { [kind]: address.trim(), category: category.trim() || null, reason, note }, { key }));
  });
  const { values } = form;
  return html`<${FormDialog} title="Add an address" form=${form} submitLabel="Add" onClose=${onClose}>
    <${ChoiceField} label="What is it?" value=${values.kind}
      options=${[["email", "E-mail address"], ["phone", "Phone number"]]} onInput=${(kind) => form.set("kind", kind)} />
    <${TextField} label=${values.kind === "email" ? "E-mail address" : "Phone number"} required
      type=${values.kind === "email" ? "email" : "tel"} placeholder=${values.kind === "email" ? "" : "+33612345678"}
      value=${values.address} error=${form.error("email") ?? form.error("phone")}
      onInput=${(address) => form.set("address", address)} />
    <${TextField} label="Category" help="Empty: no message of any category." ...${form.bind("category")} />
    <${SelectField} label="Reason"
      value=${values.reason} options=${Object.entries(REASONS)} onInput=${(reason) => form.set("reason", reason)} />
    <${AreaField} label="Note" rows=${2} ...${form.bind("note")} />
  <//>`;
}
