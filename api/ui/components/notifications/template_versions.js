/** The versions of a notification template, what each changed, and a way back. */
import { useState } from "preact/hooks";

import { html } from "../../core/html.js";
import { useList } from "../../core/resource.js";
import { Moment } from "../basics.js";
import { Dialog } from "../dialog.js";
import { Difference } from "../difference.js";
import { DataTable } from "../table.js";

const FIELDS = [
  "name", "category", "channels", "subject", "text", "html", "sms", "replyTo", "attachments", "variables",
];
const part = (version) => Object.fromEntries(FIELDS.map((name) => [name, version[name]]));

/** template: the newest version. onRestore(version): null if the caller may not. */
export function TemplateVersions({ template, onClose, onRestore }) {
  const list = useList(`notifications/templates/${template.id}/versions`, { limit: 20 });
  const [shown, setShown] = useState(null);
  const columns = [
    { label: "Version", cell: (row) => html`<span class="number">${row.version}</span>`,
      csv: (row) => row.version },
    { label: "Saved", cell: (row) => html`<${Moment} at=${row.updatedAt} />`, csv: (row) => row.updatedAt },
    { label: "By", cell: (row) => row.updatedBy ?? "–", csv: (row) => row.updatedBy },
    {
      label: "Actions",
      cell: (row) => row.version !== template.version && html`<span class="actions">
        <button type="button" class="small outline" aria-label=${`Compare version ${row.version}`}
            onClick=${() => setShown(row)}>
          Compare
        </button>
        ${onRestore && html`<button type="button" class="small outline" aria-label=${`Restore version ${row.version}`}
            onClick=${() => onRestore(row)}>
          Restore
        </button>`}
      </span>`,
    },
  ];
  return html`<${Dialog} title=${`Versions of ${template.name}`} wide onClose=${onClose}>
    <${DataTable} caption="Versions" columns=${columns} csvName="versions"
      list=${list} keyOf=${(row) => row.version} rowLabel=${(row) => `version ${row.version}`} />
    ${shown && html`<h3>Version ${shown.version} and version ${template.version}</h3>
      <${Difference} before=${part(shown)} after=${part(template)}
        names=${[`Version ${shown.version}`, `Version ${template.version}`]} />`}
  <//>`;
}
