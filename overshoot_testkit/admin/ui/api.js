// The admin API, as this page uses it. The page lives at …/_testkit/ui: all addresses are relative to it.

/** An answer that is no success: `message` says what to do. */
export class ApiError extends Error {
  constructor(status, body) {
    super(body?.message ?? body?.error ?? `the fake answered ${status}`);
    this.status = status;
  }
}

async function call(method, path, body) {
  const how = { method, headers: {} };
  if (body !== undefined) {
    how.headers["Content-Type"] = "application/json";
    how.body = JSON.stringify(body);
  }
  const answer = await fetch(path, how);
  const text = await answer.text();
  const value = text ? parsed(text) : null;
  if (!answer.ok) throw new ApiError(answer.status, value);
  return value;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return { message: text };
  }
}

const part = encodeURIComponent;

export const api = {
  about: () => call("GET", "./"),
  clock: () => call("GET", "clock"),
  advance: (seconds) => call("POST", "clock/advance", { seconds }),
  streams: async () => (await call("GET", "streams")).streams,
  endStream: (id, reason) => call("POST", `streams/${part(id)}/end`, { reason }),
  frames: (id, on) => call("POST", `streams/${part(id)}/frames`, { on }),
  keys: async () => (await call("GET", "keys")).keys,
  topUp: (label, amount) => call("POST", `keys/${part(label)}/credits`, { top_up: amount }),
  revoke: (label) => call("POST", `keys/${part(label)}/revoke`),
  restoreKey: (label) => call("POST", `keys/${part(label)}/restore`),
  faults: async () => (await call("GET", "faults")).faults,
  vocabulary: () => call("GET", "faults/vocabulary"),
  setFault: (fault) => call("POST", "faults", fault),
  removeFault: (name) => call("DELETE", `faults/${part(name)}`),
  clearFaults: () => call("DELETE", "faults"),
  journal: (after) => call("GET", `journal?after=${after}`),
  reset: () => call("POST", "reset"),
  snapshots: async () => (await call("GET", "snapshots")).snapshots,
  snapshot: () => call("POST", "snapshots"),
  restore: (id) => call("POST", `snapshots/${part(id)}/restore`),
};
