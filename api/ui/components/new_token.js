/** A new token: what it may do, and its secret, shown this once. */
import { useLayoutEffect, useRef, useState } from "preact/hooks";

import { api } from "../core/api.js";
import { html } from "../core/html.js";
import { guard } from "../core/router.js";
import { Note } from "./basics.js";
import { Dialog, ask, tell } from "./dialog.js";
import { ChoiceField, Field, SelectField, TextField } from "./forms/fields.js";
import { useForm } from "./forms/form.js";
import { FormDialog } from "./forms/form_dialog.js";

const ROLES = [
  ["viewer", "Viewer", "reads everything but exports, tokens and the audit log"],
  ["switcher", "Switcher", "only pauses and resumes: for a program that does just that"],
  ["runner", "Runner", "only runs jobs as they are, and reads those runs"],
  ["operator", "Operator", "viewer, and runs, cancels, retries, pauses, decides about messages, maintenance"],
  ["editor", "Editor", "operator, and creates, changes and deletes; downloads exports"],
  ["admin", "Administrator", "everything, also tokens and the audit log"],
];
const LIVES = [["30d", "in 30 days"], ["90d", "in 90 days"], ["365d", "in a year"], ["", "never"]];

export function NewToken({ made, onClose }) {
  const [secret, setSecret] = useState(null);
  const form = useForm({ name: "", role: "viewer", expiresIn: "90d" }, async ({ name, role, expiresIn }, key) => {
    const answer = await api.post("admin/tokens", { name, role, expiresIn: expiresIn || null }, { key });
    setSecret(answer);
    made();
  });
  if (secret) return html`<${Secret} made=${secret} onClose=${onClose} />`;
  return html`<${FormDialog} title="New token" form=${form} onClose=${onClose} submitLabel="Make token">
    <${TextField} label="Name" required
      help="Of the person or program that uses it; the audit log shows it." ...${form.bind("name")} />
    <${ChoiceField} class="stacked" label="Role" ...${form.bind("role")} options=${ROLES} />
    <${SelectField} label="Expires" ...${form.bind("expiresIn")} options=${LIVES} />
  <//>`;
}

function Secret({ made, onClose }) {
  const field = useRef(null);
  useLayoutEffect(() => guard(() => true), []);
  const leave = async () => {
    const text = "This token is shown only now. Without it only another token helps.";
    const yes = "Close without it";
    if (await ask({ title: "Is the token kept?", text, yes, no: "Back to the token", danger: true })) onClose();
  };
  const copy = async () => {
    field.current.select();
    try {
      await navigator.clipboard.writeText(made.token);
      tell("Copied.");
    } catch {
      tell("The browser does not allow copying here: press Ctrl+C.", { tone: "warn" });
    }
  };
  return html`<${Dialog} title=${`Token “${made.name}”`} onClose=${leave}>
    <${Note} tone="warn">This is shown only now. Keep it where secrets are kept; nobody can read it again.<//>
    <${Field} label="Token">
      ${(control) => html`
        <input ...${control} ref=${field} class="code" readonly
          value=${made.token} onFocus=${(event) => event.target.select()} />
      `}
    <//>
    <div class="actions end">
      <button type="button" onClick=${copy}>Copy</button>
      <button type="button" class="secondary outline" onClick=${onClose}>I have kept it</button>
    </div>
  <//>`;
}
