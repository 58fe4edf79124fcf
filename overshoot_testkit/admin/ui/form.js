// A form for any fault, built from the vocabulary (a JSON Schema): what the fake learns, the page offers.

import { h } from "./dom.js";

const WHEN = new Set(["on", "at", "in", "stream", "name", "action"]);

/** The schema of each action, by its name. */
export function actionsOf(vocabulary) {
  const actions = new Map();
  for (const each of alternatives(resolved(vocabulary, vocabulary), vocabulary)) {
    const action = each.properties?.action;
    const name = action?.const ?? action?.enum?.[0];
    if (name !== undefined) actions.set(name, each);
  }
  return actions;
}

function alternatives(schema, whole) {
  const parts = schema.oneOf ?? schema.anyOf;
  return parts ? parts.flatMap((part) => alternatives(resolved(part, whole), whole)) : [schema];
}

function resolved(schema, whole) {
  let found = schema;
  while (found.$ref) {
    const path = found.$ref.replace(/^#\/?/, "").split("/").filter(Boolean);
    found = path.reduce((at, step) => at[step], whole);
  }
  return found;
}

/** Fill `form`, and let `submit` have its submissions. */
export function build(form, vocabulary, submit) {
  const actions = actionsOf(vocabulary);
  const fields = h("div", { class: "fields" });
  const choice = h("select", { name: "action", "aria-label": "Action" },
    [...actions.keys()].sort().map((name) => h("option", { value: name }, name.replaceAll("_", " "))));
  const about = h("p", { class: "about" });
  const draw = () => {
    const schema = actions.get(choice.value) ?? {};
    about.textContent = (schema.description ?? "").split("\n\n")[0].replaceAll("`", "");
    fields.replaceChildren(...drawn(schema, vocabulary));
  };
  choice.addEventListener("change", draw);
  form.replaceChildren(h("label", {}, h("span", {}, "action"), choice), about, fields,
    h("button", { type: "submit", class: "primary" }, "Set fault"));
  form.addEventListener("submit", submit);
  draw();
}

function drawn(schema, whole) {
  const required = new Set(schema.required ?? []);
  const does = Object.entries(schema.properties ?? {}).filter(([name]) => !WHEN.has(name));
  const on = alternatives(resolved(schema.properties?.on ?? {}, whole), whole).find(({ properties }) => properties);
  const groups = [does.map(([name, each]) => field(name, each, whole, required.has(name)))];
  const moments = ["at", "in", "stream", "name"].filter((name) => schema.properties?.[name]);
  if (on) {
    groups.push([h("h3", {}, "When"), ...Object.entries(on.properties)
      .filter(([name]) => !moments.includes(name)).map(([name, each]) => field(`on.${name}`, each, whole, false))]);
  }
  groups.push(moments.map((name) => field(name, schema.properties[name], whole, false)));
  return groups.flat();
}

function field(name, schema, whole, required) {
  const kinds = alternatives(resolved(schema, whole), whole).filter(({ type }) => type !== "null");
  const choices = kinds.flatMap((kind) => kind.enum ?? (kind.const === undefined ? [] : [kind.const]));
  const label = name.replace(/^on\./, "");
  const usual = schema.default === undefined || schema.default === null ? "" : plain(schema.default);
  const title = schema.description ?? "";
  let input;
  if (choices.length && kinds.every((kind) => kind.enum || "const" in kind)) {
    input = h("select", { name, title }, required ? [] : h("option", { value: "" }, usual ? `${usual}, as usual` : "any"),
      choices.map((each) => h("option", { value: JSON.stringify(each) }, String(each))));
  } else if (kinds.length === 1 && kinds[0].type === "boolean") {
    input = h("select", { name, title }, h("option", { value: "" }, usual ? `${usual}, as usual` : "any"), h("option", {}, "true"), h("option", {}, "false"));
  } else {
    const numeric = kinds.length === 1 && ["number", "integer"].includes(kinds[0].type);
    input = h("input", { name, title, required, placeholder: usual || title.replace(/\.$/, ""), autocomplete: "off", spellcheck: "false",
      ...(numeric ? { type: "number", step: kinds[0].type === "integer" ? 1 : "any" } : { type: "text" }) });
  }
  input.dataset.text = kinds.every(({ type }) => type === "string") && !choices.length ? "yes" : "no";
  return h("label", {}, h("span", {}, label), input);
}

const plain = (value) => (typeof value === "string" ? value : JSON.stringify(value));

/** What the form says, as the admin API takes it; fields left empty are left out. */
export function read(form) {
  const fault = { action: form.elements.action.value };
  for (const { name, value, dataset } of form.elements) {
    if (!name || name === "action" || value === "") continue;
    const said = dataset.text === "yes" ? value : parsed(value);
    if (name.startsWith("on.")) (fault.on ??= {})[name.slice(3)] = said;
    else fault[name] = said;
  }
  return fault;
}

/** JSON where it is JSON (numbers, ramps, bodies), text where it is text. */
function parsed(value) {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
