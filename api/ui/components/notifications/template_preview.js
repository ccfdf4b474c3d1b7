/** The texts of a template as they would be sent, while it is written, with values to try. */
import { useState } from "preact/hooks";

import { api } from "../../core/api.js";
import { html } from "../../core/html.js";
import { useResource, useSettled } from "../../core/resource.js";
import { Failure, Note } from "../basics.js";
import { DeclaredValues } from "../forms/declared_values.js";
import { Fold } from "../fold.js";
import { RenderedTexts } from "./rendered_texts.js";

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;
const isSet = (value) => value !== null && value !== undefined && value !== "";
const NAMES = { subject: "Subject", text: "Text", html: "HTML", sms: "SMS" };

/** Whether there is enough to render: each channel has its texts. */
const isWritten = ({ channels, subject, text, html: markup, sms }) =>
  Boolean(
    channels.length > 0 &&
    (!channels.includes("email") || (subject && (text || markup))) &&
    (!channels.includes("sms") || sms),
  );

const PLACEHOLDERS = { number: () => 1, boolean: () => true, string: ({ name }) => `[${name}]` };

/** What stands for a variable where nothing is typed; null: nothing, and so it would be sent. */
const sampleOf = (variable) => {
  const given = [variable.default, variable.example].find(isSet);
  return given ?? (variable.required ? PLACEHOLDERS[variable.type]?.(variable) ?? null : null);
};

const fits = (value, type) =>
  isSet(value) && (typeof value === type || (type === "string" && typeof value === "number"));

/** The variables as far as they are declared well; what is wrong with others stands at their fields. */
const usable = (variables) => variables
  .filter(({ name }, at) => NAME.test(name) && variables.findIndex((each) => each.name === name) === at)
  .map(({ name, type, required, description, ...values }) => ({
    name, type, required, description,
    ...Object.fromEntries(["default", "example"].map((each) => [each, values[each]])
      .filter(([, value]) => fits(value, type))),
  }));

const told = (value) => (value === true ? "yes" : value === false ? "no" : value === null ? null : String(value));

/** template: as it would be saved. */
export function TemplatePreview({ template }) {
  const [typed, setTyped] = useState({});
  const declared = usable(template.variables);
  const samples = Object.fromEntries(declared.map((each) => [each.name, sampleOf(each)]));
  const values = Object.fromEntries(
    declared.map(({ name }) => [name, typed[name] ?? samples[name]]).filter(([, value]) => isSet(value)),
  );
  const { channels, subject, text, html: markup, sms } = template;
  const texts = { name: "Preview", channels, subject, text, html: markup, sms, variables: declared };
  const settled = useSettled({ template: texts, variables: values }, 400);
  const resource = useResource(JSON.stringify(settled), (signal) => (isWritten(settled.template)
    ? api.ask("notifications/templates/preview", settled, { signal })
    : { nothing: true }));
  const faultOf = (name) => resource.data?.faults?.find((each) => each.field === `variables.${name}`)?.detail ?? null;
  return html`
    ${declared.length > 0 && html`<${Fold} summary="Values to try" open>
      <${DeclaredValues} declared=${declared} values=${typed} onInput=${setTyped} error=${faultOf} required=${false}
        placeholderOf=${(variable) => told(samples[variable.name])} />
    <//>`}
    <${Texts} resource=${resource} />
  `;
}

function Texts({ resource: { data, error, reload } }) {
  if (error?.errors.length > 0) {
    return html`<${Note} tone="warn" role="status">
      ${error.errors.map((each) => html`<p key=${each.field}>${nameOf(each.field)}${each.detail}</p>`)}
    <//>`;
  }
  if (error) return html`<${Failure} error=${error} retry=${reload} />`;
  if (!data) return html`<p aria-busy="true">Rendering…</p>`;
  if (data.nothing) return html`<p class="muted">It appears once there is a text for each channel.</p>`;
  const faults = data.faults.filter((each) => NAMES[each.field]);
  return html`
    ${faults.length > 0 && html`<${Note} tone="warn" role="status">
      ${faults.map((each) => html`<p key=${each.field}>${nameOf(each.field)}${each.detail}</p>`)}
    <//>`}
    <${RenderedTexts} texts=${data} />
  `;
}

function nameOf(field) {
  const name = field.replace(/^template\.?/, "");
  return name && `${NAMES[name] ?? name}: `;
}
