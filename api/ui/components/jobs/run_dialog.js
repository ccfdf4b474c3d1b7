/** Running a job now, with other parameters if wanted. */
import { api } from "../../core/api.js";
import { html } from "../../core/html.js";
import { useDocument } from "../../core/resource.js";
import { CheckField } from "../forms/fields.js";
import { useForm } from "../forms/form.js";
import { FormDialog } from "../forms/form_dialog.js";
import { SchemaForm } from "../forms/schema_form.js";

/** onAsked(runId): the daemon takes it from there. */
export function RunDialog({ job, onClose, onAsked }) {
  const templates = useDocument("admin/scheduler/templates");
  const schema = templates.data?.items.find((each) => each.type === job.template)?.parametersSchema;
  const form = useForm({ other: false, params: job.params, force: false }, async ({ other, params, force }, key) => {
    const { runId } = await api.post(
      `admin/scheduler/jobs/${encodeURIComponent(job.id)}/run`,
      { params: other ? params : null, force },
      { key },
    );
    onAsked(runId);
  });
  const { values, set, error } = form;
  return html`<${FormDialog} title=${`Run “${job.name}” now`} form=${form} submitLabel="Run now"
      onClose=${onClose} wide=${values.other}>
    <p>Its schedule stays as it is.${job.pause && " The job is paused; this run starts all the same."}</p>
    <${CheckField} label="With other parameters, for this run only"
      value=${values.other} onInput=${(other) => set("other", other)} />
    ${values.other && (schema
      ? html`
          <${SchemaForm} schema=${schema}
            value=${values.params} onInput=${(params) => set("params", params)} error=${error} />
        `
      : html`<p aria-busy="true">Loading…</p>`)}
    <${CheckField} label="Also while another run of it goes on" ...${form.bind("force")} />
  <//>`;
}
