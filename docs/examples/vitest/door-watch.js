// An app: it watches a door by Overshoot's API, with fetch and a WebSocket, and says when the door opens.

import WebSocket from "ws";

const ORDER = {
  mode: "frame",
  processing: { interval_seconds: 2 },
  inference: {
    prompt: "Is the door open?",
    model: "Qwen/Qwen3.5-9B",
    output_schema_json: { type: "object", properties: { open: { type: "boolean" } }, required: ["open"] },
  },
};
const TERMINAL = { 401: "the key is not valid", 402: "credits ran out", 404: "the stream is gone" };
const ATTEMPTS = 3;
const PAUSE_MS = 2000;

export class DoorWatch {
  #url;
  #key;
  #onDoor;
  #onStopped;
  #stream = null;
  #socket = null;
  #timer = null;
  #retrying = null;

  /** onDoor(isOpen) for each result; onStopped(why) once, when it ends without stop(). */
  constructor({ url, key, onDoor = () => {}, onStopped = () => {} }) {
    this.#url = url;
    this.#key = key;
    this.#onDoor = onDoor;
    this.#onStopped = onStopped;
  }

  async start() {
    const answer = await this.#call("POST", "/streams", ORDER);
    if (!answer.ok) throw new Error(TERMINAL[answer.status] ?? `no stream: ${answer.status}`);
    const { stream_id: stream, lease } = await answer.json();
    this.#stream = stream;
    this.#listen();
    this.#keepAliveIn(lease.ttl_seconds / 2);
    return stream;
  }

  async stop() {
    const stream = this.#letGo();
    if (stream) await this.#call("DELETE", `/streams/${stream}`);
  }

  #call(method, path, body) {
    return fetch(this.#url + path, {
      method,
      headers: { Authorization: `Bearer ${this.#key}`, "Content-Type": "application/json" },
      body: body && JSON.stringify(body),
    });
  }

  #keepAliveIn(seconds, failed = 0) {
    this.#timer = setTimeout(() => this.#keepAlive(failed), seconds * 1000);
  }

  async #keepAlive(failed) {
    const stream = this.#stream;
    const answer = await this.#call("POST", `/streams/${stream}/keepalive`).catch(() => null);
    if (this.#stream !== stream) return; // Stopped meanwhile.
    if (answer?.ok) {
      const { ttl_seconds: ttl } = await answer.json();
      if (this.#stream === stream) this.#keepAliveIn(ttl / 2);
    } else if (answer && TERMINAL[answer.status]) {
      await this.#end(TERMINAL[answer.status]);
    } else if (failed + 1 < ATTEMPTS) {
      this.#keepAliveIn(PAUSE_MS / 1000, failed + 1);
    } else {
      await this.#end("the server cannot be reached");
    }
  }

  #listen() {
    const socket = new WebSocket(`${this.#url.replace(/^http/, "ws")}/ws/streams/${this.#stream}`);
    this.#socket = socket;
    socket.on("open", () => socket.send(JSON.stringify({ api_key: this.#key })));
    socket.on("message", (data) => this.#hear(data));
    socket.on("error", () => {}); // "close" follows.
    socket.on("close", (code, reason) => {
      if (this.#socket !== socket) return;
      if (code === 1001) this.#end(String(reason));
      else this.#retrying = setTimeout(() => this.#listen(), PAUSE_MS);
    });
  }

  #hear(data) {
    try {
      const { ok, result } = JSON.parse(data);
      if (ok) this.#onDoor(JSON.parse(result).open);
    } catch {
      // One message that cannot be read is no reason to stop watching.
    }
  }

  /** Ended by something else than stop(): close the stream all the same, it may still cost money. */
  async #end(why) {
    const stream = this.#letGo();
    if (!stream) return;
    await this.#call("DELETE", `/streams/${stream}`).catch(() => null);
    this.#onStopped(why);
  }

  #letGo() {
    const [stream, socket] = [this.#stream, this.#socket];
    clearTimeout(this.#timer);
    clearTimeout(this.#retrying);
    this.#stream = this.#socket = null;
    socket?.close();
    return stream;
  }
}
