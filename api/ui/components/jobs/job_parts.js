/** Jobs as they are shown in more than one place: where they are, how they stand, what can be done with one. */
import { useState } from "preact/hooks";

import { api } from "../../core/api.js";
import { html } from "../../core/html.js";
import { go, href } from "../../core/router.js";
import { may } from "../../core/session.js";
import { BackfillDialog } from "./backfill_dialog.js";
import { Badge, LinkButton, Moment } from "../basics.js";
import { ActionButton, attempt, tell } from "../dialog.js";
import { unlessManaged } from "../managed.js";
import { PauseDialog } from "../pause_dialog.js";
import { RunDialog } from "./run_dialog.js";
import { deleteWithUndo } from "../undo_delete.js";

export const jobPath = (id) => `admin/scheduler/jobs/${encodeURIComponent(id)}`;
export const jobAddress = (id) => href(`/jobs/${encodeURIComponent(id)}`);

const ABOUT_PAUSE =
  "It does not run by its schedule until it is resumed; what it misses is not caught up. " +
  "A run that goes on is not stopped.";

/** State, and why it does not run. */
export const JobState = ({ job }) => html`
  <${Badge} state=${job.enabled === false && job.state === "active" ? "disabled" : job.state} />
  ${job.pause && html`<small class="muted why">
    ${job.pause.reason}
    ${job.pause.until && html` until <${Moment} at=${job.pause.until} zone=${job.schedule?.timezone} />`}
  </small>`}
`;

/** Asks for a run as the job is. */
export const runNow = (job) =>
  attempt(async () => {
    const { runId } = await api.post(`${jobPath(job.id)}/run`);
    toldRun(job, runId);
  });

const toldRun = (job, runId) => tell(`Asked to run “${job.name}”.`, {
  action: { label: "Show the run", run: () => go(`/runs/${encodeURIComponent(runId)}`) },
});

/** Every action that the token may take on a job. changed(job or null): after one; null: it was deleted. */
export function JobActions({ job, changed }) {
  const [open, setOpen] = useState(null);
  const path = jobPath(job.id);
  const close = () => setOpen(null);
  const saved = (document) => {
    close();
    changed(document);
  };
  const asked = (runId) => {
    toldRun(job, runId);
    saved(job);
  };
  const resume = () => attempt(async () => changed(await api.act(`${path}/resume`, job.revision)), "Resumed.");
  const enable = (enabled) => attempt(
    async () => changed(await unlessManaged((force) => api.patch(path, { enabled }, job.revision, force))),
    enabled ? "Enabled." : "Disabled.",
  );
  const remove = () => {
    deleteWithUndo(path, job).then((deleted) => !deleted && changed(job));
    changed(null);
  };
  const usable = job.state !== "quarantined";
  return html`
    ${usable && may("operate") && html`
      <button type="button" class="small" onClick=${() => setOpen("run")}>Run now</button>
    `}
    ${usable && !may("operate") && may("run") && html`
      <${ActionButton} class="small" onClick=${() => runNow(job)}>Run now<//>
    `}
    ${usable && may("switch") && html`
      <${ActionButton} class="small outline" onClick=${job.pause ? resume : () => setOpen("pause")}>
        ${job.pause ? "Resume" : "Pause"}
      <//>
    `}
    ${usable && may("operate") && html`
      <button type="button" class="small outline" onClick=${() => setOpen("backfill")}>Backfill</button>
    `}
    ${may("edit") && html`
      ${usable && html`<${ActionButton} class="small outline" onClick=${() => enable(!job.enabled)}>
        ${job.enabled ? "Disable" : "Enable"}
      <//>`}
      <${LinkButton} class="small outline" href=${href(`/jobs/${encodeURIComponent(job.id)}/edit`)}>Edit<//>
      <${LinkButton} class="small outline"
          href=${href(`/jobs/new/${encodeURIComponent(job.template)}`, { from: job.id })}>
        Duplicate
      <//>
      <button type="button" class="small outline danger" onClick=${remove}>Delete</button>
    `}
    ${open === "run" && html`
      <${RunDialog} job=${job} onClose=${close} onAsked=${asked} />
    `}
    ${open === "pause" && html`
      <${PauseDialog} path=${path} document=${job} about=${ABOUT_PAUSE} onClose=${close} onSaved=${saved} />
    `}
    ${open === "backfill" && html`<${BackfillDialog} job=${job} onClose=${close} onAsked=${() => saved(job)} />`}
  `;
}
