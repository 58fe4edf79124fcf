// Puts the page together: what the store tells goes to the panels, time goes to what ticks.

import * as clock from "./clock.js";
import { byId } from "./dom.js";
import * as faults from "./faults.js";
import * as journal from "./journal.js";
import * as ledger from "./ledger.js";
import { say } from "./says.js";
import { now, start, state, watch } from "./store.js";
import * as streams from "./streams.js";

const FRAME_MS = 100;

watch((what) => {
  if (what === "live") clock.renderLive();
  if (what === "restart") journal.restart();
  if (what === "events") journal.render();
  if (what === "facts") {
    for (const panel of [clock, streams, ledger, faults]) panel.render();
    journal.renderChoices();
    tick();
  }
});

let shown = null;

function tick() {
  const moment = now();
  if (moment === shown && state.clock.mode !== "real") return;
  shown = moment;
  clock.tick();
  streams.tick();
  journal.tick();
}

async function main() {
  try {
    await start();
    clock.wire();
    journal.wire();
    await faults.wire();
    journal.render();
  } catch (error) {
    say(`The fake does not answer: ${error.message}. Is serve still running? Then reload this page.`);
  }
  setInterval(tick, FRAME_MS);
  byId("streams").dataset.ready = "yes"; // For whoever drives the page: everything is wired.
}

main();
