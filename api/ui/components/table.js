/** Tables: one look, sorting, selection, pages, and CSV of what is shown. */
import { html } from "../core/html.js";
import { Failure, Stale } from "./basics.js";
import { SaveCsv } from "./save_csv.js";

/**
 * columns: [{label, cell(row), csv(row), sort?: name of the API's sort, narrow?: false to hide it on a phone}].
 * list: of useList.  keyOf(row): its id.  sort: {value, change(value)} with "-name" for descending.
 * total: of useCount, how many there are on all pages.
 * selection: {ids: Set, change(Set)}, with a checkbox per row.  empty: shown instead of a table without rows.
 */
export function DataTable({
  caption, columns, list, total, keyOf = (row) => row.id, sort, selection, empty, csvName,
  rowLabel = (row) => row.name ?? row.id,
}) {
  const { items, data, error, loading, reload, pager } = list;
  if (data === null) {
    return error ? html`<${Failure} error=${error} retry=${reload} />` : html`<p aria-busy="true">Loading…</p>`;
  }
  const all = selection && items.length > 0 && items.every((row) => selection.ids.has(keyOf(row)));
  const choose = (ids, chosen) => {
    const changed = new Set(selection.ids);
    for (const id of ids) chosen ? changed.add(id) : changed.delete(id);
    selection.change(changed);
  };
  return html`
    ${error && html`<${Stale} resource=${list} />`}
    ${items.length === 0 && pager.page === 1 && empty
      ? empty
      : html`<div class="table cards" role="region" aria-label=${caption} tabindex="0">
          <table aria-busy=${loading && data === null}>
            <caption class="sr-only">${caption}</caption>
            <thead><tr>
              ${selection && html`<th class="check">
                <input type="checkbox" aria-label="Choose all on this page" checked=${all}
                  onChange=${(event) => choose(items.map(keyOf), event.target.checked)} />
              </th>`}
              ${columns.map((column) => html`<${Heading} key=${column.label} column=${column} sort=${sort} />`)}
            </tr></thead>
            <tbody>
              ${items.map((row) => html`<tr key=${keyOf(row)}
                  aria-selected=${selection ? selection.ids.has(keyOf(row)) : undefined}>
                ${selection && html`<td class="check">
                  <input type="checkbox" aria-label=${`Choose ${rowLabel(row)}`}
                    checked=${selection.ids.has(keyOf(row))}
                    onChange=${(event) => choose([keyOf(row)], event.target.checked)} />
                </td>`}
                ${columns.map((column) => html`<td key=${column.label} data-label=${column.label}
                    class=${column.narrow === false ? "wide-only" : ""}>
                  ${column.cell(row)}
                </td>`)}
              </tr>`)}
            </tbody>
          </table>
        </div>
        <${Pager} caption=${caption} pager=${pager} count=${items.length} total=${total}>
          ${csvName && html`<${SaveCsv} name=${csvName} columns=${columns} rows=${items} />`}
        <//>`}
  `;
}

function Heading({ column, sort }) {
  const hidden = column.narrow === false ? "wide-only" : "";
  if (!column.sort || !sort) return html`<th scope="col" class=${hidden}>${column.label}</th>`;
  const direction = sort.value === column.sort ? "ascending" : sort.value === `-${column.sort}` ? "descending" : "none";
  const next = direction === "ascending" ? `-${column.sort}` : column.sort;
  const arrow = { ascending: "▲", descending: "▼", none: "" }[direction];
  return html`<th scope="col" class=${hidden} aria-sort=${direction}>
    <button type="button" class="plain" onClick=${() => sort.change(next)}>
      ${column.label} <span aria-hidden="true">${arrow}</span>
    </button>
  </th>`;
}

/** "of 489", "of more than 1,000"; nothing where nobody knows, and where the page is all there is. */
function amount(total, count, pager) {
  if (!total || total.count === null || (pager.page === 1 && !pager.next)) return "";
  return ` of ${total.more ? "more than " : ""}${Math.max(total.count, count).toLocaleString("en")}`;
}

function Pager({ caption, pager, count, total, children }) {
  return html`<nav class="pager" aria-label=${`Pages of ${caption}`}>
    <span class="muted">
      Page ${pager.page}, ${count} ${count === 1 ? "row" : "rows"}${amount(total, count, pager)}
    </span>
    <span class="actions">
      ${children}
      <button type="button" class="small outline" disabled=${!pager.previous} onClick=${pager.previous}>
        Previous
      </button>
      <button type="button" class="small outline" disabled=${!pager.next} onClick=${pager.next}>Next</button>
    </span>
  </nav>`;
}
