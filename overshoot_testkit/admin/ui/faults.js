// Faults: those that are set, with how often they fired, and those to set.

import { api } from "./api.js";
import { byId, h, keyed, options, show, write } from "./dom.js";
import { moment, plural, shortId } from "./format.js";
import * as form from "./form.js";
import { PRESETS, faultOf, isOf } from "./presets.js";
import { act } from "./says.js";
import { now, refresh, state } from "./store.js";
import { isOpen } from "./streams.js";

const ABOUT = new Set(["name", "action", "on", "fired", "seen", "set_at", "text", "at", "in", "kind", "stream", "over",
  "moment", "in_force"]);

/** Whether it can still fire. */
function inForce(fault) {
  const { times, lasts, until } = fault.on ?? {};
  if (fault.in_force !== undefined) return fault.in_force;
  if (times != null && fault.fired >= times) return false;
  if (lasts != null && now() >= fault.set_at + lasts) return false;
  if (until != null && now() >= until) return false;
  return fault.on != null || fault.at == null || fault.at > now();
}

const SHORT = {
  route: (value) => value,
  times: (value) => `${value}×`,
  stream: shortId,
};

/** What it does and when, in short: `answer status=503 · keepalive · 1×`. */
function described(fault) {
  const does = Object.entries(fault).filter(([name, value]) => !ABOUT.has(name) && said(value))
    .map(([name, value]) => `${name}=${plain(value)}`);
  const when = Object.entries(fault.on ?? {}).filter(([, value]) => said(value))
    .map(([name, value]) => SHORT[name]?.(value) ?? `${name} ${plain(value)}`);
  if (fault.stream) when.push(`stream ${shortId(fault.stream)}`);
  if (fault.at != null) when.push(`at ${moment(fault.at)}`);
  return [[fault.action, ...does].join(" "), ...when].join(" · ");
}

const said = (value) => value !== null && value !== "" && !(typeof value === "object" && !Object.keys(value).length);
const plain = (value) => (typeof value === "object" ? JSON.stringify(value) : String(value));

function row(fault) {
  const count = h("span", { class: "fired" });
  const text = h("span", { class: "facts" });
  const remove = h("button", { type: "button", class: "quiet small", "aria-label": `Remove fault ${fault.name}` }, "×");
  remove.addEventListener("click", act(() => api.removeFault(fault.name), refresh));
  const element = h("li", { class: "fault", data: { fault: fault.name } },
    h("div", {}, h("strong", {}, fault.name), text), count, remove);
  function update(next) {
    element.dataset.state = next.fired ? (inForce(next) ? "firing" : "spent") : "armed";
    write(count, next.fired ? `fired ${next.fired}×` : "armed");
    write(text, described(next));
  }
  return { element, update };
}

function preset(item) {
  const button = h("button", { type: "button", class: "preset", title: item.title, data: { preset: item.name } }, item.label);
  if (item.lasting) button.setAttribute("aria-pressed", "false");
  button.addEventListener("click", act(async () => {
    const active = item.lasting ? state.faults.filter((fault) => isOf(item, fault) && inForce(fault)) : [];
    if (active.length) await Promise.all(active.map(({ name }) => api.removeFault(name)));
    else await api.setFault(faultOf(item, byId("faults-scope").value, new Set(state.faults.map(({ name }) => name))));
  }, refresh));
  return button;
}

export async function wire() {
  byId("faults-presets").replaceChildren(...PRESETS.map(({ group, items }) =>
    h("div", { class: "group", role: "group", "aria-label": group }, h("h3", {}, group), h("div", {}, items.map(preset)))));
  byId("faults-clear").addEventListener("click", act(() => api.clearFaults(), refresh));
  form.build(byId("fault-form"), await api.vocabulary(), act((event) => api.setFault(form.read(event.currentTarget)), refresh));
}

export function render() {
  const faults = [...state.faults].reverse();
  keyed(byId("faults-list"), faults, (fault) => `${fault.name} ${fault.set_at}`, row);
  show(byId("faults-list"), faults.length > 0);
  show(byId("faults-clear"), faults.length > 0);
  const unfired = faults.filter(({ fired }) => !fired).length;
  write(byId("faults-count"), faults.length ? `${plural(faults.length, "set", "set")} · ${unfired} not fired` : "all is well");
  options(byId("faults-scope"), [["", "all streams"],
    ...state.streams.filter(isOpen).map(({ id, number }) => [id, `stream #${number} only`])]);
  for (const { items } of PRESETS) {
    for (const item of items.filter(({ lasting }) => lasting)) {
      const button = document.querySelector(`[data-preset="${item.name}"]`);
      button?.setAttribute("aria-pressed", String(state.faults.some((fault) => isOf(item, fault) && inForce(fault))));
    }
  }
}
