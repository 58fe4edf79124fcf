// Elements from data. Data only ever becomes text nodes and attributes: nothing here parses HTML.

const SVG = "http://www.w3.org/2000/svg";

/** An element. `on` holds listeners, `data` the data-attributes; what is null or false is left out. */
export function h(tag, properties = {}, ...children) {
  return fill(document.createElement(tag), properties, children);
}

/** The same for SVG. */
export function svg(tag, properties = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), properties, children);
}

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") {
      for (const [type, listener] of Object.entries(value)) element.addEventListener(type, listener);
    } else if (name === "data") {
      for (const [key, each] of Object.entries(value)) element.dataset[key] = each;
    } else {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

export const byId = (id) => document.getElementById(id);

/** Write text only where it differs, so that nothing is announced or repainted for nothing. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function show(element, visible) {
  if (element.hidden === visible) element.hidden = !visible;
}

/** Keep one child of `parent` for each item, in their order: made once, updated after, removed when gone. */
export function keyed(parent, items, key, make) {
  const known = (parent.keyedParts ??= new Map());
  const wanted = new Set();
  let place = parent.firstElementChild;
  for (const item of items) {
    const id = String(key(item));
    wanted.add(id);
    if (!known.has(id)) known.set(id, make(item));
    const part = known.get(id);
    part.update?.(item);
    if (part.element === place) place = place.nextElementSibling;
    else parent.insertBefore(part.element, place);
  }
  for (const [id, part] of known) {
    if (wanted.has(id)) continue;
    part.element.remove();
    known.delete(id);
  }
  return known;
}

/** The options of a <select>: [value, label] pairs; the choice stays while it is among them. */
export function options(select, pairs) {
  const same = pairs.length === select.options.length &&
    pairs.every(([value, label], at) => select.options[at].value === value && select.options[at].text === label);
  if (same) return;
  const chosen = select.value;
  select.replaceChildren(...pairs.map(([value, label]) => h("option", { value }, label)));
  if (pairs.some(([value]) => value === chosen)) select.value = chosen;
}
