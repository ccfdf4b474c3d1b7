/** You: whose token it is, and what it may do; for one that sees no other screen also how. */
import { Exact, Facts, Head, Note, Panel } from "../components/basics.js";
import { JobById } from "../components/by_id.js";
import { explained, missing } from "../components/frame/permissions.js";
import { html } from "../core/html.js";
import { may, me } from "../core/session.js";

const ASIDE = ["read_own_runs"]; // part of "read": without it worth a line of its own

export default function Me() {
  const { name, roles, permissions, expiresAt } = me.value;
  const allowed = explained(permissions).filter(([each]) => !(ASIDE.includes(each) && may("read")));
  const denied = missing(permissions).filter(([each]) => !ASIDE.includes(each));
  return html`
    <${Head} title="You" about="Who you are here, and what your token may do." />
    <${Facts} rows=${[
      ["Name", name],
      [roles.length === 1 ? "Role" : "Roles", roles.join(", ")],
      ["Valid until", expiresAt ? html`<${Exact} at=${expiresAt} />` : "somebody revokes it"],
    ]} />
    ${!may("read") && html`<${Note} tone="busy">
      Your token sees no jobs and no other screen; it is made for one task, mostly of a program. What it can do, you can
      do below. For more, ask an administrator for a token of the role viewer, operator, editor or admin.
    <//>`}
    <div class="halves">
      <${Rights} title="You may" rows=${allowed} none="Nothing but ask who you are." />
      ${denied.length > 0 && html`<${Rights} title="You may not" rows=${denied} />`}
    </div>
    ${!may("read") && (may("run") || may("switch")) && html`<${JobById} /><${HowTo} />`}
  `;
}

const Rights = ({ title, rows, none }) => html`<${Panel} title=${title}>
  ${rows.length === 0
    ? html`<p class="muted">${none}</p>`
    : html`<ul>${rows.map(([name, words]) => html`<li key=${name}>${words}</li>`)}</ul>`}
<//>`;

/** [permission, what it does, method, path, body, more about it] */
const REQUESTS = [
  ["run", "Run a job", "POST", "jobs/JOB_ID/run", null, "The answer has the id of the run in runId."],
  ["read_own_runs", "See how it goes", "GET", "runs/RUN_ID", null, "Its log is at runs/RUN_ID/logs."],
  ["switch", "Pause a job", "POST", "jobs/JOB_ID/pause", { reason: "no paper" }, "It may also have an end in until."],
  ["switch", "Resume it", "POST", "jobs/JOB_ID/resume", {}, "What it missed is not caught up."],
];

const HowTo = () => html`<${Panel} title="From a program">
  <p>With the token in the variable <code>TOKEN</code>, and the id of the job or run in its place:</p>
  ${REQUESTS.filter(([permission]) => may(permission)).map(([, title, method, path, body, about]) => html`
    <section key=${path}>
      <h3>${title}</h3>
      <pre tabindex="0" aria-label=${title}>${commandOf(method, path, body)}</pre>
      <p class="muted">${about}</p>
    </section>
  `)}
  <p><a href=${apiAddress("docs")}>All of the API</a></p>
<//>`;

const apiAddress = (path) => new URL(`api/${path}`, document.baseURI.split("#")[0]).href;

function commandOf(method, path, body) {
  const sent = body && `-H "If-Match: *" -H "Content-Type: application/json" -d '${JSON.stringify(body)}'`;
  const parts = [`curl -X ${method} -H "Authorization: Bearer $TOKEN"`, sent, apiAddress(`admin/scheduler/${path}`)];
  return parts.filter(Boolean).join(" \\\n  ");
}
