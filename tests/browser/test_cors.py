"""CORS for real: pages of other origins, in a browser that enforces it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from stage import ORDER, Served

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

CALL = """
async ([method, url, key, body]) => {
  try {
    const answer = await fetch(url, {
      method,
      credentials: "include",
      headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
      body: body && JSON.stringify(body),
    });
    const text = await answer.text();
    return { status: answer.status, body: text ? JSON.parse(text) : null };
  } catch (error) {
    return { refused: error.name };
  }
}
"""
LISTEN = """
([url, key]) => new Promise((resolve) => {
  const socket = new WebSocket(url);
  const heard = [];
  socket.onopen = () => socket.send(JSON.stringify({ api_key: key }));
  socket.onmessage = ({ data }) => heard.push(JSON.parse(data).result);
  socket.onclose = ({ code, reason }) => resolve({ heard, code, reason });
  window.heard = heard;
})
"""


class App:
    """An app in a page, which knows the API by fetch and WebSocket."""

    def __init__(self, page: Page, served: Served) -> None:
        self.page = page
        self.served = served

    def call(self, method: str, path: str, body: object = None, key: str | None = None):
        return self.page.evaluate(CALL, [method, self.served.url + path, key or self.served.key, body])

    def create(self) -> str:
        answer = self.call("POST", "/streams", ORDER)
        assert 201 == answer["status"]
        return answer["body"]["stream_id"]


@pytest.fixture
def app(page: Page, served: Served, elsewhere: str) -> App:
    page.goto(elsewhere)
    return App(page, served)


@pytest.fixture
def allowed(served: Served) -> Iterator[list[str]]:
    """Origins that may call, set for one test."""
    before = served.ask("GET", "/settings")["cors_origins"]
    yield lambda *origins: served.ask("PATCH", "/settings", {"cors_origins": list(origins)})
    served.ask("PATCH", "/settings", {"cors_origins": before})


def test_a_stream_from_its_creation_to_its_end(app: App) -> None:
    stream = app.create()

    renewed = app.call("POST", f"/streams/{stream}/keepalive")
    closed = app.call("DELETE", f"/streams/{stream}")

    assert [200, 200] == [renewed["status"], closed["status"]]
    assert 45 == renewed["body"]["ttl_seconds"]


def test_errors_are_readable(app: App) -> None:
    app.page.complaints.expect("the server responded with a status of 4")
    unauthorized = app.call("GET", "/models", key="ovs_wrong")
    unknown = app.call("POST", "/streams/nobody/keepalive")
    invalid = app.call("POST", "/streams", {})
    nowhere = app.call("GET", "/nowhere")

    statuses = [each["status"] for each in (unauthorized, unknown, invalid, nowhere)]
    assert [401, 404, 422, 404] == statuses
    assert "unauthorized" == unauthorized["body"]["error"]


def test_a_fault_is_readable_too(app: App) -> None:
    app.page.complaints.expect("the server responded with a status of 503")
    stream = app.create()
    app.served.ask(
        "POST", "/faults", {"action": "answer", "status": 503, "on": {"route": "keepalive", "times": 1}}
    )

    failed = app.call("POST", f"/streams/{stream}/keepalive")
    again = app.call("POST", f"/streams/{stream}/keepalive")

    assert [503, 200] == [failed["status"], again["status"]]
    assert "message" in failed["body"]


def test_results_reach_the_page(app: App) -> None:
    stream = app.create()
    url = app.served.url.replace("http", "ws", 1)
    app.page.evaluate(
        f"(given) => {{ window.ended = ({LISTEN})(given); }}", [f"{url}/ws/streams/{stream}", app.served.key]
    )
    until_heard(app, stream)

    app.served.ask("POST", f"/streams/{stream}/results", {"result": "the door is open"})
    app.page.wait_for_function("window.heard.length > 0")
    app.call("DELETE", f"/streams/{stream}")

    expected = {"heard": ["the door is open"], "code": 1001, "reason": "stream ended: client_requested"}
    assert expected == app.page.evaluate("window.ended")


def until_heard(app: App, stream: str) -> None:
    """Until the fake has the page's key: results before that have nobody to hear them."""
    while not app.served.ask("GET", f"/streams/{stream}")["sockets"]:
        app.page.evaluate("() => new Promise(requestAnimationFrame)")


def test_only_allowed_origins_may_call(app: App, elsewhere: str, allowed) -> None:
    app.page.complaints.expect("CORS policy")
    app.page.complaints.expect("net::ERR_FAILED")
    allowed("https://app.example.com")
    assert {"refused": "TypeError"} == app.call("POST", "/streams", ORDER)
    assert [] == app.served.ask("GET", "/streams")["streams"]

    allowed("https://app.example.com", elsewhere)
    app.create()


INTRUDE = """
async (admin) => {
  const json = { "Content-Type": "application/json" };
  const tries = {
    read: () => fetch(`${admin}/streams`),
    write: () => fetch(`${admin}/reset`, { method: "POST", headers: json, body: "{}" }),
  };
  const outcome = {};
  for (const [name, go] of Object.entries(tries)) {
    outcome[name] = await go().then(({ status }) => status, (error) => error.name);
  }
  // What needs no preflight does arrive; it must be refused there.
  const fault = JSON.stringify({ action: "exhaust_credits" });
  await fetch(`${admin}/reset`, { method: "POST", mode: "no-cors" });
  await fetch(`${admin}/faults`, { method: "POST", mode: "no-cors", body: fault });
  outcome.follow = await new Promise((resolve) => {
    const source = new EventSource(`${admin}/journal/follow`);
    source.onmessage = () => resolve("heard");
    source.onerror = () => { source.close(); resolve("refused"); };
  });
  return outcome;
}
"""


def test_a_foreign_page_cannot_drive_the_fake(app: App) -> None:
    for expected in ("CORS policy", "net::ERR_FAILED", "status of 403", "MIME type"):
        app.page.complaints.expect(expected)
    stream = app.create()

    outcome = app.page.evaluate(INTRUDE, app.served.admin_url)

    assert {"read": "TypeError", "write": "TypeError", "follow": "refused"} == outcome
    assert [stream] == [each["id"] for each in app.served.ask("GET", "/streams")["streams"]]
    assert [] == app.served.ask("GET", "/faults")["faults"]


def test_a_foreign_page_cannot_frame_the_page(app: App) -> None:
    app.page.complaints.expect("frame-ancestors")
    app.page.complaints.expect("net::ERR_BLOCKED_BY_RESPONSE")

    with app.page.expect_console_message(lambda message: "frame-ancestors" in message.text):
        app.page.evaluate(FRAME, f"{app.served.admin_url}/ui")


FRAME = """
(url) => {
  const frame = document.createElement("iframe");
  frame.src = url;
  document.body.append(frame);
}
"""
