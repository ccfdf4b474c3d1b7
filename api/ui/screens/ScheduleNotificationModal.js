/** The dialog that schedules a notification: what, to whom, when, and what will come of it. */
import { useMemo, useRef, useState } from "preact/hooks";

import { Conflict } from "../components/conflict.js";
import { tell } from "../components/dialog.js";
import { ManyField, TextField } from "../components/fields.js";
import { useForm } from "../components/form.js";
import { FormDialog } from "../components/form_dialog.js";
import { unlessManaged } from "../components/managed.js";
import { NotificationPreview, useNotificationPreview } from "../components/notification_preview.js";
import { RecipientsEditor } from "../components/recipients_editor.js";
import { ScheduleEditor, newSchedule } from "../components/schedule_editor.js";
import { SendingRules } from "../components/sending_rules.js";
import { TestSend } from "../components/test_send.js";
import { VariablesField, rowsOf, variablesOf, wrongWith } from "../components/variables_field.js";
import { api } from "../core/api.js";
import { html } from "../core/html.js";
import { MY_ZONE } from "../core/time.js";

const CHANNELS = { email: "E-mail", sms: "SMS" };
const FIELDS = [
  "name", "channels", "recipients", "variables", "schedule", "recipientTimezone", "quietHours", "allowedDays",
  "expiresAfter", "throttle", "critical",
];
const WRITTEN = [
  "name", "templateId", "templateVersion", "channels", "recipients", "variables", "schedule", "recipientTimezone",
  "timezoneFallback", "alreadyPassed", "quietHours", "allowedDays", "expiresAfter", "throttle", "critical",
];
const NOBODY = { addresses: [], people: [], groups: [], users: null };

const written = (notification) => Object.fromEntries(
  WRITTEN.filter((name) => notification[name] !== undefined).map((name) => [name, notification[name]]),
);

const beginning = (template) => ({
  name: template.name, templateId: template.id, templateVersion: null, channels: template.channels, recipients: NOBODY,
  variables: {}, schedule: newSchedule(MY_ZONE, ["once"]), recipientTimezone: false, alreadyPassed: "next_day",
  quietHours: null, allowedDays: null, expiresAfter: null, throttle: null, critical: false,
});

/** template: what is sent. existing: a scheduled notification to change, or null. onSaved(notification). */
export default function ScheduleNotificationModal({ template, existing = null, onClose, onSaved }) {
  const valuesOf = (notification) => ({ ...beginning(template), ...written(notification) });
  const first = useMemo(() => (existing ? valuesOf(existing) : beginning(template)), []);
  const revision = useRef(existing?.revision);
  const [rows, setRows] = useState(() => rowsOf(first.variables));
  const [testing, setTesting] = useState(false);
  const path = existing ? `notifications/scheduled/${existing.id}` : "notifications/scheduled";
  const form = useForm(first, async (values, key) => {
    const saved = existing
      ? await unlessManaged((force) => api.put(path, values, revision.current, force))
      : await api.post(path, values, { key });
    tell(existing ? "Saved." : `“${saved.name}” is scheduled.`);
    onSaved(saved);
  });
  const { values, set, error } = form;
  const preview = useNotificationPreview(values);
  const changeRows = (changed) => {
    setRows(changed);
    if (changed.every((row) => wrongWith(row, changed) === null)) set("variables", variablesOf(changed));
  };
  const test = html`<button type="button" class="outline secondary" onClick=${() => setTesting(true)}>
    Send a test first
  </button>`;
  return html`<${FormDialog} title=${existing ? `Edit ${existing.name}` : `Schedule “${template.name}”`} wide
      form=${form} onClose=${onClose} submitLabel=${existing ? "Save" : "Schedule it"} extra=${test}>
    <${Conflict} form=${form} path=${path} revision=${revision} mine=${values} fields=${FIELDS}
      valuesOf=${valuesOf} onTheirs=${(theirs) => setRows(rowsOf(theirs.variables))} />
    <div class="columns">
      <${TextField} label="Name" required ...${form.bind("name")} />
      ${template.channels.length > 1 && html`
        <${ManyField} label="Channels" ...${form.bind("channels")}
          options=${template.channels.map((each) => [each, CHANNELS[each] ?? each])} />
      `}
    </div>
    <${RecipientsEditor} value=${values.recipients} onInput=${(recipients) => set("recipients", recipients)}
      error=${error} />
    <${ScheduleEditor} value=${values.schedule} onInput=${(schedule) => set("schedule", schedule)} error=${error}
      prefix="schedule" kinds=${["once", "interval", "cron"]} />
    <details>
      <summary>Sending: zones, quiet hours, days, expiry, throttle</summary>
      <${SendingRules} values=${values} set=${set} error=${error} />
    </details>
    <details open=${template.variables.length > 0 && rows.length > 0}><summary>Variables (${rows.length})</summary>
      ${template.variables.length > 0 && html`
        <p class="help">The template has ${template.variables.map((each) => each.name).join(", ")}.</p>
      `}
      <${VariablesField} rows=${rows} onInput=${changeRows} shown />
      ${error("variables") && html`<small class="error">${error("variables")}</small>`}
    </details>
    <${NotificationPreview} preview=${preview} own=${values.recipientTimezone} />
    ${testing && html`<${TestSend} template=${template} onClose=${() => setTesting(false)} />`}
  <//>`;
}
