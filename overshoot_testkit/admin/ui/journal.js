// The journal as a timeline: lanes above, one line an event below, newest first.

import { api } from "./api.js";
import { byId, h, keyed, options, show, write } from "./dom.js";
import { moment, plural, shortId } from "./format.js";
import { KINDS, kindOf, mood, textOf } from "./kinds.js";
import * as lanes from "./lanes.js";
import { act } from "./says.js";
import { now, state } from "./store.js";

const SHOWN = 300;

const filter = { hidden: new Set(), route: "", stream: "", text: "" };
let pausedAt = null; // How many events were known when the reader asked for quiet.

function row(event) {
  const kind = kindOf(event);
  const detail = h("pre", { class: "json", tabindex: 0, "aria-label": "The event as JSON" });
  const stream = event.stream_id ?? (event.entity === "stream" ? event.id : null);
  const about = [event.route, stream && shortId(stream)].filter(Boolean).join(" · ");
  const element = h("li", { data: { kind, mood: mood(event), seq: event.seq } },
    h("details", {
      on: {
        toggle: ({ currentTarget }) => {
          if (!currentTarget.open) return;
          const { text, ...rest } = event;
          write(detail, JSON.stringify(rest, null, 2));
        },
      },
    }, h("summary", {}, h("time", {}, moment(event.at)), h("span", { class: "dot", "aria-hidden": "true" }),
      h("span", { class: "text" }, textOf(event)), h("span", { class: "about" }, about)), detail));
  return { element };
}

function matches(event) {
  return !filter.hidden.has(kindOf(event)) &&
    (!filter.route || event.route === filter.route) &&
    (!filter.stream || event.stream_id === filter.stream || event.id === filter.stream) &&
    (!filter.text || JSON.stringify(event).toLowerCase().includes(filter.text));
}

function known() {
  return pausedAt === null ? state.events : state.events.slice(0, Math.max(0, pausedAt - state.dropped));
}

export function render() {
  const events = known();
  const found = events.filter(matches);
  keyed(byId("journal-list"), found.slice(-SHOWN).reverse(), (event) => event.seq, row);
  const all = events.length + (pausedAt === null ? state.dropped : 0);
  const waiting = pausedAt === null ? 0 : state.events.length + state.dropped - pausedAt;
  write(byId("journal-count"), [
    found.length === events.length ? plural(all, "event") : `${found.length} of ${plural(all, "event")}`,
    found.length > SHOWN ? `the last ${SHOWN} shown` : "",
    waiting > 0 ? `${waiting} waiting` : "",
  ].filter(Boolean).join(" · "));
  write(byId("journal-empty"), events.length
    ? "No event is like that. Widen the filter."
    : "Whatever the fake receives, answers, changes and charges is written down here, as it happens.");
  show(byId("journal-empty"), found.length === 0);
  renderKinds(events);
  renderChoices();
  lanes.render(found, now());
}

function renderKinds(events) {
  const counts = new Map(KINDS.map(({ id }) => [id, 0]));
  for (const event of events) counts.set(kindOf(event), counts.get(kindOf(event)) + 1);
  keyed(byId("journal-kinds"), KINDS.filter(({ id }) => id !== "note" || counts.get(id)), ({ id }) => id, (kind) => {
    const element = h("button", { type: "button", class: "kind", data: { kind: kind.id }, "aria-pressed": "true" },
      h("span", { class: "dot", "aria-hidden": "true" }), `${kind.label} `, h("span", { class: "n" }));
    element.addEventListener("click", () => {
      const hide = !filter.hidden.has(kind.id);
      if (hide) filter.hidden.add(kind.id);
      else filter.hidden.delete(kind.id);
      element.setAttribute("aria-pressed", String(!hide));
      render();
    });
    return { element };
  });
  for (const button of byId("journal-kinds").children) {
    write(button.querySelector(".n"), String(counts.get(button.dataset.kind)));
  }
}

export function renderChoices() {
  const routes = [...new Set(state.events.map(({ route }) => route).filter(Boolean))].sort();
  options(byId("journal-route"), [["", "every route"], ...routes.map((route) => [route, route])]);
  options(byId("journal-stream"), [["", "every stream"],
    ...state.streams.map(({ id, number }) => [id, `#${number} ${shortId(id)}`])]);
}

export function restart() {
  pausedAt = null;
  byId("journal-pause").setAttribute("aria-pressed", "false");
  write(byId("journal-pause"), "Pause");
  render();
}

export function tick() {
  if (pausedAt === null) lanes.move(now());
}

function pause() {
  pausedAt = pausedAt === null ? state.events.length + state.dropped : null;
  byId("journal-pause").setAttribute("aria-pressed", String(pausedAt !== null));
  write(byId("journal-pause"), pausedAt === null ? "Pause" : "Go on");
  render();
}

async function download() {
  const lines = [];
  for (let after = -1, more = true; more;) {
    const part = await api.journal(after);
    lines.push(...part.events.map(({ text, ...event }) => `${JSON.stringify(event)}\n`));
    ({ last: after, more } = part);
  }
  const address = URL.createObjectURL(new Blob(lines, { type: "application/jsonl" }));
  h("a", { href: address, download: "overshoot-fake.jsonl" }).click();
  URL.revokeObjectURL(address);
}

export function wire() {
  byId("journal-pause").addEventListener("click", pause);
  byId("journal-jsonl").addEventListener("click", act(download));
  const choose = (name, read) => ({ currentTarget }) => {
    filter[name] = read(currentTarget.value);
    render();
  };
  byId("journal-route").addEventListener("change", choose("route", String));
  byId("journal-stream").addEventListener("change", choose("stream", String));
  byId("journal-text").addEventListener("input", choose("text", (text) => text.trim().toLowerCase()));
  lanes.wire((seq) => {
    const line = document.querySelector(`#journal-list [data-seq="${seq}"] details`);
    if (!line) return;
    line.open = true;
    line.scrollIntoView({ block: "nearest" });
    line.querySelector("summary").focus();
  });
}
