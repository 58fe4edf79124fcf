// Keys by their labels, their credits, and what was charged.

import { api } from "./api.js";
import { byId, h, keyed, write } from "./dom.js";
import { cents, plural } from "./format.js";
import { act } from "./says.js";
import { refresh, state } from "./store.js";

function row(key) {
  const credits = h("span", { class: "credits" });
  const spent = h("span", { class: "facts" });
  const badge = h("span", { class: "badge" });
  const amount = h("input", { type: "number", value: 100, min: 0.01, step: "any", required: true,
    "aria-label": `Cents to add to ${key.label}` });
  const topUp = h("form", { class: "top-up" }, amount, h("button", { type: "submit", class: "small" }, "Top up"));
  topUp.addEventListener("submit", act(() => api.topUp(key.label, Number(amount.value)), refresh));
  const revoke = h("button", { type: "button", class: "small" });
  revoke.addEventListener("click", act(
    () => (revoke.dataset.turn === "restore" ? api.restoreKey(key.label) : api.revoke(key.label)), refresh));
  const element = h("article", { class: "key", "aria-label": key.label },
    h("header", {}, h("strong", {}, key.label), badge, h("span", { class: "space" }), credits),
    spent, h("div", { class: "actions" }, topUp, revoke));
  function update({ key: next, charged }) {
    element.dataset.state = next.revoked ? "revoked" : next.credits_cents > 0 ? "valid" : "empty";
    write(badge, next.revoked ? "revoked" : next.credits_cents > 0 ? "" : "no credits");
    write(credits, cents(next.credits_cents));
    write(spent, `${next.open_streams} of ${plural(next.concurrency_limit, "stream")} · charged ${cents(charged)}`);
    revoke.dataset.turn = next.revoked ? "restore" : "revoke";
    write(revoke, next.revoked ? "Restore" : "Revoke");
  }
  return { element, update };
}

export function render() {
  const costs = new Map();
  for (const { key, cost_cents: cost } of state.streams) costs.set(key, (costs.get(key) ?? 0) + cost);
  const total = [...costs.values()].reduce((sum, each) => sum + each, 0);
  write(byId("ledger-count"), `${cents(total)} charged`);
  const items = state.keys.map((key) => ({ key, charged: costs.get(key.label) ?? 0 }));
  keyed(byId("ledger-list"), items, (item) => item.key.label, (item) => row(item.key));
}
