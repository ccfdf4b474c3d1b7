/** Exported files: what the jobs of data_export wrote, to download. */
import { Badge, Empty, Head, Moment } from "../components/basics.js";
import { ActionButton, attempt } from "../components/dialog.js";
import { DataTable } from "../components/table.js";
import { api } from "../core/api.js";
import { save } from "../core/csv.js";
import { html } from "../core/html.js";
import { useList } from "../core/resource.js";
import { href } from "../core/router.js";
import { may } from "../core/session.js";

const EVERY_MS = 15_000;
const UNITS = ["bytes", "kB", "MB", "GB", "TB"];

/** "1.4 MB" */
function size(bytes) {
  const step = bytes < 1000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${(bytes / 1000 ** step).toLocaleString("en", { maximumFractionDigits: step ? 1 : 0 })} ${UNITS[step]}`;
}

const download = (file) =>
  attempt(async () => save(file.fileName, await api.download(`exports/${encodeURIComponent(file.id)}/download`)));

const COLUMNS = [
  {
    label: "File",
    cell: (file) => html`${file.fileName}${file.problem && html`<br /><small class="error">${file.problem}</small>`}`,
    csv: (file) => file.fileName,
  },
  { label: "Collection", cell: (file) => file.collection, csv: (file) => file.collection },
  {
    label: "Rows",
    cell: (file) => html`<span class="number">${file.rows?.toLocaleString("en")}</span>`,
    csv: (file) => file.rows,
  },
  {
    label: "Size",
    cell: (file) => html`<span class="number">${file.bytes === undefined ? "–" : size(file.bytes)}</span>`,
    csv: (file) => file.bytes,
  },
  {
    label: "Written",
    cell: (file) => html`
      <a href=${href(`/runs/${encodeURIComponent(file.runId)}`)} aria-label=${`The run that wrote ${file.fileName}`}>
        Run
      </a>${" "}
      <${Moment} at=${file.createdAt} />
    `,
    csv: (file) => file.createdAt,
  },
  {
    label: "Deleted",
    cell: (file) => html`<${Moment} at=${file.expiresAt} empty="kept" />`,
    csv: (file) => file.expiresAt,
    narrow: false,
  },
  {
    label: "SHA-256",
    cell: (file) => html`<code title=${file.sha256}>${file.sha256?.slice(0, 12)}…</code>`,
    csv: (file) => file.sha256,
    narrow: false,
  },
  { label: "Download", cell: (file) => file.available
    ? html`<${ActionButton} class="small outline" aria-label=${`Download ${file.fileName}`}
          onClick=${() => download(file)}>
        Download
      <//>`
    : html`<${Badge} state="expired">file is gone<//>` },
];

export default function Exports() {
  const list = useList("exports", {}, { every: EVERY_MS });
  const empty = html`<${Empty} title="Nothing was exported yet">
    <p>
      ${may("edit")
        ? html`
            <a href=${href("/jobs/new/data_export")}>Create a job of the template data_export</a>; its files appear
            here.
          `
        : "Files of jobs of the template data_export appear here."}
    </p>
  <//>`;
  return html`
    <${Head} title="Exports" about="Files that jobs of the template data_export wrote, the newest first." />
    <${DataTable} caption="Exported files" columns=${COLUMNS} list=${list} csvName="exports" empty=${empty} />
  `;
}
