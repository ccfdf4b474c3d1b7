/** A job: new, from another one, or changed. */
import { useMemo, useRef } from "preact/hooks";

import { Failure, Head, LinkButton, Note } from "../components/basics.js";
import { Conflict } from "../components/conflict.js";
import { tell } from "../components/dialog.js";
import { CheckField, SelectField, TextField } from "../components/forms/fields.js";
import { Form, useForm } from "../components/forms/form.js";
import { unlessManaged } from "../components/managed.js";
import { PoliciesEditor } from "../components/jobs/policies_editor.js";
import { ScheduleEditor, newSchedule } from "../components/schedules/schedule_editor.js";
import { SchemaField, SchemaForm } from "../components/forms/schema_form.js";
import { withoutMasks } from "../components/forms/secret_field.js";
import { api } from "../core/api.js";
import { html } from "../core/html.js";
import { useDocument } from "../core/resource.js";
import { go, href } from "../core/router.js";
import { MY_ZONE } from "../core/time.js";

const FIELDS = ["name", "enabled", "template", "params", "schedule", "labels", "policies"];
const LABELS = {
  type: "object",
  title: "Labels",
  description: "Names and values by which jobs are found, such as team = crm.",
  additionalProperties: { type: "string" },
};

export default function JobForm({ params, query }) {
  const source = params.id ?? query.from ?? null;
  const templates = useDocument("admin/scheduler/templates");
  const job = useDocument(source && `admin/scheduler/jobs/${encodeURIComponent(source)}`);
  const error = templates.error ?? job.error;
  if (error && (!templates.data || (source && !job.data))) {
    const retry = () => {
      templates.reload();
      job.reload();
    };
    return html`<${Head} title="Job" /><${Failure} error=${error} retry=${retry} />`;
  }
  if (!templates.data || (source && !job.data)) return html`<p aria-busy="true">Loading…</p>`;
  return html`
    <${Editor} templates=${templates.data.items} job=${job.data} edited=${Boolean(params.id)}
      wanted=${params.template} />
  `;
}

const valuesOf = (job) => Object.fromEntries(FIELDS.map((name) => [name, job[name]]));

function beginning(job, edited, template) {
  if (!job) {
    return { name: "", enabled: true, template, params: {}, schedule: newSchedule(MY_ZONE), labels: {}, policies: {} };
  }
  const values = valuesOf(job);
  return edited
    ? values
    : { ...values, name: `Copy of ${job.name}`.slice(0, 200), params: withoutMasks(values.params) };
}

function Editor({ templates, job, edited, wanted }) {
  const revision = useRef(job?.revision);
  const first = useMemo(() => beginning(job, edited, wanted), []);
  const path = edited ? `admin/scheduler/jobs/${encodeURIComponent(job.id)}` : "admin/scheduler/jobs";
  const form = useForm(first, async (values, key) => {
    const saved = edited
      ? await unlessManaged((force) => api.put(path, values, revision.current, force))
      : await api.post(path, values, { key });
    tell(edited ? "Saved." : `“${saved.name}” is made.`);
    go(`/jobs/${saved.id}`);
  });
  const { values, set, error } = form;
  const template = templates.find((each) => each.type === values.template);
  const title = edited ? `Edit ${job.name}` : job ? `Copy of ${job.name}` : `New job: ${template?.name ?? wanted}`;
  return html`
    <${Head} title=${title} about=${template?.description}>
      ${!edited && html`<${LinkButton} class="outline small" href=${href("/jobs/new")}>Another template<//>`}
    <//>
    ${job?.problem && html`<${Note} tone="bad">This job does not run: ${job.problem}<//>`}
    ${template && !template.available && html`
      <${Note} tone="warn">No running daemon has this template; the job waits until one has.<//>
    `}
    ${job && !edited && lostSecrets(job, first) && html`
      <${Note} tone="warn">Secrets are not copied: enter them again.<//>
    `}
    <${Conflict} form=${form} path=${path} revision=${revision} mine=${values} fields=${FIELDS} valuesOf=${valuesOf} />
    <div class="job-form">
      <${Form} form=${form} submitLabel=${edited ? "Save" : "Create job"}
          onCancel=${() => go(edited ? `/jobs/${job.id}` : "/jobs")} label=${title}>
        <section class="card">
          <${TextField} label="Name" required ...${form.bind("name")} />
          ${edited && !template && html`
            <${SelectField} label="Template" ...${form.bind("template")}
              options=${[gone(values.template), ...templates.map((each) => [each.type, each.name])]} />
          `}
          <${CheckField} label="Enabled" help="Only an enabled job runs by its schedule." ...${form.bind("enabled")} />
        </section>
        <div class="card">
          <${SchemaForm} schema=${template?.parametersSchema ?? { additionalProperties: true }}
            value=${values.params} onInput=${(changed) => set("params", changed)} error=${error} />
        </div>
        <div class="card">
          <${ScheduleEditor} value=${values.schedule} onInput=${(schedule) => set("schedule", schedule)} error=${error}
            since=${edited ? job.createdAt : null} />
        </div>
        <details class="card" open=${Object.keys(first.labels ?? {}).length > 0}>
          <summary>Labels</summary>
          <${SchemaField} schema=${LABELS} root=${LABELS} name="labels" path="labels"
            value=${values.labels ?? {}} onInput=${(labels) => set("labels", labels ?? {})} error=${error} />
        </details>
        <${PoliciesEditor} value=${values.policies ?? {}} onInput=${(policies) => set("policies", policies)}
          error=${error} open=${(form.fault?.errors ?? []).some(({ field }) => field.startsWith("policies"))} />
      <//>
    </div>
  `;
}

const gone = (type) => [type, `${type} (not found)`];
const lostSecrets = (job, values) => JSON.stringify(job.params) !== JSON.stringify(values.params);
