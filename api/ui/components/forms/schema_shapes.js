/** Which control draws a part of a JSON Schema. What none can draw is edited as JSON. */

/** Deeper than so many names a schema is not drawn: it may refer to itself. */
const DEEPEST = 8;
const LONG_TEXT = 1000;
const LENGTH = /^P(?:(\d+)D)?(?:T(?:([\d.]+)H)?(?:([\d.]+)M)?(?:([\d.]+)S)?)?$/;

/** The schema with its references followed, and with `control`, `nullable`, `shownDefault` and `placeholder`. */
export function resolve(schema, root, depth = 0) {
  const { plain, nullable } = withoutNull(followed(schema, root), root);
  const merged = {
    ...plain,
    title: schema.title ?? plain.title,
    description: schema.description ?? plain.description,
    default: schema.default ?? plain.default,
  };
  const control = depth > DEEPEST ? "json" : controlOf(merged, root);
  const shownDefault = ["boolean", "enum"].includes(control) ? null : shown(merged.default);
  const example = schema.examples?.[0] ?? plain.examples?.[0];
  return {
    ...merged, nullable, control, shownDefault,
    placeholder: shownDefault ?? (typeof example === "string" ? `e.g. ${example}` : undefined),
  };
}

function followed(schema, root) {
  let found = schema;
  for (let steps = 0; found?.$ref && steps < DEEPEST; steps += 1) {
    const { $ref, ...beside } = found;
    const target = $ref.split("/").slice(1).reduce((at, name) => at?.[name], root);
    found = target ? { ...target, ...beside } : beside;
  }
  return found ?? {};
}

/** `anyOf` of one thing and null is that thing; of more things it stays as it is. */
function withoutNull(schema, root) {
  const forms = schema.anyOf ?? schema.oneOf;
  if (!forms) return { plain: schema, nullable: Array.isArray(schema.type) && schema.type.includes("null") };
  const others = forms.map((form) => followed(form, root)).filter((form) => form.type !== "null");
  const nullable = others.length < forms.length;
  return {
    plain: others.length === 1 ? { ...schema, anyOf: undefined, oneOf: undefined, ...others[0] } : schema,
    nullable,
  };
}

function controlOf(schema, root) {
  if (schema.anyOf || schema.oneOf) return "json";
  if ("const" in schema) return "fixed";
  if (schema.enum) return "enum";
  const type = Array.isArray(schema.type) ? schema.type.find((each) => each !== "null") : schema.type;
  if (type === "string") return textControl(schema);
  if (type === "integer" || type === "number") return "number";
  if (type === "boolean") return "boolean";
  if (type === "array") return listControl(schema, root);
  if (type === "object") return schema.properties ? "object" : valuesOf(schema) ? "map" : "json";
  return "json";
}

function textControl(schema) {
  if (isSecret(schema)) return "secret";
  if (schema.format === "date-time") return "moment";
  return schema.contentMediaType || schema.maxLength > LONG_TEXT * 4 || schema.format === "textarea" ? "long" : "text";
}

function listControl(schema, root) {
  const items = followed(schema.items, root);
  if (isSecret(items)) return "secrets";
  if (items.enum && schema.uniqueItems) return "several";
  return items.type || items.properties || items.anyOf ? "list" : "json";
}

const isSecret = (schema) => schema.writeOnly === true || schema.format === "password";

/** The schema of the values of an object with free names; null: they may be anything. */
export function valuesOf(schema) {
  const [pattern] = Object.values(schema.patternProperties ?? {});
  const values = pattern ?? schema.additionalProperties;
  return values && typeof values === "object" && Object.keys(values).length > 0 ? values : null;
}

/** What a new entry begins with. */
export function firstValue(drawn) {
  if (drawn.default !== undefined && drawn.default !== null) return drawn.default;
  if (["object", "map"].includes(drawn.control)) return {};
  if (["list", "secrets", "several"].includes(drawn.control)) return [];
  if (drawn.control === "boolean") return false;
  return (drawn.control === "enum" ? drawn.enum[0] : null) ?? "";
}

/** A default in words: "PT1H30M" is "1h30m". Null: nothing that helps. */
function shown(value) {
  if (value === null || value === undefined || value === "" || typeof value === "object") return null;
  const length = typeof value === "string" && LENGTH.exec(value);
  if (!length) return String(value);
  const parts = length.slice(1).map((part, at) => (Number(part) ? `${part}${"dhms"[at]}` : ""));
  return parts.join("") || "0s";
}
