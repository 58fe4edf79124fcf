// The journal, live: server-sent events, with a connection that comes back by itself.

const RETRY_MS = 1000;

/**
 * Follow the journal from its beginning.
 *
 * onEvent(event) for each, once; onState("live" | "reconnecting"); onRestart() when the journal was emptied.
 */
export function follow({ onEvent, onState, onRestart }) {
  let last = -1;
  let source = null;
  let waiting = null;

  function open() {
    clearTimeout(waiting);
    source?.close();
    source = new EventSource(`journal/follow?after=${last}`);
    source.onopen = () => onState("live");
    source.onmessage = (message) => take(message);
    source.addEventListener("reset", () => {
      last = -1;
      onRestart();
    });
    source.onerror = () => {
      onState("reconnecting");
      // The browser itself comes back after a cut connection, but not after an answer it did not expect.
      if (source.readyState === EventSource.CLOSED) waiting = setTimeout(open, RETRY_MS);
    };
  }

  function take(message) {
    const event = JSON.parse(message.data);
    if (event.seq <= last) return; // Told again after a connection was lost.
    last = event.seq;
    onEvent(event);
  }

  open();
}
