"""httpx.AsyncClient without sockets: respx asks the fake, and each fault is what it is on the network."""

from __future__ import annotations

import asyncio

import httpx
import pytest
import respx

from overshoot_testkit.bridges import route_to
from overshoot_testkit.clock import SteppedClock
from overshoot_testkit.fakes.overshoot import OvershootFake
from overshoot_testkit.faults import (
    Answer,
    Delay,
    Deploy,
    Dribble,
    Drop,
    Hang,
    Malform,
    Refuse,
    Reset,
    Truncate,
)
from overshoot_testkit.simulation import run

URL = "https://api.overshoot.ai/v0.2"
ORDER = {
    "processing": {"interval_seconds": 2.0},
    "inference": {"prompt": "Describe what you see", "model": "Qwen/Qwen3.5-9B"},
}


def told(tell, runner=run, **kinds):
    """A test told by a coroutine with a fake that listens nowhere, and a client of respx."""

    async def whole() -> None:
        async with respx.mock(assert_all_called=False) as router:
            fake = OvershootFake(**{name: kind() for name, kind in kinds.items()})
            route_to(fake, router)
            headers = {"Authorization": f"Bearer {fake.api_key}"}
            try:
                async with httpx.AsyncClient(base_url=URL, headers=headers) as client:
                    await tell(fake, client)
            finally:
                await fake.aclose()
            assert 0 == fake.traffic.connections_open

    def test() -> None:
        runner(whole)

    test.__name__ = tell.__name__
    return test


@told
async def test_a_stream_lives_and_dies_as_on_the_network(fake, client):
    created = await client.post("/streams", json=ORDER)
    stream = created.json()["stream_id"]
    await asyncio.sleep(20)
    renewed = await client.post(f"/streams/{stream}/keepalive")
    closed = await client.delete(f"/streams/{stream}")
    again = await client.delete(f"/streams/{stream}")

    assert [201, 200, 200, 204] == [each.status_code for each in (created, renewed, closed, again)]
    assert 20.0 == renewed.json()["seconds_charged"]
    assert b"" == again.content
    assert ["create", "keepalive", "close", "close"] == [
        exchange.request.route for exchange in fake.journal.exchanges()
    ]


@told
async def test_the_wrong_key_is_refused(fake, client):
    answer = await client.get("/models", headers={"Authorization": "Bearer ovs_other"})

    assert (401, "unauthorized") == (answer.status_code, answer.json()["error"])


@told
async def test_a_body_of_unknown_length_is_sent_in_chunks(fake, client):
    async def body():
        yield b'{"processing": {"interval_seconds": 2.0}, '
        yield b'"inference": {"prompt": "?", "model": "Qwen/Qwen3.5-9B"}}'

    answer = await client.post("/streams", content=body(), headers={"Content-Type": "application/json"})

    assert 201 == answer.status_code


FAULTS = {
    "drop": (Drop(), httpx.RemoteProtocolError, "Server disconnected without sending a response."),
    "drop after": (Drop(when="after"), httpx.RemoteProtocolError, "Server disconnected"),
    "reset": (Reset(), httpx.ReadError, "reset by peer"),
    "truncate": (Truncate(10), httpx.RemoteProtocolError, "peer closed connection without sending complete"),
    "hang": (Hang(), httpx.ReadTimeout, "timed out"),
    "late": (Delay(6), httpx.ReadTimeout, "timed out"),
    "malformed": (Malform("response"), httpx.RemoteProtocolError, "illegal status line"),
    "spoilt": (Malform("chunk"), httpx.RemoteProtocolError, "illegal chunk header"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_the_exception_that_httpx_has_for_it(name):
    action, error, text = FAULTS[name]

    @told
    async def tell(fake, client):
        fault = fake.faults.on(action, route="models")

        with pytest.raises(error, match=text):
            await client.get("/models")

        assert 1 == fault.fired
        assert 200 == (await client.get("/healthz")).status_code

    tell()


@told
async def test_an_answer_of_a_fault(fake, client):
    fake.faults.on(Answer(503, "<h1>away</h1>", headers={"Retry-After": "3"}), route="models", times=1)

    answer = await client.get("/models")

    assert (503, "<h1>away</h1>", "3") == (answer.status_code, answer.text, answer.headers["retry-after"])
    assert "Service Unavailable" == answer.reason_phrase


@told
async def test_timeouts_and_delays_are_virtual_seconds(fake, client):
    fake.faults.on(Delay(3), times=1)
    await client.get("/models")

    assert 3.0 == fake.clock.now()

    fake.faults.on(Hang(), times=1)
    with pytest.raises(httpx.ReadTimeout):
        await client.get("/models", timeout=60)

    assert 63.0 == fake.clock.now()
    await asyncio.sleep(1)
    assert "abandoned" == fake.journal.exchanges()[-1].response.outcome


@told
async def test_an_answer_that_dribbles_in_is_read_piece_by_piece(fake, client):
    fake.faults.on(Dribble(seconds=8, pieces=4), route="models")

    async with client.stream("GET", "/models") as answer:
        pieces = [(piece, fake.clock.now()) async for piece in answer.aiter_raw()]

    assert len(pieces) > 1
    assert 8.0 == pytest.approx(pieces[-1][1], abs=2.0)


@told
async def test_a_stream_of_bytes_that_is_left_is_hung_up(fake, client):
    fake.faults.on(Dribble(seconds=8, pieces=4), route="models")

    async with client.stream("GET", "/models"):
        pass
    await asyncio.sleep(1)

    assert 0 == fake.traffic.connections_open


@told
async def test_a_call_that_is_cancelled_is_hung_up(fake, client):
    fake.faults.on(Hang())
    calling = asyncio.create_task(client.get("/models", timeout=None))
    await asyncio.sleep(1)
    calling.cancel()
    await asyncio.wait([calling])
    await asyncio.sleep(1)

    assert "abandoned" == fake.journal.exchanges()[-1].response.outcome


@told
async def test_a_server_that_lets_nobody_in(fake, client):
    fake.faults.now(Refuse(5))
    with pytest.raises(httpx.ConnectError, match="refused"):
        await client.get("/healthz")
    await asyncio.sleep(5.1)

    assert 200 == (await client.get("/healthz")).status_code


@told
async def test_a_deploy(fake, client):
    fake.faults.now(Deploy(5, by="refusal"))
    with pytest.raises(httpx.ConnectError):
        await client.get("/healthz")
    await asyncio.sleep(5.1)
    fake.faults.now(Deploy(5))

    assert 503 == (await client.get("/healthz")).status_code


@told
async def test_many_at_a_time(fake, client):
    fake.faults.on(Delay(1), route="create")
    answers = await asyncio.gather(*(client.post("/streams", json=ORDER) for _ in range(6)))

    assert [201, 201, 201, 201, 201, 429] == sorted(answer.status_code for answer in answers)
    assert 1.0 == fake.clock.now()


@told
async def test_websockets_are_refused_with_the_reason(fake, client):
    with pytest.raises(httpx.UnsupportedProtocol, match="WebSockets"):
        await client.get("/ws/streams/1", headers={"Upgrade": "websocket", "Connection": "Upgrade"})


def test_on_a_real_loop_and_a_stepped_clock():
    async def tell(fake, client):
        fake.faults.on(Hang())
        calling = asyncio.create_task(client.get("/models", timeout=30))
        await fake.clock.advance(29)
        assert not calling.done()
        await fake.clock.advance(1)
        with pytest.raises(httpx.ReadTimeout):
            await calling

    told(tell, lambda whole: asyncio.run(whole()), clock=SteppedClock)()


# --- beside other routes ------------------------------------------------------------------------------------


def test_other_routes_are_respxs_own_and_go_first():
    async def tell():
        async with respx.mock(assert_all_called=True) as router:
            before = router.get(f"{URL}/models").respond(418)
            fake = OvershootFake()
            route_to(fake, router)
            after = router.get(f"{URL}/healthz").respond(204)
            elsewhere = router.get("https://example.test/").respond(json={"mine": True})
            async with httpx.AsyncClient() as client:
                assert 418 == (await client.get(f"{URL}/models")).status_code
                assert 204 == (await client.get(f"{URL}/healthz")).status_code
                assert 404 == (await client.get(f"{URL}/nothing")).status_code
                assert {"mine": True} == (await client.get("https://example.test/")).json()
                with pytest.raises(respx.models.AllMockedAssertionError):
                    await client.get("https://unknown.test/")
            await fake.aclose()
            assert (1, 1, 1) == (before.call_count, after.call_count, elsewhere.call_count)
            assert [404] == [exchange.response.status for exchange in fake.journal.exchanges()]

    run(tell())


def test_what_was_called_can_be_asked_of_respx():
    async def tell():
        fake = OvershootFake()
        with route_to(fake) as router:
            async with httpx.AsyncClient() as client:
                await client.get(f"{URL}/healthz")
            await fake.aclose()
            assert 1 == router.calls.call_count
            assert {"status": "ok"} == router.calls.last.response.json()

    run(tell())


def test_a_route_to_a_fake_that_nobody_called_is_missed_if_all_must_be_called():
    async def tell():
        fake = OvershootFake()
        with pytest.raises(AssertionError, match="not called"), respx.mock(assert_all_called=True) as router:
            route_to(fake, router)
        await fake.aclose()

    run(tell())


def test_where_the_fake_listens_is_routed_too():
    async def tell():
        async with OvershootFake() as fake:
            with route_to(fake):
                async with httpx.AsyncClient() as client:
                    assert 200 == (await client.get(f"{fake.base_url}/healthz")).status_code
                    assert 200 == (await client.get(f"{URL}/healthz")).status_code

    asyncio.run(tell())
