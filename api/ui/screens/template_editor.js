/** A notification template: its texts and variables, how they look, its versions, and a test. */
import { useMemo, useRef, useState } from "preact/hooks";

import { Head, Loaded, Note } from "../components/basics.js";
import { Conflict } from "../components/conflict.js";
import { DeclaredVariables } from "../components/forms/declared_variables.js";
import { tell } from "../components/dialog.js";
import { AreaField, ManyField, TextField } from "../components/forms/fields.js";
import { Form, useForm } from "../components/forms/form.js";
import { unlessManaged } from "../components/managed.js";
import { TemplateFacts } from "../components/notifications/template_facts.js";
import { TemplatePreview } from "../components/notifications/template_preview.js";
import { TemplateVersions } from "../components/notifications/template_versions.js";
import { TestSend } from "../components/notifications/test_send.js";
import { api } from "../core/api.js";
import { html } from "../core/html.js";
import { useDocument } from "../core/resource.js";
import { go } from "../core/router.js";
import { may } from "../core/session.js";
import ScheduleNotificationModal from "./ScheduleNotificationModal.js";

const CHANNEL_OPTIONS = [["email", "E-mail"], ["sms", "SMS"]];
const FIELDS = ["name", "category", "channels", "subject", "text", "html", "sms", "replyTo", "variables"];
const NEW = {
  name: "", category: "", channels: ["email"], subject: "", text: "", html: null, sms: null, replyTo: null,
  attachments: [], variables: [],
};

const valuesOf = (template) => Object.fromEntries(Object.keys(NEW).map((name) => [name, template[name] ?? NEW[name]]));

/** Texts of channels that are not chosen are not sent; empty ones are none. */
const toSave = (values) => ({
  ...values,
  ...Object.fromEntries(["subject", "text", "html", "sms", "replyTo"].map((name) => [name, values[name] || null])),
});

export default function TemplateEditor({ params }) {
  const resource = useDocument(params.id ? `notifications/templates/${params.id}` : null);
  if (!params.id) return html`<${Editor} template=${null} />`;
  const Shown = may("edit") ? Editor : Reading;
  return html`
    ${resource.data === null && resource.error && html`<${Head} title="Template" />`}
    <${Loaded} resource=${resource}>${(template) => html`<${Shown} template=${template} />`}<//>
  `;
}

const Preview = ({ values }) => html`
  <section class="card" aria-label="Preview"><h2>Preview</h2><${TemplatePreview} template=${toSave(values)} /></section>
`;

/** What somebody sees who may change nothing. */
function Reading({ template }) {
  const [open, setOpen] = useState(false);
  const close = () => setOpen(false);
  return html`
    <${Head} title=${template.name} about=${`Version ${template.version}`}>
      <button type="button" class="outline" onClick=${() => setOpen(true)}>Versions</button>
    <//>
    ${template.problem && html`<${Note} tone="bad">${template.problem}<//>`}
    <div class="side-by-side">
      <${TemplateFacts} template=${valuesOf(template)} />
      <${Preview} values=${valuesOf(template)} />
    </div>
    ${open && html`<${TemplateVersions} template=${template} onClose=${close} onRestore=${null} />`}
  `;
}

function Editor({ template }) {
  const first = useMemo(() => (template ? valuesOf(template) : NEW), []);
  const revision = useRef(template?.revision);
  const [open, setOpen] = useState(null);
  const [saved, setSaved] = useState(template);
  const path = template ? `notifications/templates/${template.id}` : "notifications/templates";
  const form = useForm(first, async (values, key) => {
    const body = toSave(values);
    const answer = template
      ? await unlessManaged((force) => api.put(path, body, revision.current, force))
      : await api.post(path, body, { key });
    tell(template ? `Saved as version ${answer.version}.` : `“${answer.name}” is made.`);
    if (!template) return go(`/notifications/templates/${answer.id}`);
    revision.current = answer.revision;
    return setSaved(answer);
  });
  const { values, set, error } = form;
  const close = () => setOpen(null);
  const show = (scheduled) => {
    close();
    go(`/notifications/scheduled/${scheduled.id}`);
  };
  const restore = (version) => {
    for (const [name, value] of Object.entries(valuesOf(version))) set(name, value);
    close();
    tell(`The texts of version ${version.version} are in the form; save them as a new version.`);
  };
  const email = values.channels.includes("email");
  return html`
    <${Head} title=${template ? saved.name : "New notification template"}
        about=${template && `Version ${saved.version}`}>
      ${template && html`
        <button type="button" class="outline" onClick=${() => setOpen("versions")}>Versions</button>
        <button type="button" class="outline" disabled=${form.dirty} onClick=${() => setOpen("test")}>
          Send a test
        </button>
        <button type="button" disabled=${form.dirty}
            title="Schedule this notification: choose who gets it, when, and how often"
            onClick=${() => setOpen("schedule")}>
          ⏰ Schedule
        </button>
      `}
    <//>
    ${template?.problem && html`<${Note} tone="bad">${template.problem}<//>`}
    <div class="side-by-side">
      <${Form} form=${form} label="Notification template"
          submitLabel=${template ? "Save a new version" : "Create"}
          onCancel=${() => go("/notifications/templates")}>
        <${Conflict} form=${form} path=${path} revision=${revision} mine=${values} fields=${FIELDS}
          valuesOf=${valuesOf} />
        <div class="columns">
          <${TextField} label="Name" required ...${form.bind("name")} />
          <${TextField} label="Category" ...${form.bind("category")} help="People may opt out of a category." />
        </div>
        <${ManyField} label="Channels" ...${form.bind("channels")} options=${CHANNEL_OPTIONS} />
        ${email && html`
          <${TextField} label="Subject" required ...${form.bind("subject")} />
          <${AreaField} label="Text" rows="6" code ...${form.bind("text")} help="Variables as {{ name }}." />
          <${AreaField} label="HTML" rows="8" code ...${form.bind("html")} help="Beside the text, or instead of it." />
          <${TextField} label="Reply to" ...${form.bind("replyTo")} />
        `}
        ${values.channels.includes("sms") && html`<${AreaField} label="SMS" rows="3" code ...${form.bind("sms")} />`}
        <${DeclaredVariables} value=${values.variables} onInput=${(variables) => set("variables", variables)}
          error=${error} />
      <//>
      <${Preview} values=${values} />
    </div>
    ${open === "versions" && html`
      <${TemplateVersions} template=${saved} onClose=${close} onRestore=${restore} />
    `}
    ${open === "test" && html`<${TestSend} template=${saved} onClose=${close} />`}
    ${open === "schedule" && html`
      <${ScheduleNotificationModal} template=${saved} onClose=${close} onSaved=${show} />
    `}
  `;
}
