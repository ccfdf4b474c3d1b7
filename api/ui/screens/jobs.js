/** Dynamic Scheduler: every job, with what it did last and what it does next. */
import { useEffect, useId, useRef, useState } from "preact/hooks";

import { Badge, Empty, Head, LinkButton, Moment } from "../components/basics.js";
import { BulkBar, given, useChosen } from "../components/bulk_bar.js";
import { Sparkline } from "../components/jobs/charts.js";
import { Dialog } from "../components/dialog.js";
import { SelectField, TextField } from "../components/forms/fields.js";
import { JobActions, JobState, jobAddress } from "../components/jobs/job_parts.js";
import { DataTable } from "../components/table.js";
import { goingAway } from "../components/undo_delete.js";
import { html } from "../core/html.js";
import { useCount, useDocument, useList, useSearch } from "../core/resource.js";
import { href, refine } from "../core/router.js";
import { may } from "../core/session.js";
import { exact } from "../core/time.js";

const EVERY_MS = 10_000;
const LABEL = /^[A-Za-z0-9]([A-Za-z0-9_./-]{0,61}[A-Za-z0-9])?=.+$/; // of which the API takes the name
const STATES = [
  ["", "all"], ["active", "active"], ["paused", "paused"], ["completed", "completed"], ["quarantined", "quarantined"],
];
const BULK = {
  path: "admin/scheduler/jobs/bulk", name: "jobs", one: "job", many: "jobs",
  about: { delete: "Deleting many jobs at once cannot be undone." },
  actions: [
    ["run", "Run now", "operate"], ["pause", "Pause", "operate"], ["resume", "Resume", "operate"],
    ["enable", "Enable", "edit"], ["disable", "Disable", "edit"], ["delete", "Delete", "edit"],
  ],
};

export default function Jobs({ query }) {
  const [typed, setTyped] = useSearch();
  const { q, state, template, enabled, label } = query;
  const filter = { q, state, template, enabled, label };
  const list = useList("admin/scheduler/jobs", { ...filter, sort: query.sort }, { every: EVERY_MS, inAddress: true });
  const total = useCount("admin/scheduler/jobs/count", filter);
  const items = list.items.filter((job) => !goingAway.value.has(job.id));
  const recent = useRecentRuns(items.map((job) => job.id));
  const [chosen, choose] = useChosen(filter);
  const showAll = () => refine({ q: "", state: "", template: "", enabled: "", label: "" });
  return html`
    <${Head} title="Jobs" about="What runs by itself, and when.">
      ${may("edit") && html`<${LinkButton} href=${href("/jobs/new")}>New job<//>`}
    <//>
    <${Filters} query=${query} typed=${typed} setTyped=${setTyped} jobs=${items} />
    <${BulkBar} kind=${BULK} chosen=${chosen} choose=${choose} filter=${bodyOf(given(filter))}
      some=${items.length > 0} reload=${list.reload} />
    <${DataTable} caption="Jobs" columns=${columnsWith(recent, list.reload)}
      list=${{ ...list, items }} total=${total} csvName="jobs"
      sort=${{ value: query.sort ?? "", change: (sort) => refine({ sort }) }}
      selection=${may("operate") ? { ids: chosen, change: choose } : undefined}
      empty=${html`<${Nothing} filtered=${Object.keys(given(filter)).length > 0} showAll=${showAll} />`} />
  `;
}

/** The filters of the address, as a body has them. */
const bodyOf = ({ label, enabled, ...filter }) =>
  ({ ...filter, ...(label && { label: [label] }), ...(enabled && { enabled: enabled === "true" }) });

/** The last runs of the jobs on the page: {jobId: runs}. */
function useRecentRuns(ids) {
  const asked = ids.slice(0, 100).join();
  const { data } = useDocument(asked ? "admin/scheduler/jobs/recent-runs" : null, { ids: asked }, { every: EVERY_MS });
  return Object.fromEntries((data?.items ?? []).map(({ jobId, runs }) => [jobId, runs]));
}

function Filters({ query, typed, setTyped, jobs }) {
  const templates = useDocument("admin/scheduler/templates");
  const names = (templates.data?.items ?? []).map((each) => [each.type, each.name]);
  return html`<form class="filters" aria-label="Filters" onSubmit=${(event) => event.preventDefault()}>
    <${TextField} label="Search names" type="search" value=${typed} onInput=${setTyped} />
    <${SelectField} label="State" value=${query.state} options=${STATES} onInput=${(state) => refine({ state })} />
    <${SelectField} label="Template"
      value=${query.template} options=${[["", "all"], ...names]} onInput=${(template) => refine({ template })} />
    <${SelectField} label="Enabled"
      value=${query.enabled} options=${[["", "all"], ["true", "enabled"], ["false", "disabled"]]}
      onInput=${(enabled) => refine({ enabled })} />
    <${LabelFilter} value=${query.label ?? ""} jobs=${jobs} />
  </form>`;
}

/** Taken over when it is complete: the API wants both name and value. Offers the labels that were seen in the list. */
function LabelFilter({ value, jobs }) {
  const [typed, setTyped] = useState(value);
  const id = useId();
  const seen = useRef(new Set());
  for (const job of jobs) Object.entries(job.labels ?? {}).forEach((label) => seen.current.add(label.join("=")));
  useEffect(() => setTyped(value), [value]);
  const input = (text) => {
    setTyped(text);
    if (text === "" || LABEL.test(text)) refine({ label: text });
  };
  const error = typed === "" || LABEL.test(typed) ? null : "Write name=value; until then it does not count.";
  return html`
    <${TextField} label="Label" placeholder="team=crm" list=${id} value=${typed} onInput=${input} error=${error} />
    <datalist id=${id}>
      ${[...seen.current].sort().map((label) => html`<option key=${label} value=${label} />`)}
    </datalist>
  `;
}

const Nothing = ({ filtered, showAll }) =>
  filtered
    ? html`<${Empty} title="No job fits">
        <p>Change the filters, or <button type="button" class="small outline" onClick=${showAll}>Show all</button></p>
      <//>`
    : html`<${Empty} title="There are no jobs yet">
        <p>
          A job runs a template by a schedule.${" "}
          ${may("edit") && html`<a href=${href("/jobs/new")}>Make the first one</a>`}
        </p>
      <//>`;

function columnsWith(recent, reload) {
  return [
    {
      label: "Name",
      sort: "name",
      cell: (job) => html`
        <a href=${jobAddress(job.id)} dir="auto">${job.name ?? job.id}</a><${Labels} labels=${job.labels} />
      `,
      csv: (job) => job.name,
    },
    { label: "State", cell: (job) => html`<${JobState} job=${job} />`, csv: (job) => job.state },
    { label: "Template", narrow: false, cell: (job) => job.template, csv: (job) => job.template },
    {
      label: "Schedule",
      cell: (job) => job.rule ?? html`<span class="muted clamped" title=${job.problem}>${job.problem}</span>`,
      csv: (job) => job.rule,
    },
    {
      label: "Next run",
      sort: "next",
      cell: (job) => html`<${Moment} at=${job.nextRun} zone=${job.schedule?.timezone} />`,
      csv: (job) => job.nextRun && exact(job.nextRun, "UTC"),
    },
    {
      label: "Last run",
      cell: (job) => html`<${LastRun} job=${job} />`,
      csv: (job) => job.lastRun?.state,
    },
    { label: "Last 20", narrow: false, cell: (job) => html`<${Sparkline} runs=${recent[job.id] ?? []} />` },
    ...(["run", "switch", "edit"].some(may)
      ? [{ label: "Actions", cell: (job) => html`<${RowActions} job=${job} reload=${reload} />` }]
      : []),
  ];
}

const Labels = ({ labels }) =>
  Object.keys(labels ?? {}).length > 0 &&
  html`<span class="labels">
    ${Object.entries(labels)
      .map(([name, value]) => html`<button key=${name} type="button" class="plain label" title="Show only these"
          onClick=${() => refine({ label: `${name}=${value}` })}>
        ${name}=${value}
      </button>`)}
  </span>`;

const LastRun = ({ job: { lastRun, schedule } }) =>
  lastRun
    ? html`
        <a class="plain-link" href=${href(`/runs/${encodeURIComponent(lastRun.runId)}`)}>
          <${Badge} state=${lastRun.state} />
        </a>${" "}
        <${Moment} at=${lastRun.finishedAt} zone=${schedule?.timezone} />
      `
    : html`<span class="muted">none yet</span>`;

/** All that can be done with one job, in a dialog: a row stays short. */
function RowActions({ job, reload }) {
  const [open, setOpen] = useState(false);
  const changed = () => {
    setOpen(false);
    reload();
  };
  return html`
    <button type="button" class="small outline" aria-label=${`Actions for ${job.name ?? job.id}`}
        onClick=${() => setOpen(true)}>
      Actions
    </button>
    ${open && html`<${Dialog} title=${job.name ?? job.id} onClose=${() => setOpen(false)}>
      <p>${job.rule}</p><div class="actions"><${JobActions} job=${job} changed=${changed} /></div>
    <//>`}
  `;
}
