/** A form in a dialog: closing it asks while something typed is not saved. */
import { html } from "../../core/html.js";
import { Dialog, ask } from "../dialog.js";
import { Form } from "./form.js";

/**
 * form: of useForm.  conflict: a <Conflict>, for what somebody else may change meanwhile.
 * onClose: leave without saving; it was asked about if need be.
 */
export function FormDialog({ title, form, onClose, submitLabel, danger, wide, extra, conflict, children }) {
  const close = async () => {
    const lost = {
      title: "Leave without saving?",
      text: "What you typed here is not saved.",
      yes: "Leave it",
      danger: true,
    };
    if (!form.dirty || (await ask(lost))) onClose();
  };
  return html`<${Dialog} title=${title} onClose=${close} wide=${wide}>
    <${Form} form=${form} submitLabel=${submitLabel} danger=${danger} onCancel=${close} extra=${extra}
      label=${title}>${children}<//>
    ${conflict}
  <//>`;
}
