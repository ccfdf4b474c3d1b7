/** Forms: what is typed stays until it is saved; the API's errors stand at their fields and in a summary. */
import { useLayoutEffect, useRef, useState } from "preact/hooks";

import { ApiError, newKey } from "../core/api.js";
import { html } from "../core/html.js";
import { guard } from "../core/router.js";
import { Note } from "./basics.js";

/**
 * {values, set(name, value), bind(name), replace(values), error(field), fault, busy, dirty, submit(event)} of one form.
 * bind(name): what a field needs to show and change that value: {value, onInput, error}.
 * save(values, key): resolves when it is saved; key: an Idempotency-Key that stays until it is.
 */
export function useForm(initial, save) {
  const [values, setValues] = useState(initial);
  const [fault, setFault] = useState(null);
  const [busy, setBusy] = useState(false);
  const [dirty, setDirty] = useState(false);
  const typed = useRef(false);
  const leaving = useRef(false); // whoever saves may go on to another screen at once
  const key = useRef(newKey());
  typed.current = dirty;
  useLayoutEffect(() => guard(() => typed.current && !leaving.current), []);

  const change = (changed) => {
    setDirty(true);
    leaving.current = false;
    key.current = newKey();
    setValues(changed);
  };
  const submit = async (event) => {
    event?.preventDefault();
    if (busy) return;
    setBusy(true);
    setFault(null);
    try {
      leaving.current = true;
      await save(values, key.current);
      setDirty(false);
    } catch (error) {
      leaving.current = false;
      if (!(error instanceof ApiError)) throw error;
      setFault(error);
    } finally {
      setBusy(false);
    }
  };
  const set = (name, value) => change((old) => ({ ...old, [name]: value }));
  const error = (field) => fault?.of(field) ?? null;
  return {
    values,
    set,
    bind: (name) => ({ value: values[name], onInput: (value) => set(name, value), error: error(name) }),
    replace: (all) => {
      setValues(all);
      setDirty(false);
      setFault(null);
    },
    error,
    fault,
    busy,
    dirty,
    submit,
  };
}

/** form: of useForm. submitLabel: of its button; null: it is shown only. extra: more buttons. */
export function Form({ form, submitLabel = "Save", onCancel, extra, children, label }) {
  const summary = useRef(null);
  useLayoutEffect(() => { // before anybody can go on typing elsewhere
    if (form.fault) summary.current?.focus();
  }, [form.fault]);
  const submit = (event) => {
    event.stopPropagation(); // the dialog of this form may stand in another form
    form.submit(event);
  };
  return html`<form onSubmit=${submit} aria-label=${label} novalidate>
    ${form.fault && html`<div ref=${summary} tabindex="-1"><${FaultSummary} fault=${form.fault} /></div>`}
    ${submitLabel ? children : html`<fieldset class="read-only" disabled>${children}</fieldset>`}
    <div class="actions end">
      ${extra}
      ${onCancel && html`<button type="button" class="secondary outline" onClick=${onCancel}>
        ${submitLabel ? "Cancel" : "Back"}
      </button>`}
      ${submitLabel && html`<button type="submit" aria-busy=${form.busy} disabled=${form.busy}>${submitLabel}</button>`}
    </div>
  </form>`;
}

/** All that is wrong, first; each also stands at its field. */
export const FaultSummary = ({ fault }) => html`
  <${Note} tone="bad">
    <p>${fault.message}</p>
    ${fault.errors.length > 0 && html`<ul>
      ${fault.errors.map((error) => html`<li key=${error.field}><code>${error.field}</code> ${error.detail}</li>`)}
    </ul>`}
    ${fault.requestId && html`<small>Request ${fault.requestId}</small>`}
  <//>
`;
