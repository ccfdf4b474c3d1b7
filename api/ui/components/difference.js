/** What differs between two versions of something: each field, how it was and how it is. */
import { html } from "../core/html.js";

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

/** {"schedule.every": "5m", ...}; lists are values. */
function flat(value, path = "") {
  if (!isObject(value) || Object.keys(value).length === 0) return path ? { [path]: value } : {};
  return Object.assign(
    {},
    ...Object.entries(value).map(([name, inner]) => flat(inner, path ? `${path}.${name}` : name)),
  );
}

/** [{path, before, after}] of the fields that differ; undefined: not there. */
export function differences(before, after) {
  const [old, recent] = [flat(before ?? {}), flat(after ?? {})];
  const paths = [...new Set([...Object.keys(old), ...Object.keys(recent)])];
  return paths.map((path) => ({ path, before: old[path], after: recent[path] }))
    .filter((each) => JSON.stringify(each.before) !== JSON.stringify(each.after))
    .filter((each, _, all) => !isFrame(each, all));
}

/** Of an object that has fields on one side only, those fields tell enough. */
const isFrame = ({ path, before, after }, all) =>
  isEmpty(before ?? after) && (before ?? after) !== undefined && all.some((each) => each.path.startsWith(`${path}.`));
const isEmpty = (value) => isObject(value) && Object.keys(value).length === 0;

const asPath = (path) => html`<code>${path}</code>`;

/** names: what the two versions are called. fieldName(path): what a field is called, where not by its path. */
export function Difference({ before, after, names = ["Before", "After"], fieldName = asPath }) {
  const rows = differences(before, after);
  if (rows.length === 0) return html`<p class="muted">No field differs.</p>`;
  return html`<div class="table" role="region" aria-label="What differs" tabindex="0"><table class="difference">
    <caption class="sr-only">What differs</caption>
    <thead><tr><th scope="col">Field</th><th scope="col">${names[0]}</th><th scope="col">${names[1]}</th></tr></thead>
    <tbody>${rows.map((row) => html`<tr key=${row.path}>
      <th scope="row">${fieldName(row.path)}</th>
      <td><${Value} value=${row.before} /></td>
      <td><${Value} value=${row.after} /></td>
    </tr>`)}</tbody>
  </table></div>`;
}

const Value = ({ value }) =>
  value === undefined || value === null || value === "" || isEmpty(value)
    ? html`<span class="muted">${value === undefined || value === null ? "not set" : "empty"}</span>`
    : html`<span class="value">${typeof value === "string" ? value : JSON.stringify(value, null, 2)}</span>`;
