// What went wrong, said to whoever pressed the button.

import { byId, h } from "./dom.js";

const SHOWN_MS = 8000;

export function say(text) {
  const note = h("p", {}, text);
  const gone = () => note.remove();
  note.append(h("button", { type: "button", class: "quiet small", "aria-label": "Dismiss", on: { click: gone } }, "×"));
  byId("says").append(note);
  setTimeout(gone, SHOWN_MS);
}

/** A listener that does something with the fake, and says so if the fake refuses. */
export function act(work, after) {
  return async (event) => {
    event?.preventDefault();
    const control = event?.currentTarget;
    try {
      await work(event);
      await after?.();
    } catch (error) {
      say(error.message);
    }
    return control;
  };
}
