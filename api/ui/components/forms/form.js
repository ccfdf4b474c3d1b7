/** Forms: what is typed stays until it is saved; the API's errors stand at their fields and in a summary. */
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";

import { ApiError, newKey } from "../../core/api.js";
import { html } from "../../core/html.js";
import { guard } from "../../core/router.js";
import { FaultSummary } from "./fault_summary.js";

/** What stands at a dotted path; where the path goes deeper than the value, the last thing that stands there. */
function at(values, path) {
  let found = values;
  for (const part of path.split(".")) {
    if (found === null || typeof found !== "object" || (Array.isArray(found) && !(part in found))) break;
    found = found[part];
  }
  return JSON.stringify(found);
}

/**
 * {values, set(name, value), bind(name), replace(values), error(field), fault, errors, busy, dirty, submit(event)} of
 * one form. errors: those of the fault whose fields were not changed since.
 * bind(name): what a field needs to show and change that value: {value, onInput, error}.
 * save(values, key): resolves when it is saved; key: an Idempotency-Key that stays until it is.
 */
export function useForm(initial, save) {
  const [values, setValues] = useState(initial);
  const [fault, setFault] = useState(null);
  const [busy, setBusy] = useState(false);
  const [dirty, setDirty] = useState(false);
  const [mended, setMended] = useState([]);
  const latest = useRef(values);
  const typed = useRef(false);
  const leaving = useRef(false); // whoever saves may go on to another screen at once
  const key = useRef(newKey());
  typed.current = dirty;
  useLayoutEffect(() => guard(() => typed.current && !leaving.current), []);

  const errors = useMemo(() => (fault?.errors ?? []).filter(({ field }) => !mended.includes(field)), [fault, mended]);

  const show = (changed) => {
    latest.current = changed;
    setValues(changed);
  };
  const set = (name, value) => {
    const before = latest.current;
    setDirty(true);
    leaving.current = false;
    key.current = newKey();
    show({ ...before, [name]: value });
    const now = errors.filter(({ field }) => at(before, field) !== at(latest.current, field));
    if (now.length > 0) setMended((old) => [...old, ...now.map(({ field }) => field)]);
  };
  const submit = async (event) => {
    event?.preventDefault();
    if (busy) return;
    setBusy(true);
    setFault(null);
    setMended([]);
    try {
      leaving.current = true;
      await save(latest.current, key.current);
      setDirty(false);
    } catch (error) {
      leaving.current = false;
      if (!(error instanceof ApiError)) throw error;
      setFault(error);
    } finally {
      setBusy(false);
    }
  };
  const error = (field) => errors.find((each) => each.field === field)?.detail ?? null;
  return {
    values,
    set,
    bind: (name) => ({ value: values[name], onInput: (value) => set(name, value), error: error(name) }),
    replace: (all) => {
      show(all);
      setDirty(false);
      setFault(null);
    },
    error,
    fault,
    errors,
    busy,
    dirty,
    submit,
  };
}

/** form: of useForm. submitLabel: of its button. danger: it is red. extra: more buttons. */
export function Form({ form, submitLabel = "Save", danger, onCancel, extra, children, label }) {
  const wrong = form.fault && (form.errors.length > 0 || form.fault.errors.length === 0);
  const submit = (event) => {
    event.stopPropagation(); // the dialog of this form may stand in another form
    form.submit(event);
  };
  return html`<form onSubmit=${submit} aria-label=${label} novalidate>
    ${wrong && html`<${FaultSummary} form=${form} />`}
    ${children}
    <div class="actions end">
      ${extra}
      ${onCancel && html`<button type="button" class="secondary outline" onClick=${onCancel}>Cancel</button>`}
      <button type="submit" class=${danger ? "danger" : ""} aria-busy=${form.busy}
          aria-disabled=${form.busy ? "true" : undefined}>
        ${submitLabel}
      </button>
    </div>
  </form>`;
}
