/** Two people changed the same thing: both versions, and whose stays. Nothing that was typed is lost. */
import { useState } from "preact/hooks";

import { html } from "../core/html.js";
import { useResource } from "../core/resource.js";
import { Exact, Loaded } from "./basics.js";
import { Dialog } from "./dialog.js";
import { Difference } from "./difference.js";

/**
 * Shown when `form.fault` is a revision_mismatch.  load(abortSignal): the document as it is now.  mine: what would be saved.
 * fields: names of what is compared.  onTheirs(document): the form takes it over.  onMine(document): saved over its revision.
 */
export function Conflict({ form, load, mine, fields, onTheirs, onMine }) {
  const [closed, setClosed] = useState(null);
  const { fault } = form;
  if (fault?.code !== "revision_mismatch" || closed === fault) return null;
  return html`<${Dialog} title="Somebody else was faster" wide onClose=${() => setClosed(fault)}>
    <${Versions} load=${load} mine=${mine} fields=${fields} onTheirs=${onTheirs} onMine=${onMine} onKeep=${() => setClosed(fault)} />
  <//>`;
}

function Versions({ load, mine, fields, onTheirs, onMine, onKeep }) {
  const resource = useResource("theirs", load);
  return html`<${Loaded} resource=${resource}>${(theirs) => {
    const part = (version) => Object.fromEntries(fields.map((name) => [name, version[name]]));
    return html`
      <p>${theirs.updatedBy ?? "Somebody"} saved this at <${Exact} at=${theirs.updatedAt} />, after you opened it.</p>
      <${Difference} before=${part(theirs)} after=${part(mine)} names=${["Theirs", "Yours"]} />
      <div class="actions end">
        <button type="button" class="secondary outline" onClick=${onKeep}>Keep editing</button>
        <button type="button" class="outline" onClick=${() => onTheirs(theirs)}>Take theirs</button>
        <button type="button" onClick=${() => onMine(theirs)}>Save mine over it</button>
      </div>
    `;
  }}<//>`;
}
