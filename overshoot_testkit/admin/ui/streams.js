// The streams, with their leases draining.

import { api } from "./api.js";
import { byId, h, keyed, show, write } from "./dom.js";
import { cents, duration, moment, plural, shortId } from "./format.js";
import { act } from "./says.js";
import { now, refresh, state } from "./store.js";

const REASONS = ["client_requested", "lease_expired", "insufficient_credits", "webrtc_disconnected",
  "livekit_disconnected"];
const SHOWN_OPEN = 100;
const SHOWN_ENDED = 8;

export const isOpen = (stream) => stream.state !== "ended";

function leaseOf(stream) {
  const ttl = state.leases.get(stream.id)?.ttl ?? 45;
  const left = Math.max(0, stream.lease_expires_at - now());
  return { ttl, left, share: Math.min(1, left / ttl) };
}

function card(stream) {
  const badge = h("span", { class: "badge" });
  const cost = h("span", { class: "cost" });
  const prompt = h("p", { class: "prompt" });
  const fill = h("span", { class: "fill" });
  const bar = h("div", { class: "lease", role: "progressbar", "aria-label": `Lease of stream ${stream.number}`,
    "aria-valuemin": 0 }, fill);
  const left = h("span", { class: "left" });
  const facts = h("span", { class: "facts" });
  const frames = h("button", { type: "button", class: "small" });
  frames.addEventListener("click", act(() => api.frames(stream.id, frames.dataset.turn === "on"), refresh));
  const end = h("select", { class: "small", "aria-label": `End stream ${stream.number}` },
    h("option", { value: "" }, "End…"), REASONS.map((reason) => h("option", { value: reason }, reason)));
  end.addEventListener("change", act(async () => {
    const reason = end.value;
    end.value = "";
    await api.endStream(stream.id, reason);
  }, refresh));
  const actions = h("div", { class: "actions" }, frames, end);
  const element = h("article", { class: "stream", "aria-label": `Stream ${stream.number}`, data: { stream: stream.id } },
    h("header", {}, h("span", { class: "number" }, `#${stream.number}`), badge,
      h("code", { title: stream.id }, shortId(stream.id)), h("span", { class: "space" }), cost),
    prompt, h("div", { class: "ticking" }, bar, left), h("footer", {}, facts, actions));

  let latest = stream;
  function tick() {
    if (!isOpen(latest)) return;
    const { ttl, left: rest, share } = leaseOf(latest);
    fill.style.transform = `scaleX(${share})`;
    element.dataset.lease = share > 0.45 ? "fine" : share > 0.2 ? "low" : "ending";
    bar.setAttribute("aria-valuemax", ttl);
    bar.setAttribute("aria-valuenow", rest.toFixed(1));
    bar.setAttribute("aria-valuetext", `${rest.toFixed(1)} of ${ttl} seconds left`);
    write(left, `${rest.toFixed(1)} s`);
  }
  function update(next) {
    latest = next;
    element.dataset.state = next.state;
    write(badge, next.state === "ended" ? next.ended_reason : next.state);
    write(cost, cents(next.cost_cents + (next.owed_cents ?? 0)));
    cost.title = `charged ${cents(next.cost_cents)}, owed ${cents(next.owed_cents ?? 0)}`;
    write(prompt, next.prompt);
    const more = isOpen(next)
      ? `${plural(next.results, "result")} · ${plural(next.sockets, "socket")}`
      : `${moment(next.created_at)} – ${moment(next.ended_at)} · ${duration(next.ended_at - next.created_at)}`;
    write(facts, `${next.key} · ${more}`);
    facts.title = `${next.source_type}, ${next.mode} mode, ${next.model}, since ${moment(next.created_at)}`;
    const running = next.state === "active";
    frames.dataset.turn = running ? "off" : "on";
    write(frames, running ? "Stop frames" : "Start frames");
    show(actions, isOpen(next));
    show(bar.parentElement, isOpen(next));
    tick();
  }
  return { element, update, tick };
}

function hint() {
  const url = state.about?.api_url ?? "";
  return h("div", { class: "empty" },
    h("p", {}, "No streams yet. Point your app at the fake:"),
    h("pre", {}, `export OVERSHOOT_API_URL=${url}\nexport OVERSHOOT_API_KEY=…   # the key that serve printed`),
    h("p", {}, "or open one by hand:"),
    h("pre", {}, [
      `curl ${url}/streams \\`,
      "  -H \"Authorization: Bearer $OVERSHOOT_API_KEY\" -H 'Content-Type: application/json' \\",
      "  -d '{\"processing\": {\"interval_seconds\": 2},",
      "       \"inference\": {\"prompt\": \"Is the door open?\", \"model\": \"Qwen/Qwen3.5-9B\"}}'",
    ].join("\n")));
}

/** Newest first: the open ones, then the last that ended. */
export function render() {
  const open = state.streams.filter(isOpen).reverse();
  const ended = state.streams.filter((stream) => !isOpen(stream)).reverse();
  const shown = [...open.slice(0, SHOWN_OPEN), ...ended.slice(0, SHOWN_ENDED)];
  write(byId("streams-count"), state.streams.length ? `${open.length} open · ${ended.length} ended` : "");
  const items = shown.map((stream) => ({ id: stream.id, stream }));
  if (!shown.length) items.push({ id: "hint" });
  const hidden = state.streams.length - shown.length;
  if (hidden > 0) items.push({ id: "more", hidden });
  keyed(byId("streams-list"), items, (item) => item.id, (item) => {
    if (item.id === "hint") return { element: hint() };
    if (item.id === "more") {
      const element = h("p", { class: "more" });
      return { element, update: (each) => write(element, `and ${plural(each.hidden, "more stream")}`) };
    }
    const made = card(item.stream);
    return { ...made, update: (each) => made.update(each.stream) };
  });
}

/** What time alone changes. */
export function tick() {
  for (const part of byId("streams-list").keyedParts?.values() ?? []) part.tick?.();
}
