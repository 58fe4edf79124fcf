// The fake of Overshoot's API for a suite in JavaScript: `overshoot-testkit serve`, driven by its admin API.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** Start the fake, on a clock that stands still until `advance`. */
export async function start(...options) {
  const command = process.env.OVERSHOOT_TESTKIT ?? "overshoot-testkit";
  const server = spawn(command, ["serve", "--json", "--clock", "stepped", "--port", "0", ...options], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const failed = once(server, "error").then(([error]) => {
    throw new Error(`${command} does not start (${error.message}): pip install overshoot-testkit`);
  });
  const ended = once(server, "exit").then(([code]) => {
    throw new Error(`${command} ended at once, with exit code ${code}`);
  });
  const lines = createInterface({ input: server.stdout });
  const [line] = await Promise.race([once(lines, "line"), failed, ended]);
  failed.catch(() => {});
  ended.catch(() => {});
  lines.resume(); // What it says after that is not needed, but must be read.
  return new Testkit(JSON.parse(line), server);
}

export class Testkit {
  #server;

  constructor(ready, server) {
    this.url = ready.url;
    this.key = ready.api_key;
    this.admin = ready.admin_url;
    this.#server = server;
  }

  /** Let something go wrong: fault({ action: "answer", status: 503, on: { route: "keepalive", times: 1 } }) */
  fault = (fault) => this.#call("POST", "/faults", fault);

  /** Let seconds pass on the fake's clock. */
  advance = (seconds) => this.#call("POST", "/clock/advance", { seconds });

  /** What happened: journal({ event: "Request", route: "keepalive" }) */
  journal = async (filter = {}) => (await this.#call("GET", `/journal?${new URLSearchParams(filter)}`)).events;

  /** All streams there ever were, as they are now. */
  streams = async () => (await this.#call("GET", "/streams")).streams;

  /** Send a result to a stream now. */
  result = (stream, result) => this.#call("POST", `/streams/${stream}/results`, result);

  /** A fresh fake: no streams, no faults, an empty journal, the clock at 0. */
  reset = () => this.#call("POST", "/reset");

  async stop() {
    if (this.#server.exitCode !== null) return;
    const gone = once(this.#server, "exit");
    this.#server.kill("SIGTERM");
    await gone;
  }

  async #call(method, path, body) {
    const headers = { "Content-Type": "application/json" };
    const answer = await fetch(this.admin + path, { method, headers, body: body && JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : null;
  }
}
