"""Draws docs/images/ui.png: the page of `serve` in the middle of a lively scenario, in headless Chromium.

usage: python docs/images/make_ui.py

Needs the dependency group `browser`, and Chromium.
"""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path

import httpx
from playwright.sync_api import sync_playwright

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "tests" / "browser"))

from chromium import ARGUMENTS, WHAT_TO_DO, find  # noqa: E402 - the browser's tests know where Chromium is
from stage import Served  # noqa: E402
from websockets.sync.client import connect  # noqa: E402

SIZE = {"width": 1280, "height": 980}
ONCE = {"route": "keepalive", "times": 1}


def fault(served: Served, name: str, **form: object) -> None:
    served.ask("POST", "/faults", {"name": name, **form})


def listen(served: Served, stream: str, open_sockets: contextlib.ExitStack) -> None:
    url = f"{served.url.replace('http', 'ws', 1)}/ws/streams/{stream}"
    socket = open_sockets.enter_context(connect(url, proxy=None))
    socket.send(json.dumps({"api_key": served.key}))


def live(served: Served, open_sockets: contextlib.ExitStack) -> None:
    """Three streams, one that lapsed, and keepalives that meet faults."""
    served.create("How many parcels are on the belt?")
    served.advance(6)
    door = served.create("Is the door open?")
    listen(served, door, open_sockets)
    served.advance(18)
    served.keepalive(door)
    fault(served, "503", action="answer", status=503, on=ONCE)
    served.advance(9)
    queue = served.create("Count the people in the queue")
    served.keepalive(door)
    served.advance(2)
    served.keepalive(door)
    served.advance(14)
    served.create("Read the number plate of the van at the gate")
    fault(served, "close 1011", action="close_socket", code=1011, reason="internal error", stream=door)
    listen(served, queue, open_sockets)
    served.advance(6)
    fault(served, "answer lost", action="drop", when="after", on=ONCE)
    with contextlib.suppress(httpx.TransportError):
        served.keepalive(queue)
    served.advance(2)
    served.keepalive(queue)
    fault(served, "402", action="answer", status=402, on={**ONCE, "stream": door})
    served.advance(3)


def main() -> None:
    chromium = find()
    if chromium is None:
        sys.exit(WHAT_TO_DO)
    served = Served("--clock", "stepped")
    try:
        with contextlib.ExitStack() as open_sockets, sync_playwright() as playwright:
            live(served, open_sockets)
            browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
            page = browser.new_page(viewport=SIZE, color_scheme="light")
            page.goto(f"{served.admin_url}/ui")
            page.wait_for_selector("#streams[data-ready]")
            page.wait_for_selector("#journal-list li")
            page.screenshot(path=HERE / "ui.png", animations="disabled")
            browser.close()
    finally:
        served.close()


if __name__ == "__main__":
    main()
