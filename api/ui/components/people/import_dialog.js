/** People from a CSV file: first what it would do, then doing it. All of the file, or nothing. */
import { useEffect, useRef, useState } from "preact/hooks";

import { api } from "../../core/api.js";
import { html } from "../../core/html.js";
import { useDocument } from "../../core/resource.js";
import { Note } from "../basics.js";
import { ActionButton, Dialog, tell } from "../dialog.js";
import { Field, SelectField } from "../forms/fields.js";

const PATH = "notifications/recipients/import";
const MOST_GROUPS = 200;
const EXAMPLE = [
  "externalKey,name,email,phone,locale,timezone,variables.plan",
  "crm-1,Ada Lovelace,ada@example.com,+33612345678,en,Europe/Paris,gold",
].join("\n");

export function ImportDialog({ onClose, onImported }) {
  const [file, setFile] = useState(null);
  const [groupId, setGroupId] = useState("");
  const [foreseen, setForeseen] = useState(null);
  const [error, setError] = useState(null);
  const groups = useDocument("notifications/groups", { limit: MOST_GROUPS });
  const asked = useRef(0);
  // Bytes: the API says what is no UTF-8.
  const ask = async (dryRun) => api.sendCsv(PATH, await file.arrayBuffer(), { dryRun, groupId });
  useEffect(() => {
    if (!file) return;
    const mine = (asked.current += 1);
    setForeseen(null);
    setError(null);
    ask(true).then(
      (counts) => mine === asked.current && setForeseen(counts),
      (fault) => mine === asked.current && setError(fault),
    );
  }, [file, groupId]);
  const carryOut = async () => {
    try {
      const done = await ask(false);
      tell(`Imported: ${counts(done)}.`);
      onImported();
    } catch (fault) {
      setForeseen(null);
      setError(fault);
    }
  };
  const options = [["", "No group"], ...(groups.data?.items ?? []).map((group) => [group.id, group.name ?? group.id])];
  return html`<${Dialog} title="Import recipients" onClose=${onClose} wide>
    <${Field} label="CSV file" help="UTF-8 with a heading; at most 10,000 people. Save it as CSV from a spreadsheet.">
      ${(control) => html`
        <input ...${control} type="file" accept=".csv,text/csv"
          onChange=${(event) => setFile(event.target.files[0] ?? null)} />
      `}
    <//>
    <${SelectField} label="Into the group"
      value=${groupId} options=${options} onInput=${setGroupId} help="Everybody in the file joins it." />
    <details>
      <summary>What the file looks like</summary>
      <pre tabindex="0" aria-label="Example of a file">${EXAMPLE}</pre>
      <p>
        externalKey or email is needed. A person is found again by it and changed; others are added.
        Columns that the file does not have stay as they are; an empty cell clears.
      </p>
    </details>
    <div aria-live="polite">
      ${file && !foreseen && !error && html`<p aria-busy="true">Reading ${file.name}…</p>`}
      ${foreseen && html`<${Foreseen} foreseen=${foreseen} grouped=${groupId !== ""} />`}
      ${error && html`<${Faults} error=${error} />`}
    </div>
    <div class="actions end">
      <button type="button" class="secondary outline" onClick=${onClose}>Cancel</button>
      ${foreseen && html`<${ActionButton} onClick=${carryOut}>Import<//>`}
    </div>
  <//>`;
}

const counts = ({ created, updated, unchanged }) => `${created} new, ${updated} changed, ${unchanged} unchanged`;

const Foreseen = ({ foreseen, grouped }) => html`<section aria-labelledby="foreseen">
  <h3 id="foreseen">What the import will do</h3>
  <ul>
    <li><strong>${foreseen.created}</strong> people are added</li>
    <li><strong>${foreseen.updated}</strong> people are changed</li>
    <li><strong>${foreseen.unchanged}</strong> people are in it who stay as they are</li>
    ${grouped && html`<li><strong>${foreseen.joined}</strong> people join the group</li>`}
  </ul>
  <p class="muted">Nothing is changed yet.</p>
</section>`;

/** Each fault with its line; then nothing is imported. */
const Faults = ({ error }) => html`<${Note} tone="bad">
  <p>${error.errors.length > 0 ? "Nothing is imported. Mend the file and choose it again:" : error.message}</p>
  ${error.errors.length > 0 && html`<ul class="faults">
    ${error.errors.map((fault, at) => html`<li key=${at}><strong>${fault.field}</strong>: ${fault.detail}</li>`)}
  </ul>`}
<//>`;
