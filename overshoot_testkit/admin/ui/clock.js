// The header: where the fake is, what time it has, and what concerns the whole of it.

import { api } from "./api.js";
import { byId, options, show, write } from "./dom.js";
import { moment } from "./format.js";
import { act } from "./says.js";
import { forget, now, refresh, state } from "./store.js";

const LIVE = { live: "live", reconnecting: "reconnecting…", connecting: "connecting…" };

export function wire() {
  const advance = (seconds) => api.advance(seconds);
  for (const button of document.querySelectorAll("[data-advance]")) {
    button.addEventListener("click", act(() => advance(Number(button.dataset.advance)), refresh));
  }
  byId("clock-custom").addEventListener("submit", act(() => advance(Number(byId("clock-seconds").value)), refresh));
  byId("copy-url").addEventListener("click", act(async () => {
    await navigator.clipboard.writeText(state.about.api_url);
    write(byId("copy-url"), "Copied");
    setTimeout(() => write(byId("copy-url"), "Copy"), 1500);
  }));
  byId("reset").addEventListener("click", act(() => api.reset(), forget));
  byId("snapshot").addEventListener("click", act(() => api.snapshot(), refresh));
  byId("snapshots").addEventListener("change", act(async () => {
    const id = byId("snapshots").value;
    byId("snapshots").value = "";
    await api.restore(id);
  }, refresh));
}

export function render() {
  write(byId("api-url"), state.about.api_url);
  write(byId("clock-mode"), state.clock.mode);
  show(byId("clock-steps"), state.clock.mode === "stepped");
  show(byId("snapshots"), state.snapshots.length > 0);
  options(byId("snapshots"), [["", "Restore…"], ...state.snapshots.map(({ id }) => [id, id])]);
  renderLive();
}

export function renderLive() {
  write(byId("live"), LIVE[state.live]);
  byId("live").dataset.state = state.live;
}

export function tick() {
  write(byId("clock-now"), moment(now()));
}
