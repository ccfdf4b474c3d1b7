/** What a run logs, as it is written: search, follow, save. */
import { useEffect, useRef, useState } from "preact/hooks";

import { api } from "../../core/api.js";
import { save } from "../../core/csv.js";
import { html } from "../../core/html.js";
import { MY_ZONE, clockTime, exact, isMoment } from "../../core/time.js";
import { Failure, Panel } from "../basics.js";
import { CheckField, TextField } from "../forms/fields.js";

const PAGE = 200;
const MOST_SHOWN = 1000;
const LIVE_PAUSE_MS = 1500;
const FAILED_PAUSE_MS = 5000;

/** {lines, error, complete} of a run's log, read to its end; while the run lives, for ever. */
function useLog(path) {
  const [log, setLog] = useState({ lines: [], error: null, complete: false });
  useEffect(() => {
    const abort = new AbortController();
    setLog({ lines: [], error: null, complete: false });
    follow(path, abort.signal, setLog);
    return () => abort.abort();
  }, [path]);
  return log;
}

async function follow(path, signal, setLog) {
  let cursor = null;
  while (!signal.aborted) {
    let waitMs = 0;
    try {
      const part = document.hidden ? null : await api.get(path, { cursor, limit: PAGE }, signal);
      if (part && !signal.aborted) {
        setLog((old) => ({ lines: [...old.lines, ...part.items], error: null, complete: part.nextCursor === null }));
        if (part.nextCursor === null) return;
        cursor = part.nextCursor;
      }
      waitMs = part?.items.length === PAGE ? 0 : LIVE_PAUSE_MS;
    } catch (error) {
      if (error.name === "AbortError") return;
      setLog((old) => ({ ...old, error }));
      waitMs = FAILED_PAUSE_MS;
    }
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
}

/** What is saved: with the whole moment, in UTC. */
const textOf = (line) => `${line.at ?? ""} ${line.level} ${line.event} ${fieldsOf(line)}`;
const fieldsOf = (line) => Object.entries(line.fields)
  .map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`)
  .join(" ");

/** The clock and the whole moment, as they are shown. */
const clockOf = (line) => (line.at && isMoment(line.at) ? clockTime(line.at) : "");
const momentOf = (line) => (clockOf(line) ? `${exact(line.at)}\n${exact(line.at, "UTC")}` : "");

const isFound = (line, sought) => `${clockOf(line)} ${textOf(line)}`.toLowerCase().includes(sought.toLowerCase());

/** live: more lines may come. attempts: how many there are. */
export function RunLog({ path, live, attempts }) {
  const { lines, error, complete } = useLog(path);
  const [sought, setSought] = useState("");
  const [following, setFollowing] = useState(true);
  const box = useRef(null);
  const found = sought ? lines.filter((line) => isFound(line, sought)) : lines;
  const shown = found.slice(-MOST_SHOWN);
  useEffect(() => {
    if (following && live && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [shown.length, following, live]);
  const saveAll = () => save("run.log", lines.map((line) => `${textOf(line)}\n`).join(""), "text/plain;charset=utf-8");
  const actions = lines.length > 0 && html`
    <button type="button" class="small outline secondary" onClick=${saveAll}>Save as text</button>
  `;
  return html`<${Panel} title="Log" actions=${actions}>
    ${error && html`<${Failure} error=${error} />`}
    <div class="filters">
      <${TextField} label="Search the log" type="search" value=${sought} onInput=${setSought} />
      ${live && html`<${CheckField} label="Follow new lines" value=${following} onInput=${setFollowing} />`}
      <span class="muted" role="status">
        ${counted(found.length, lines.length, sought)}
        ${complete ? "" : live ? ", more may come" : ", reading"}${lines.length > 0 && `. Times of ${MY_ZONE}.`}
      </span>
    </div>
    ${found.length > shown.length && html`
      <p class="muted">The last ${MOST_SHOWN} of ${found.length} lines are shown; all are in the saved text.</p>
    `}
    ${shown.length > 0 && html`<div class="log" ref=${box} role="log" aria-live=${following && live ? "polite" : "off"}
        aria-label="Log of the run" tabindex="0">
      ${shown.map((line, at) => html`
        <${Line} key=${found.length - shown.length + at} line=${line} many=${attempts > 1} />
      `)}
    </div>`}
  <//>`;
}

function counted(found, all, sought) {
  if (all === 0) return "Nothing was logged";
  const lines = all === 1 ? "line" : "lines";
  return sought ? `${found} of ${all} ${lines}` : `${all} ${lines}`;
}

const Line = ({ line, many }) => html`<div class=${`line ${line.level}`}>
  <time datetime=${line.at} title=${momentOf(line)}>${clockOf(line)}</time>
  <span class="level">${line.level}</span>
  <span>
    ${many && html`<span class="muted">#${line.attempt} </span>`}<strong>${line.event}</strong> ${fieldsOf(line)}
  </span>
</div>`;
