/** Settings in force: what each is, where it comes from, and what it means. Changed where the programs are started. */
import { useState } from "preact/hooks";

import { Badge, Empty, Head } from "../components/basics.js";
import { SelectField, TextField } from "../components/fields.js";
import { DataTable } from "../components/table.js";
import { Worded } from "../components/worded.js";
import { html } from "../core/html.js";
import { useDocument } from "../core/resource.js";
import { refine } from "../core/router.js";

const ABOUT =
  "What the API runs with. Secrets are masked. " +
  "To change one, set it where the programs are started, and start them again.";

const written = (value) =>
  value === null || value === undefined || value === ""
    ? "unset"
    : typeof value === "string" ? value : JSON.stringify(value);

const COLUMNS = [
  { label: "Name", cell: (setting) => html`<code>${setting.name}</code>`, csv: (setting) => setting.name },
  {
    label: "In force",
    cell: (setting) => html`<span class="value">${written(setting.value)}</span>`,
    csv: (setting) => written(setting.value),
  },
  { label: "From", cell: (setting) => html`<${Badge} state=${setting.source} />`, csv: (setting) => setting.source },
  {
    label: "Default",
    cell: (setting) => html`<span class="value muted">${written(setting.default)}</span>`,
    csv: (setting) => written(setting.default),
    narrow: false,
  },
  {
    label: "Means",
    cell: (setting) => html`<${Worded} text=${setting.description} />`,
    csv: (setting) => setting.description,
    narrow: false,
  },
];

export default function Settings({ query }) {
  const resource = useDocument("admin/settings");
  const [sought, setSought] = useState("");
  const all = resource.data?.items ?? [];
  const fits = (setting) =>
    (!query.source || setting.source === query.source) &&
    `${setting.name} ${setting.description}`.toLowerCase().includes(sought.toLowerCase());
  const sources = [...new Set(all.map((setting) => setting.source))].map((source) => [source, source]);
  const list = { ...resource, items: all.filter(fits), pager: { page: 1, previous: null, next: null } };
  return html`
    <${Head} title="Settings" about=${ABOUT} />
    <form class="filters" aria-label="Filters" onSubmit=${(event) => event.preventDefault()}>
      <${TextField} label="Search" type="search" value=${sought} onInput=${setSought} />
      <${SelectField} label="From" value=${query.source} onInput=${(source) => refine({ source })}
        options=${[["", "anywhere"], ...sources]} />
    </form>
    <${DataTable} caption="Settings" columns=${COLUMNS} list=${list} keyOf=${(setting) => setting.name}
      csvName="settings" empty=${html`<${Empty} title="No setting fits"><p>Search for something else.</p><//>`} />
  `;
}
