/** The policies of a job: overlap, failures, time-outs, what came too late. LongText away: the defaults are good. */
import { html } from "../../core/html.js";
import { AlertsEditor } from "./alerts_editor.js";
import { ManyField, NumberField, SelectField, TextField } from "../forms/fields.js";
import { WordsField } from "../forms/words_field.js";

/** What the API takes for what is left out; only shown here. */
const DEFAULTS = {
  timeout: "10m", overlap: "skip", priority: 0, keepLast: 10,
  misfire: { policy: "latest", window: "1d", max: 100 },
  retry: { maxAttempts: 3, backoff: "10s", maxBackoff: "10m", on: ["failed", "timed_out"], exceptErrors: [] },
};
const OVERLAPS = [
  ["skip", "Skip the new run"], ["queue_one", "Let one wait"], ["queue_all", "Let all wait"],
  ["cancel_running", "Cancel the running one"], ["allow", "Let several run at once"],
];
const MISFIRES = [["latest", "Run the latest one"], ["all", "Run all of them"], ["skip", "Skip them"]];

/** value: policies, or a part of them. error(path) is asked for `policies.retry.backoff` and the like. */
export function PoliciesEditor({ value, onInput, error, open = false }) {
  const has = (name, part) => (part ? value[part]?.[name] ?? DEFAULTS[part][name] : value[name] ?? DEFAULTS[name]);
  const set = (name, changed, part) =>
    onInput({ ...value, ...(part ? { [part]: { ...value[part], [name]: changed } } : { [name]: changed }) });
  const bind = (name, part) => ({
    value: has(name, part),
    onInput: (changed) => set(name, changed, part),
    error: error(["policies", part, name].filter(Boolean).join(".")),
  });
  const optional = (name) => ({ ...bind(name), onInput: (text) => set(name, text || null) });
  const [overlap, several] = has("overlap").split(":");
  return html`<details class="card" open=${open}>
    <summary>Policies: time-outs, retries, overlap, alerts</summary>
    <div class="columns">
      <${TextField} label="Time-out" help="A run that takes longer is stopped." ...${bind("timeout")} />
      <${TextField} label="Soft time-out"
        help="Longer than this raises an alarm. Empty: none." ...${optional("softTimeout")} />
      <${TextField} label="Start deadline"
        help="A run that has not started by then is skipped. Empty: none." ...${optional("startDeadline")} />
    </div>
    <div class="columns">
      <${SelectField} label="When the last run still goes on" options=${OVERLAPS} ...${bind("overlap")}
        value=${overlap} onInput=${(chosen) => set("overlap", chosen === "allow" ? "allow:2" : chosen)} />
      ${overlap === "allow" && html`
        <${NumberField} label="So many at once" min="1" max="9999" step="1"
          value=${Number(several)} onInput=${(count) => set("overlap", `allow:${count ?? ""}`)} />
      `}
      <${NumberField} label="Runs of this template at once" min="1" step="1"
        help="Over all jobs. Empty: no limit." ...${bind("maxConcurrent")} />
      <${NumberField} label="Priority" min="-100" max="100" step="1"
        help="Higher runs first when all places are taken." ...${bind("priority")} />
    </div>
    <h3>Retries</h3>
    <div class="columns">
      <${NumberField} label="Attempts" min="1" max="100" step="1" ...${bind("maxAttempts", "retry")} />
      <${TextField} label="First wait" ...${bind("backoff", "retry")} />
      <${TextField} label="Longest wait" ...${bind("maxBackoff", "retry")} />
    </div>
    <${ManyField} label="Retry when a run"
      options=${[["failed", "failed"], ["timed_out", "timed out"]]} ...${bind("on", "retry")} />
    <${WordsField} label="Never retry these errors" help="Names of errors, separated by commas."
      ...${bind("exceptErrors", "retry")} />
    <h3>Missed while nothing ran</h3>
    <div class="columns">
      <${SelectField} label="What was missed" options=${MISFIRES} ...${bind("policy", "misfire")} />
      <${TextField} label="Not older than" ...${bind("window", "misfire")} />
      ${has("policy", "misfire") === "all" && html`
        <${NumberField} label="At most" min="1" max="1000" step="1" ...${bind("max", "misfire")} />
      `}
    </div>
    <h3>Afterwards</h3>
    <div class="columns">
      <${NumberField} label="Pause after so many failures in a row" min="1" max="1000" step="1"
        help="Empty: never." ...${bind("pauseAfterFailures")} />
      <${NumberField} label="Keep at least so many runs" min="0" max="1000" step="1"
        help="Also when they are older than the retention." ...${bind("keepLast")} />
    </div>
    <${AlertsEditor} value=${value.alerts ?? null} onInput=${(alerts) => set("alerts", alerts)} error=${error} />
  </details>`;
}
