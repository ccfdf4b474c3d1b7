/** Two people changed the same thing: both versions, and whose stays. Nothing that was typed is lost. */
import { useEffect, useState } from "preact/hooks";

import { html } from "../core/html.js";
import { useResource } from "../core/resource.js";
import { Exact, Loaded } from "./basics.js";
import { Dialog } from "./dialog.js";

const written = (value) => (value === undefined || value === null || value === "" ? "–" : typeof value === "string" ? value : JSON.stringify(value, null, 2));
const same = (one, other) => JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));

function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.keys(value).sort().map((name) => [name, sorted(value[name])]));
}

/**
 * Shown when `form.fault` is a revision_mismatch.  load(abortSignal): the document as it is now.  mine: what would be saved.
 * fields: [[name, label], ...] of both.  onTheirs(document): the form takes it over.  onMine(document): saved over its revision.
 */
export function Conflict({ form, load, mine, fields, onTheirs, onMine }) {
  const [closed, setClosed] = useState(null);
  const { fault } = form;
  useEffect(() => setClosed(null), [fault]);
  if (fault?.code !== "revision_mismatch" || closed === fault) return null;
  return html`<${Dialog} title="Somebody else was faster" wide onClose=${() => setClosed(fault)}>
    <${Versions} load=${load} mine=${mine} fields=${fields} onTheirs=${onTheirs} onMine=${onMine} onKeep=${() => setClosed(fault)} />
  <//>`;
}

function Versions({ load, mine, fields, onTheirs, onMine, onKeep }) {
  const resource = useResource("theirs", load);
  return html`<${Loaded} resource=${resource}>${(theirs) => {
    const differing = fields.filter(([name]) => !same(theirs[name], mine[name]));
    return html`
      <p>${theirs.updatedBy ?? "Somebody"} saved this at <${Exact} at=${theirs.updatedAt} />, after you opened it.</p>
      ${differing.length === 0 ? html`<p>Both versions are the same.</p>` : html`<${Differences} differing=${differing} theirs=${theirs} mine=${mine} />`}
      <div class="actions end">
        <button type="button" class="secondary outline" onClick=${onKeep}>Keep editing</button>
        <button type="button" class="outline" onClick=${() => onTheirs(theirs)}>Take theirs</button>
        <button type="button" onClick=${() => onMine(theirs)}>Save mine over it</button>
      </div>
    `;
  }}<//>`;
}

const Differences = ({ differing, theirs, mine }) => html`
  <div class="table" role="region" aria-label="What differs" tabindex="0"><table>
    <caption class="sr-only">What differs</caption>
    <thead><tr><th scope="col">Field</th><th scope="col">Theirs</th><th scope="col">Yours</th></tr></thead>
    <tbody>${differing.map(([name, label]) => html`<tr key=${name}>
      <th scope="row">${label}</th><td><pre class="version">${written(theirs[name])}</pre></td><td><pre class="version">${written(mine[name])}</pre></td>
    </tr>`)}</tbody>
  </table></div>
`;
