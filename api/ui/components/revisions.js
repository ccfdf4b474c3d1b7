/** Who changed a job or a scheduled notification, when, and how it was before. */
import { html } from "../core/html.js";
import { useList } from "../core/resource.js";
import { exact } from "../core/time.js";
import { Empty, Moment, Panel } from "./basics.js";
import { Difference, differences } from "./difference.js";
import { DataTable } from "./table.js";

const DID = { create: "created", update: "changed", pause: "paused", resume: "resumed", approve: "approved" };
const didOf = ({ action }) => DID[action?.split(".").at(-1)] ?? action;

/** path: of the document in the API. revision: of the one that is shown; another one reads the changes again. */
export const Revisions = ({ path, revision, csvName }) => html`<${Panel} title="Changes" class="apart">
  <${Changes} key=${revision} path=${path} csvName=${csvName} />
<//>`;

function Changes({ path, csvName }) {
  const list = useList(`${path}/revisions`, { limit: 20 });
  return html`<${DataTable} caption="Changes, the newest first" columns=${COLUMNS} list=${list} csvName=${csvName}
    rowLabel=${(change) => `revision ${change.revision}`}
    empty=${html`<${Empty} title="Nothing is recorded"><p>Changes are kept for a limited time.</p><//>`} />`;
}

const COLUMNS = [
  { label: "Revision", cell: ({ revision }) => html`<span class="number">${revision ?? "–"}</span>`,
    csv: ({ revision }) => revision },
  { label: "When", cell: ({ at }) => html`<${Moment} at=${at} />`, csv: ({ at }) => exact(at, "UTC") },
  { label: "Who", cell: ({ by }) => html`<bdi>${by ?? "–"}</bdi>`, csv: ({ by }) => by },
  { label: "Did", cell: didOf, csv: didOf },
  { label: "What changed", cell: (change) => html`<${Change} change=${change} />`,
    csv: ({ before, after }) => JSON.stringify({ before, after }) },
];

const pathsOf = (before, after) => differences(before, after).map((each) => each.path).join(", ");

const Change = ({ change: { before, after } }) => html`<details>
  <summary>${before ? pathsOf(before, after) || "nothing" : "everything"}</summary>
  <${Difference} before=${before} after=${after} />
</details>`;
