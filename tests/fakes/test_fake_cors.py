"""What a browser needs before it lets a page with credentials read an answer."""

from __future__ import annotations

import io

import httpx
import pytest
from fake_stories import FRAME, loopback_story, story

from overshoot_testkit.fakes.overshoot import Settings
from overshoot_testkit.faults import Answer, Deploy, Drop
from overshoot_testkit.journal import Request, Response

PAGE = "https://app.example.test"


async def ask(wire, method, path, **how):
    """Status and headers, as a page of `PAGE` gets them."""
    headers = {"Authorization": f"Bearer {wire.key}", "Origin": PAGE, **how.pop("headers", {})}
    async with wire.session.request(method, wire.fake.base_url + path, headers=headers, **how) as answer:
        await answer.read()
        return answer.status, answer.headers


async def preflight(wire, path, method="POST", origin=PAGE, headers="authorization, content-type"):
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": headers,
    }
    async with wire.session.options(wire.fake.base_url + path, headers=asked) as answer:
        assert (answer.status == 204) is (await answer.read() == b"")
        return answer.status, answer.headers


def readable(headers, origin=PAGE):
    """Whether a browser lets a page with credentials read it. Fetch standard, CORS check."""
    return (origin, "true") == (
        headers.get("Access-Control-Allow-Origin"),
        headers.get("Access-Control-Allow-Credentials"),
    )


@story()
async def test_a_preflight_needs_no_key_and_tells_what_is_allowed(wire):
    status, headers = await preflight(wire, "/streams")

    assert (204, True, "Origin") == (status, readable(headers), headers["Vary"])
    assert "DELETE, GET, HEAD, OPTIONS, PATCH, POST" == headers["Access-Control-Allow-Methods"]
    assert "Authorization, Content-Type" == headers["Access-Control-Allow-Headers"]
    assert "600" == headers["Access-Control-Max-Age"]
    assert headers["X-Request-Id"]


@story()
async def test_every_answer_can_be_read_by_the_page_whatever_it_is(wire):
    wire.faults.on(Answer(503), route="models", times=1)
    stream = await wire.create()
    for method, path, expected in (
        ("GET", "/models", 503),
        ("GET", "/models", 200),
        ("HEAD", "/models", 200),
        ("POST", f"/streams/{stream}/keepalive", 200),
        ("POST", "/streams", 422),
        ("DELETE", f"/streams/{stream}", 200),
        ("DELETE", f"/streams/{stream}", 204),
        ("GET", "/nowhere", 404),
        ("PUT", "/models", 405),
    ):
        status, headers = await ask(wire, method, path)
        assert (expected, True) == (status, readable(headers)), path
        assert "X-Request-Id, Retry-After" == headers["Access-Control-Expose-Headers"]
        assert "Origin" in headers["Vary"]
    status, headers = await ask(wire, "GET", "/models", headers={"Authorization": "Bearer wrong"})
    assert (401, True) == (status, readable(headers))
    status, headers = await ask(wire, "POST", "/streams", data=io.BytesIO(b" " * 2_000_000))
    assert (413, True) == (status, readable(headers))


@story()
async def test_a_preflight_uses_up_no_fault_that_was_meant_for_the_request(wire):
    create = wire.faults.on(Answer(503), route="create", times=1)
    first = wire.faults.on(Answer(500), times=1)
    post = wire.faults.on(Drop(), method="POST", skip=1, times=1)

    for _ in range(3):
        assert 204 == (await preflight(wire, "/streams"))[0]
    assert [0, 0, 0] == [each.seen for each in (create, first, post)]
    assert 503 == (await ask(wire, "POST", "/streams", json=FRAME))[0]
    assert 500 == (await ask(wire, "POST", "/streams", json=FRAME))[0]


@story()
async def test_a_fault_can_be_meant_for_preflights(wire):
    wire.faults.on(Answer(500), method="OPTIONS", times=1)
    wire.faults.on(Answer(502), route="preflight", times=1)

    assert [500, 502, 204] == [(await preflight(wire, "/streams"))[0] for _ in range(3)]


@story()
async def test_during_a_deploy_the_page_can_read_that_there_is_one(wire):
    wire.faults.now(Deploy(5))
    status, _ = await preflight(wire, "/streams")
    refused, headers = await ask(wire, "POST", "/streams", json=FRAME)

    assert (204, 503, True) == (status, refused, readable(headers))


@story()
async def test_the_journal_has_preflights_and_does_not_take_them_for_requests(wire):
    stream = await wire.create()
    await preflight(wire, f"/streams/{stream}/keepalive")
    await wire.keepalive(stream)

    assert ["OPTIONS"] == [each.method for each in wire.journal.of(Request, route="preflight")]
    assert [204] == [each.status for each in wire.journal.of(Response, route="preflight")]
    assert ["POST"] == [each.request.method for each in wire.journal.exchanges("keepalive")]
    assert [] == wire.journal.of(Request, route="preflight", stream_id=stream)


@story()
async def test_a_preflight_for_what_is_not_there_lets_the_request_find_out(wire):
    assert 204 == (await preflight(wire, "/nowhere", "PATCH"))[0]
    assert 404 == (await ask(wire, "PATCH", "/nowhere"))[0]


@story()
async def test_options_alone_is_no_preflight(wire):
    status, headers = await ask(wire, "OPTIONS", "/streams")

    assert (204, "OPTIONS, POST", True) == (status, headers["Allow"], readable(headers))
    assert "Access-Control-Allow-Methods" not in headers


@story(cors_origins=(PAGE, "http://localhost:5173"))
async def test_who_may_read_can_be_limited(wire):
    for origin, expected in (
        (PAGE, True),
        ("http://localhost:5173", True),
        ("http://localhost:5174", False),
        ("https://app.example.test.evil.test", False),
        ("null", False),
    ):
        status, headers = await preflight(wire, "/streams", origin=origin)
        assert (204, expected) == (status, readable(headers, origin))
        assert expected is ("Access-Control-Allow-Methods" in headers)
        status, headers = await ask(wire, "GET", "/models", headers={"Origin": origin})
        assert (200, expected) == (status, readable(headers, origin))
        assert "Origin" == headers["Vary"]

    wire.fake.change(cors_origins=())
    _, headers = await ask(wire, "GET", "/models")
    assert False is readable(headers)


@story()
async def test_any_origin_is_echoed_exactly(wire):
    for origin in ("null", "http://localhost:3000", "capacitor://localhost", "https://xn--bcher-kva.test"):
        _, headers = await ask(wire, "GET", "/models", headers={"Origin": origin})
        assert True is readable(headers, origin)
    for origin in ("", "https://bücher.test"):
        status, headers = await ask(wire, "GET", "/models", headers={"Origin": origin})
        assert (200, None) == (status, headers.get("Access-Control-Allow-Origin") or None)


@story()
async def test_without_an_origin_nothing_is_allowed_to_anybody(wire):
    async with wire.session.get(f"{wire.fake.base_url}/healthz") as answer:
        assert [] == [name for name in answer.headers if name.lower().startswith("access-control")]
        assert "Origin" == answer.headers["Vary"]


@loopback_story()
async def test_a_page_s_handshake_is_accepted(wire):
    stream = await wire.create()
    url = f"{wire.fake.base_url}/ws/streams/{stream}"
    async with wire.session.ws_connect(url, headers={"Origin": PAGE}) as socket:
        assert PAGE == socket._response.headers["Access-Control-Allow-Origin"]


@loopback_story()
async def test_httpx_in_a_browsers_place(wire):
    asked = {"Origin": PAGE, "Access-Control-Request-Method": "DELETE"}
    async with httpx.AsyncClient(base_url=wire.fake.base_url) as client:
        answer = await client.options("/streams/any", headers=asked)

    assert (204, "", True) == (answer.status_code, answer.text, readable(answer.headers))


@pytest.mark.parametrize(
    "origins",
    ["https://app.example.test", ["https://app.example.test"], ("app.example.test",), (f"{PAGE}/",), (5,)],
)
def test_a_setting_that_no_browser_would_match_is_refused(origins):
    with pytest.raises(ValueError, match=r"^Settings\.cors_origins: "):
        Settings(cors_origins=origins)
