/** What can be done with the rows that were chosen in a table, or with all that fit its filters. */
import { useEffect, useState } from "preact/hooks";

import { html } from "../core/html.js";
import { may } from "../core/session.js";
import { BulkDialog } from "./bulk_dialog.js";
import { SelectField } from "./forms/fields.js";

/** [ids, change(ids)]: none is chosen any more when other filters apply. */
export function useChosen(filter) {
  const [chosen, setChosen] = useState(new Set());
  useEffect(() => setChosen(new Set()), [JSON.stringify(filter)]);
  return [chosen, setChosen];
}

/**
 * kind: {path: of the API, name: of files, one, many: what they are called, about: {action: what it does},
 * actions: [[action, label, permission], ...]}.  filter: of the list as the API takes it; empty: there is none.
 * some: something fits.
 */
export function BulkBar({ kind, chosen, choose, filter, some, reload }) {
  const [asked, setAsked] = useState(null);
  const actions = kind.actions.filter(([, , permission]) => may(permission));
  const done = () => {
    if (asked.action === "delete") choose(new Set());
    reload();
  };
  const askAll = (action) => action && setAsked({ action, which: { filter } });
  const all = Object.keys(filter).length > 0 && html`<${SelectField} label="All that fit the filters:" value=""
    options=${[["", "choose"], ...actions]} onInput=${askAll} />`;
  return html`
    ${chosen.size === 0 && some && actions.length > 0 && all && html`<section class="fitting"
      aria-label=${`All ${kind.many} that fit`}>${all}</section>`}
    ${chosen.size > 0 && actions.length > 0 && html`<section class="note bulk" aria-label=${`Chosen ${kind.many}`}>
      <strong>${chosen.size} chosen</strong>
      ${actions.map(([action, label]) => html`<button key=${action} type="button" class="small"
        onClick=${() => setAsked({ action, which: { ids: [...chosen] } })}>${label}</button>`)}
      ${all}
      <button type="button" class="plain" onClick=${() => choose(new Set())}>Choose none</button>
    </section>`}
    ${asked && html`<${BulkDialog} key=${asked.action} kind=${kind} action=${asked.action} which=${asked.which}
      onClose=${() => setAsked(null)} onDone=${done} />`}
  `;
}

/** The filters that are set. */
export const given = (filters) => Object.fromEntries(Object.entries(filters).filter(([, value]) => value));
