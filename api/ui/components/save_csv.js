/** The button that saves what a table shows as CSV. */
import { csvOf, save } from "../core/csv.js";
import { html } from "../core/html.js";

/** name: of the file, without its ending. columns: [{label, csv(row)}]; those without `csv` are left out. */
export function SaveCsv({ name, columns, rows }) {
  const saved = () => save(`${name}.csv`, csvOf(columns.filter((column) => column.csv), rows));
  return html`<button type="button" class="small outline secondary" onClick=${saved}>Save as CSV</button>`;
}
