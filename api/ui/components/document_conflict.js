/** The conflict of a form that replaces one document: reads theirs, and takes it over or saves over its revision. */
import { api } from "../core/api.js";
import { html } from "../core/html.js";
import { Conflict } from "./conflict.js";

const asItIs = (document) => document;

/**
 * path: of the document; null for a new one.  revision: a ref, of what the form replaces.  mine: what would be saved.
 * fields: [[name, label], ...].  valuesOf(document): the form's values.  told(document): how a version is shown.
 */
export const DocumentConflict = ({ form, path, revision, mine, fields, valuesOf, told = asItIs }) =>
  path &&
  html`<${Conflict} form=${form} mine=${told(mine)} fields=${fields} load=${async (signal) => told(await api.get(path, {}, signal))}
    onTheirs=${(theirs) => {
      revision.current = theirs.revision;
      form.replace(valuesOf(theirs));
    }}
    onMine=${(theirs) => {
      revision.current = theirs.revision;
      form.submit();
    }} />`;
