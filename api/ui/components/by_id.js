/** For tokens that see no jobs: running, pausing and resuming a job whose id somebody told them. */
import { useState } from "preact/hooks";

import { api } from "../core/api.js";
import { html } from "../core/html.js";
import { go } from "../core/router.js";
import { may } from "../core/session.js";
import { Panel } from "./basics.js";
import { ActionButton, attempt, tell } from "./dialog.js";
import { TextField } from "./forms/fields.js";

export function JobById() {
  const [typed, setTyped] = useState("");
  const id = typed.trim();
  const path = `admin/scheduler/jobs/${encodeURIComponent(id)}`;
  const asked = (act) => () => (id ? attempt(act) : tell("Type the id of the job first.", { tone: "warn" }));
  const run = asked(async () => {
    const { runId } = await api.post(`${path}/run`);
    tell("Asked to run the job.");
    go(`/runs/${encodeURIComponent(runId)}`);
  });
  const pause = asked(async () => tell(`“${(await api.act(`${path}/pause`, "*")).name}” is paused.`));
  const resume = asked(async () => tell(`“${(await api.act(`${path}/resume`, "*")).name}” goes on.`));
  return html`<${Panel} title="A job, by its id">
    <form onSubmit=${(event) => event.preventDefault()} aria-label="Job">
      <${TextField} label="Job id" value=${typed} onInput=${setTyped}
        help="Whoever sees the job finds it in its address." />
      <div class="actions">
        ${may("run") && html`<${ActionButton} class="small" onClick=${run}>Run now<//>`}
        ${may("switch") && html`
          <${ActionButton} class="small outline" onClick=${pause}>Pause<//>
          <${ActionButton} class="small outline" onClick=${resume}>Resume<//>
        `}
      </div>
    </form>
  <//>`;
}
