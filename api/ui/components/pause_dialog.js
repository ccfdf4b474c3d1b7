/** Pausing a job or a scheduled notification: why, and until when. */
import { api } from "../core/api.js";
import { html } from "../core/html.js";
import { MomentField, TextField } from "./forms/fields.js";
import { useForm } from "./forms/form.js";
import { FormDialog } from "./forms/form_dialog.js";

/**
 * path: of the document, which has a name; whatever its revision is now, it is paused.
 * about: what the pause does.  onSaved(document): the paused one.
 */
export function PauseDialog({ path, document, about, onClose, onSaved }) {
  const form = useForm({ reason: "", until: null }, async (body) => onSaved(await api.act(`${path}/pause`, "*", body)));
  return html`<${FormDialog} title=${`Pause “${document.name}”`} form=${form} submitLabel="Pause" onClose=${onClose}>
    <p>${about}</p>
    <${TextField} label="Reason" help="Everybody sees it." ...${form.bind("reason")} />
    <${MomentField} label="Until" help="Empty: until somebody resumes it." ...${form.bind("until")} />
  <//>`;
}
