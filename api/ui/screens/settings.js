/** Settings in force, in the API and in each daemon: what each is, where it comes from, and what it means. */
import { useState } from "preact/hooks";

import { Badge, Empty, Head } from "../components/basics.js";
import { SelectField, TextField } from "../components/forms/fields.js";
import { DataTable } from "../components/table.js";
import { Worded } from "../components/worded.js";
import { html } from "../core/html.js";
import { useDocument } from "../core/resource.js";
import { refine } from "../core/router.js";

const ABOUT =
  "What the programs run with: the API that answers here, and each daemon that lives, as it told at its start. " +
  "Secrets are masked. To change one, set it where the programs are started, and start them again.";
const OF = { api: "API", daemon: "daemon", both: "API and daemon" };

const written = (value) =>
  value === null || value === undefined || value === ""
    ? "unset"
    : typeof value === "string" ? value : JSON.stringify(value);

/** What a setting is in a daemon: {where, text, source}. Of texts a daemon tells only that they are set. */
function inDaemon(setting, daemon, daemons) {
  const given = daemon.settings.find((each) => each.name === setting.name);
  const alone = daemons.filter((each) => each.host === daemon.host).length === 1;
  const where = `daemon ${alone ? daemon.host : daemon.instance}`;
  if (!given) return { where, text: written(setting.default), source: "default" };
  return { where, text: given.value === null ? "set, not told" : written(given.value), source: given.source };
}

const differs = (api, daemon) =>
  (api.source === "default") !== (daemon.source === "default") ||
  (daemon.text !== "set, not told" && daemon.text !== api.text);

/** Where it is in force: [{where, text, source}]. Of what both programs read, daemons are told where they differ. */
function inForce(setting, daemons) {
  const api = { where: "API", text: written(setting.value), source: setting.source };
  const theirs = daemons.map((daemon) => inDaemon(setting, daemon, daemons));
  if (setting.of === "api") return [api];
  return setting.of === "daemon" ? theirs : [api, ...theirs.filter((each) => differs(api, each))];
}

const InForce = ({ places }) =>
  places.length === 0
    ? html`<span class="muted">no daemon lives</span>`
    : html`<ul class="plain-list">${places.map(({ where, text, source }) => html`<li key=${`${where}${text}${source}`}>
        <span class="value">${text}</span> <${Badge} state=${source} /> <small class="muted">${where}</small>
      </li>`)}</ul>`;

const COLUMNS = [
  {
    label: "Name",
    cell: ({ name, of }) => html`<code>${name}</code><br /><small class="muted">${OF[of]}</small>`,
    csv: ({ name }) => name,
  },
  {
    label: "In force",
    cell: ({ places }) => html`<${InForce} places=${places} />`,
    csv: ({ places }) => places.map(({ where, text, source }) => `${where}: ${text} (${source})`).join("; "),
  },
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
  const daemons = resource.data?.daemons ?? [];
  const all = (resource.data?.items ?? []).map((setting) => ({ ...setting, places: inForce(setting, daemons) }));
  const fits = (setting) =>
    (!query.source || setting.places.some((each) => each.source === query.source)) &&
    `${setting.name} ${setting.description}`.toLowerCase().includes(sought.toLowerCase());
  const sources = [...new Set(all.flatMap((setting) => setting.places.map((each) => each.source)))];
  const list = { ...resource, items: all.filter(fits), pager: { page: 1, previous: null, next: null } };
  return html`
    <${Head} title="Settings" about=${ABOUT} />
    <form class="filters" aria-label="Filters" onSubmit=${(event) => event.preventDefault()}>
      <${TextField} label="Search" type="search" value=${sought} onInput=${setSought} />
      <${SelectField} label="From" value=${query.source} onInput=${(source) => refine({ source })}
        options=${[["", "anywhere"], ...sources.map((source) => [source, source])]} />
    </form>
    <${DataTable} caption="Settings" columns=${COLUMNS} list=${list} keyOf=${(setting) => setting.name}
      csvName="settings" empty=${html`<${Empty} title="No setting fits"><p>Search for something else.</p><//>`} />
  `;
}
