// Lanes over time: a dot an event, a lane a kind. The list below says the same in words.

import { byId, svg } from "./dom.js";
import { duration } from "./format.js";
import { KINDS, kindOf, mood, textOf } from "./kinds.js";

const SPANS = [12, 30, 60, 90, 120, 180, 300];
const LONGEST = 300;
const DOTS = 600;
const LANE = 20;
const LEFT = 76;
const RIGHT = 14;
const TOP = 8;
const AXIS = 20;

const kinds = KINDS.filter(({ id }) => id !== "note");
const height = TOP + kinds.length * LANE + AXIS;
let shown = [];
let open = () => {};

const left = (width) => (width < 480 ? 66 : LEFT);

/** The stretch of time that is shown: all of it if it fits a round span, else the latest of it. */
function stretch(now) {
  const span = SPANS.find((each) => each >= now) ?? LONGEST;
  return { since: Math.max(0, now - span), span };
}

export function render(events, now) {
  shown = events.slice(-DOTS);
  draw(now);
}

let drawnAt = null;

/** Time went on; in small steps nobody sees the difference. */
export function move(now) {
  const { span } = stretch(now);
  if (drawnAt === null || Math.abs(now - drawnAt) > span / 400) draw(now);
}

function draw(now) {
  drawnAt = now;
  const place = byId("lanes");
  const width = place.clientWidth;
  if (!width) return;
  const { since, span } = stretch(now);
  const start = left(width);
  const x = (at) => start + ((at - since) / span) * (width - start - RIGHT);
  const visible = shown.filter(({ at }) => at >= since);
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img",
    "aria-label": `${visible.length} events of the last ${duration(Math.min(now, span))}, by kind and time` },
  ticks(since, span, x), kinds.map((kind, at) => lane(kind, at, width)),
  svg("line", { class: "now", x1: x(now), x2: x(now), y1: 2, y2: height - AXIS + 2 }),
  visible.map((event) => dot(event, x(event.at))));
  place.replaceChildren(picture);
}

function lane(kind, at, width) {
  const y = TOP + at * LANE + LANE / 2;
  return [
    svg("text", { class: "name", x: 0, y: y + 4 }, kind.label),
    svg("line", { class: "rail", x1: left(width), x2: width - RIGHT, y1: y, y2: y }),
  ];
}

function ticks(since, span, x) {
  const step = span / (x(since + span) - x(since) < 400 ? 3 : 6);
  const marks = [];
  for (let at = Math.ceil(since / step) * step; at <= since + span + 1e-6; at += step) {
    marks.push(svg("line", { class: "grid", x1: x(at), x2: x(at), y1: 2, y2: height - AXIS + 2 }),
      svg("text", { class: "tick", x: x(at), y: height - 5, "text-anchor": "middle" }, label(at)));
  }
  return marks;
}

const label = (at) => (at < 120 ? `${+at.toFixed(1)} s` : `${Math.floor(at / 60)}:${String(Math.round(at % 60)).padStart(2, "0")}`);

function dot(event, cx) {
  const at = kinds.findIndex(({ id }) => id === kindOf(event));
  if (at < 0) return null;
  const request = event.event === "Request";
  return svg("circle", { cx, cy: TOP + at * LANE + LANE / 2, r: event.event === "FaultFired" ? 5 : request ? 2.5 : 4,
    data: { kind: kindOf(event), mood: mood(event), seq: event.seq } }, svg("title", {}, textOf(event)));
}

export function wire(onOpen) {
  open = onOpen;
  byId("lanes").addEventListener("click", ({ target }) => {
    const seq = target.dataset?.seq;
    if (seq !== undefined) open(seq);
  });
  new ResizeObserver(() => drawnAt !== null && draw(drawnAt)).observe(byId("lanes"));
}
