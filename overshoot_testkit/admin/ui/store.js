// What the page knows of the fake, and when to ask again.
//
// The journal tells *that* something happened; what things are now is then asked for, at most once in
// FRESH_MS, so that a busy fake is not kept busy by whoever watches it.

import { api } from "./api.js";
import { follow } from "./follow.js";

const FRESH_MS = 120;
const IDLE_MS = 1000;
const PATIENCE = 4;
const KEPT = 5000;

export const state = {
  about: null,
  clock: { mode: null, now: 0, read: 0 },
  streams: [],
  keys: [],
  faults: [],
  snapshots: [],
  events: [],
  leases: new Map(), // stream id → { ttl, expires_at }
  live: "connecting",
  dropped: 0, // events older than the KEPT that are kept
};

const listeners = new Set();

/** Call `listener(what)` after each change; `what` is "facts", "events", "restart" or "live". */
export function watch(listener) {
  listeners.add(listener);
}

function tell(what) {
  for (const listener of listeners) listener(what);
}

/** The fake's time. A real clock runs on between two looks at it. */
export function now() {
  const { mode, now: known, read } = state.clock;
  return mode === "real" ? known + (performance.now() - read) / 1000 : known;
}

let asking = null;
let again = false;

/** Ask for everything that may have changed. Resolves when the page knows it. */
export function refresh() {
  if (asking) {
    again = true;
    return asking;
  }
  const begun = performance.now();
  asking = load().finally(() => {
    asking = null;
    if (!again) return;
    again = false;
    // A fake with thousands of streams takes its time to tell of them: it is asked less often.
    setTimeout(refresh, Math.max(FRESH_MS, PATIENCE * (performance.now() - begun)));
  });
  return asking;
}

async function load() {
  try {
    const [clock, streams, keys, faults, snapshots] = await Promise.all(
      [api.clock(), api.streams(), api.keys(), api.faults(), api.snapshots()]);
    Object.assign(state, { streams, keys, faults, snapshots });
    state.clock = { ...clock, read: performance.now() };
    tell("facts");
  } catch {
    setLive("reconnecting"); // The next look, or the journal's own connection, tells when it is back.
  }
}

function setLive(live) {
  if (state.live === live) return;
  state.live = live;
  tell("live");
}

function keep(event) {
  state.events.push(event);
  if (state.events.length > KEPT + 500) {
    state.dropped += 500;
    state.events.splice(0, 500);
  }
  if (event.event === "LeaseRenewed") {
    state.leases.set(event.stream_id, { ttl: event.ttl, expires_at: event.expires_at });
  }
}

let planned = false;

function soon() {
  if (planned) return;
  planned = true;
  setTimeout(() => {
    planned = false;
    tell("events");
    refresh();
  }, FRESH_MS);
}

/** The fake began anew: what was known is over. */
export function forget() {
  state.events = [];
  state.dropped = 0;
  state.leases.clear();
  tell("restart");
  soon();
}

export async function start() {
  state.about = await api.about();
  await refresh();
  follow({
    onEvent: (event) => {
      keep(event);
      soon();
    },
    onState: (live) => {
      setLive(live);
      if (live === "live") refresh();
    },
    onRestart: forget,
  });
  setInterval(refresh, IDLE_MS); // Others move the clock too, and not every move leaves an event.
}
