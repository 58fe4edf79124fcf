// The lanes of the journal: what kind of thing an event is.

import { number } from "./format.js";

export const KINDS = [
  { id: "fault", label: "Faults", events: ["FaultFired"] },
  { id: "wire", label: "Requests", events: ["Request", "Response"] },
  { id: "socket", label: "Sockets", events: ["SocketOpened", "SocketMessage", "SocketClosed"] },
  { id: "state", label: "State", events: ["StateChanged", "LeaseRenewed", "TokenIssued"] },
  { id: "money", label: "Money", events: ["Charged"] },
  { id: "note", label: "Other", events: [] },
];

const byEvent = new Map(KINDS.flatMap(({ id, events }) => events.map((event) => [event, id])));

export const kindOf = (event) => byEvent.get(event.event) ?? "note";

/** One line for an event; some have no line of their own in a text timeline. */
export function textOf(event) {
  if (event.event === "SocketMessage") return `socket ${event.socket} ${event.direction === "in" ? "→" : "←"} ${gist(event.data)}`;
  if (event.text) return event.text;
  if (event.event === "TokenIssued") return `${event.token} runs to ${number(event.expires_at)} s`;
  return event.event;
}

/** What a socket message is about: a result's own words, else all of it. */
function gist(data) {
  if (typeof data === "string") return data;
  if (data && typeof data.result === "string") return data.ok === false ? `error: ${data.error}` : `result: ${data.result}`;
  return JSON.stringify(data);
}

/** "ok", "bad" or "worse" for how a request ended or a check went; "" for all else. */
export function mood(event) {
  if (event.event === "Checked") return event.passed ? "ok" : "worse";
  if (event.event !== "Response") return "";
  if (event.status === null || event.status >= 500) return "worse";
  return event.status >= 400 ? "bad" : "ok";
}
