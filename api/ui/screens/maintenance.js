/** Maintenance mode: nothing starts in any daemon until it ends. */
import { useRef } from "preact/hooks";

import { Exact, Facts, Failure, Head, Loaded, Moment, Note, Panel } from "../components/basics.js";
import { Conflict } from "../components/conflict.js";
import { ActionButton, ask, attempt, tell } from "../components/dialog.js";
import { AreaField, MomentField } from "../components/forms/fields.js";
import { Form, useForm } from "../components/forms/form.js";
import { api } from "../core/api.js";
import { html } from "../core/html.js";
import { useDocument } from "../core/resource.js";
import { may } from "../core/session.js";
import { readStatus } from "../core/status.js";

const PATH = "admin/scheduler/maintenance";
const EVERY_MS = 5000;
const ABOUT =
  "While it is on, nothing starts and nothing is sent. What runs finishes. " +
  "No job is changed: afterwards all go on as they were.";
const FIELDS = ["active", "reason", "until"];

export default function Maintenance() {
  const resource = useDocument(PATH, {}, { every: EVERY_MS });
  const changed = () => Promise.all([resource.reload(), readStatus()]);
  return html`
    <${Head} title="Maintenance" about=${ABOUT} />
    <${Loaded} resource=${resource}>${(mode) => html`
      <${State} mode=${mode} changed=${changed} />
      ${may("operate") && html`<${Switch} key=${mode.active} mode=${mode} changed=${changed} />`}
    `}<//>
  `;
}

function State({ mode, changed }) {
  const end = () => attempt(async () => {
    await api.remove(PATH, "*");
    await changed();
  }, "Maintenance has ended; jobs start again.");
  if (mode.problem) {
    return html`
      <${Failure} error=${new Error(mode.problem)} />${" "}
      ${may("operate") && html`<${ActionButton} onClick=${end}>End it<//>`}
    `;
  }
  if (!mode.active) return html`<${Note} tone="good">Maintenance is off. Jobs start as they are due.<//>`;
  return html`<${Panel} title="Maintenance is on"
      actions=${may("operate") && html`<${ActionButton} onClick=${end}>End maintenance<//>`}>
    <${Facts} rows=${[
      ["Reason", mode.reason || "none given"],
      ["Since", html`<${Exact} at=${mode.since} /> (<${Moment} at=${mode.since} />)`],
      ["Until", mode.until ? html`<${Exact} at=${mode.until} /> (<${Moment} at=${mode.until} />)` : "somebody ends it"],
      ["By", mode.updatedBy],
    ]} />
  <//>`;
}

function Switch({ mode, changed }) {
  const revision = useRef(mode.revision);
  const form = useForm(
    { reason: mode.active ? mode.reason : "", until: mode.active ? mode.until : null },
    async ({ reason, until }) => {
      await api.put(PATH, { reason, until }, revision.current);
      await changed();
      tell(mode.active ? "Saved." : "Maintenance is on; nothing starts any more.");
    },
  );
  const submit = async (event) => {
    event.preventDefault();
    const text = "Nothing starts and nothing is sent in any daemon until it ends. What runs now finishes.";
    if (mode.active || (await ask({ title: "Start maintenance?", text, yes: "Start it", danger: true }))) form.submit();
  };
  return html`<${Panel} title=${mode.active ? "Change reason or end" : "Start maintenance"}>
    <${Conflict} form=${form} path=${PATH} revision=${revision} mine=${{ active: true, ...form.values }}
      fields=${FIELDS} valuesOf=${({ reason, until }) => ({ reason, until })} onTheirs=${changed} />
    <${Form} form=${{ ...form, submit }} label="Maintenance" submitLabel=${mode.active ? "Save" : "Start maintenance"}>
      <${AreaField} label="Reason" rows=${2} ...${form.bind("reason")} help="Everybody sees it above each screen." />
      <${MomentField} label="Ends by itself" ...${form.bind("until")} help="Empty: until somebody ends it." />
    <//>
  <//>`;
}
