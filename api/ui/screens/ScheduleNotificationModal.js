/** The dialog that schedules a notification: what, to whom, when, and what will come of it. */
import { useMemo, useRef, useState } from "preact/hooks";

import { Conflict } from "../components/conflict.js";
import { DeclaredValues, namesOf } from "../components/forms/declared_values.js";
import { tell } from "../components/dialog.js";
import { ManyField, TextField } from "../components/forms/fields.js";
import { Fold } from "../components/fold.js";
import { useForm } from "../components/forms/form.js";
import { FormDialog } from "../components/forms/form_dialog.js";
import { unlessManaged } from "../components/managed.js";
import { NotificationPreview, useNotificationPreview } from "../components/notifications/notification_preview.js";
import { RecipientsEditor } from "../components/people/recipients_editor.js";
import { ScheduleEditor, newSchedule } from "../components/schedules/schedule_editor.js";
import { SENDING_FIELDS, SendingRules } from "../components/notifications/sending_rules.js";
import { TestSend } from "../components/notifications/test_send.js";
import { VariablesField, rowsOf, variablesOf, wrongWith } from "../components/forms/variables_field.js";
import { api } from "../core/api.js";
import { html } from "../core/html.js";
import { useDocument } from "../core/resource.js";
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

/** What is known of a template that was deleted: the version that a notification pinned is still sent. */
const remains = ({ templateId, name, channels }) => ({ id: templateId, name, channels, variables: [], gone: true });

/** The version that is sent: {template, version}; version null: the newest. */
function useSentVersion(newest, wanted) {
  const older = Number.isInteger(wanted) && wanted !== newest.version && !newest.gone;
  const { data } = useDocument(older ? `notifications/templates/${newest.id}/versions/${wanted}` : null);
  return { template: data ?? newest, version: older ? wanted : null };
}

const isUsed = (values) => SENDING_FIELDS.some((name) => name !== "alreadyPassed" && values[name]);

/**
 * template: what is sent; null if it was deleted. existing: a scheduled notification to change, or null.
 * onSaved(notification).
 */
export default function ScheduleNotificationModal({ template, existing = null, onClose, onSaved }) {
  const newest = template ?? remains(existing);
  const valuesOf = (notification) => ({ ...beginning(newest), ...written(notification) });
  const first = useMemo(() => (existing ? valuesOf(existing) : beginning(newest)), []);
  const revision = useRef(existing?.revision);
  const [testing, setTesting] = useState(false);
  const path = existing ? `notifications/scheduled/${existing.id}` : "notifications/scheduled";
  const form = useForm(first, async (values, key) => {
    const saved = existing
      ? await unlessManaged((force) => api.put(path, values, revision.current, force))
      : await api.post(path, values, { key });
    tell(existing ? "Saved." : `“${saved.name}” is scheduled.`);
    onSaved(saved);
  });
  const { values, set } = form;
  const sent = useSentVersion(newest, values.templateVersion);
  const preview = useNotificationPreview(values);
  const error = (field) => form.error(field) ?? preview.error?.of(field) ?? null;
  const test = !newest.gone && html`
    <button type="button" class="outline secondary" onClick=${() => setTesting(true)}>Send a test first</button>
  `;
  return html`<${FormDialog} title=${existing ? `Edit ${existing.name}` : `Schedule “${newest.name}”`} wide
      form=${form} onClose=${onClose} submitLabel=${existing ? "Save" : "Schedule it"} extra=${test}>
    <${Conflict} form=${form} path=${path} revision=${revision} mine=${values} fields=${FIELDS} valuesOf=${valuesOf} />
    <div class="columns">
      <${TextField} label="Name" required ...${form.bind("name")} error=${error("name")} />
      ${newest.channels.length > 1 && html`
        <${ManyField} label="Channels" ...${form.bind("channels")} error=${error("channels")}
          options=${newest.channels.map((each) => [each, CHANNELS[each] ?? each])} />
      `}
    </div>
    <${RecipientsEditor} value=${values.recipients} onInput=${(recipients) => set("recipients", recipients)}
      error=${error} />
    <${ScheduleEditor} value=${values.schedule} onInput=${(schedule) => set("schedule", schedule)} error=${error}
      prefix="schedule" kinds=${["once", "interval", "cron"]} />
    <${Fold} summary="Sending: zones, quiet hours, days, expiry, throttle"
        open=${isUsed(first) || SENDING_FIELDS.some(error)}>
      <${SendingRules} values=${values} set=${set} error=${error} />
    <//>
    <${Variables} declared=${sent.template.variables} value=${values.variables} error=${error}
      onInput=${(variables) => set("variables", variables)} />
    <${NotificationPreview} preview=${preview} values=${values} />
    ${testing && html`
      <${TestSend} template=${sent.template} version=${sent.version} variables=${values.variables}
        onClose=${() => setTesting(false)} />
    `}
  <//>`;
}

const HELP = "For texts that use more than the template declares. Everybody's own variables win over these.";

/** A field for each variable of the template, and rows for others. */
function Variables({ declared, value, onInput, error }) {
  const names = namesOf(declared);
  const own = (wanted) => Object.fromEntries(
    Object.entries(value).filter(([name]) => names.includes(name) === wanted),
  );
  const others = own(false);
  const given = useRef({ others: null, rows: [] });
  if (given.current.others !== JSON.stringify(others)) {
    given.current = { others: JSON.stringify(others), rows: rowsOf(others) };
  }
  const { rows } = given.current;
  const [, redraw] = useState(0);
  const change = (changed) => {
    const valid = changed.filter((row) => wrongWith(row, changed, names) === null);
    given.current = { others: JSON.stringify(variablesOf(valid)), rows: changed };
    redraw((count) => count + 1);
    onInput({ ...own(true), ...variablesOf(valid) });
  };
  const ofVariable = (name) => error(`variables.${name}`);
  return html`<fieldset>
    <legend>Variables</legend>
    ${declared.length === 0 && html`<p class="help">The template declares none.</p>`}
    <${DeclaredValues} declared=${declared} values=${value} error=${ofVariable}
      onInput=${(changed) => onInput({ ...others, ...changed })} />
    ${error("variables") && html`<small class="error">${error("variables")}</small>`}
    <${Fold} summary=${`Other variables (${rows.length})`}
        open=${rows.length > 0 || Object.keys(others).some(ofVariable)}>
      <${VariablesField} rows=${rows} onInput=${change} shown taken=${names} error=${ofVariable} legend="Others"
        help=${HELP} />
    <//>
  </fieldset>`;
}
