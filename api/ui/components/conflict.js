/** Two people changed the same thing: both versions, and whose stays. Nothing that was typed is lost. */
import { useState } from "preact/hooks";

import { api } from "../core/api.js";
import { html } from "../core/html.js";
import { useResource } from "../core/resource.js";
import { Exact, Loaded, Note } from "./basics.js";
import { Dialog } from "./dialog.js";
import { Difference } from "./difference.js";
import { nameOf } from "./forms/field_names.js";

const asItIs = (document) => document;

/**
 * Shown when `form.fault` is a revision_mismatch.
 * path: of the document; null for a new one.  revision: a ref, of what the form replaces.  mine: what would be saved.
 * fields: names of what is compared, of what told(document) makes of a version.
 * valuesOf(document): the form's values.  onTheirs(document): after the form took it over.
 */
export function Conflict({
  form, path, revision, mine, fields, valuesOf = asItIs, told = asItIs, onTheirs = asItIs,
}) {
  const [closed, setClosed] = useState(null);
  const { fault } = form;
  if (!path || fault?.code !== "revision_mismatch" || closed === fault) return null;
  const take = (theirs) => {
    revision.current = theirs.revision;
    form.replace(valuesOf(theirs));
    onTheirs(theirs);
  };
  const overwrite = (theirs) => {
    revision.current = theirs.revision;
    form.submit();
  };
  const keep = () => setClosed(fault);
  const part = (version) => Object.fromEntries(fields.map((name) => [name, told(version)[name]]));
  return html`<${Dialog} title="Somebody else was faster" wide onClose=${keep}>
    <${Versions} path=${path} mine=${mine} part=${part} onTheirs=${take} onMine=${overwrite} onKeep=${keep} />
  <//>`;
}

function Versions({ path, mine, part, onTheirs, onMine, onKeep }) {
  const resource = useResource("theirs", (signal) => api.get(path, {}, signal));
  return html`<${Loaded} resource=${resource}>${(theirs) => html`
    <p>${theirs.updatedBy ?? "Somebody"} saved this at <${Exact} at=${theirs.updatedAt} />, after you opened it.</p>
    <${Standing} theirs=${theirs} />
    <${Difference} before=${part(theirs)} after=${part(mine)} names=${["Theirs", "Yours"]} fieldName=${nameOf} />
    <div class="actions end">
      <button type="button" class="secondary outline" onClick=${onKeep}>Keep editing</button>
      <button type="button" class="outline" onClick=${() => onTheirs(theirs)}>Take theirs</button>
      <button type="button" onClick=${() => onMine(theirs)}>Save mine over it</button>
    </div>
  `}<//>`;
}

/** What no field of the form shows, and what no choice here changes. */
const Standing = ({ theirs: { pause } }) => pause && html`<${Note} tone="warn" role="note">
  It is paused now, by ${pause.by || "somebody"}${pause.reason && `: ${pause.reason}`}. That stays, whatever you choose.
<//>`;
