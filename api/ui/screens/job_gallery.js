/** What a new job can do: the templates that the daemons published, by category. */
import { useState } from "preact/hooks";

import { Badge, Empty, Head, Loaded } from "../components/basics.js";
import { TextField } from "../components/forms/fields.js";
import { Worded } from "../components/worded.js";
import { html } from "../core/html.js";
import { useDocument } from "../core/resource.js";
import { href } from "../core/router.js";

export default function JobGallery() {
  const resource = useDocument("admin/scheduler/templates");
  return html`
    <${Head} title="New job" about="Choose what it does." />
    <${Loaded} resource=${resource}>${({ items }) => html`<${Gallery} templates=${items} />`}<//>
  `;
}

function Gallery({ templates }) {
  const [search, setSearch] = useState("");
  if (templates.length === 0) {
    return html`<${Empty} title="There are no templates yet">
      <p>
        The daemon publishes them when it starts. Start it, then load this page again.${" "}
        <a href=${href("/admin/daemons")}>Daemons</a>
      </p>
    <//>`;
  }
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const found = templates.filter((each) =>
    words.every((word) =>
      `${each.name} ${each.type} ${each.category} ${each.description}`.toLowerCase().includes(word)));
  const categories = Object.entries(Object.groupBy(found, (template) => template.category))
    .sort(([one], [other]) => one.localeCompare(other));
  return html`
    <div class="filters"><${TextField} label="Search" type="search" value=${search} onInput=${setSearch} /></div>
    <p class="sr-only" role="status">${found.length} templates</p>
    ${found.length === 0 && html`<${Empty} title="No template fits"><p>Search for another word.</p><//>`}
    <div class="categories">${categories.map(([category, those]) => html`<section key=${category}>
      <h2 class="category">${category.replaceAll("_", " ")}</h2>
      <ul class="gallery">${those.map((template) => html`<${Card} key=${template.type} template=${template} />`)}</ul>
    </section>`)}</div>
  `;
}

const Card = ({ template: { type, name, description, available } }) => html`
  <li class="card">
    <h3>${available ? html`<a href=${href(`/jobs/new/${encodeURIComponent(type)}`)}>${name}</a>` : name}</h3>
    <p><${Worded} text=${description} /></p>
    ${!available && html`<p><${Badge} state="away">not available<//> No running daemon has this template.</p>`}
  </li>
`;
