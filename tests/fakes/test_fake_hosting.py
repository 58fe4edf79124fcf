"""Where the fake listens, how it ends, and what is left: nothing."""

from __future__ import annotations

import asyncio
import socket

import aiohttp
import pytest
from fake_stories import FRAME, Wire, loopback_story, story

from overshoot_testkit.clock import SteppedClock
from overshoot_testkit.fakes.base import PortInUseError, Refusal, RemoteHostError, Reply, Route
from overshoot_testkit.fakes.overshoot import OvershootFake
from overshoot_testkit.faults import FaultPlan
from overshoot_testkit.journal import Journal, Note, Response
from overshoot_testkit.simulation import run


def alone(tell):
    """Without anything prepared, on a real loop."""

    def test():
        asyncio.run(tell())

    test.__name__ = tell.__name__
    return test


@loopback_story()
async def test_it_listens_on_a_free_port_of_this_machine(wire):
    assert wire.fake.base_url.startswith("http://127.0.0.1:")
    assert wire.fake.base_url.endswith("/v0.2")
    assert (200, {"status": "ok"}) == await wire.call("GET", "/healthz", key=None)


def test_in_memory_it_has_the_real_name():
    async def tell():
        fake = OvershootFake()
        assert "https://api.overshoot.ai/v0.2" == await fake.listen("api.overshoot.ai", 443)
        async with aiohttp.ClientSession() as session:
            wire = Wire(fake, session)
            stream = await wire.create()
            assert 200 == (await wire.keepalive(stream))[0]
            listening = await wire.socket(stream)
            assert '"ok":true' in (await listening.receive()).data
            wire.hang_up()
        await fake.aclose()

    run(tell)


@alone
async def test_a_port_in_use_says_so():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        fake = OvershootFake(SteppedClock())
        with pytest.raises(PortInUseError, match=f"port {port} on 127.0.0.1 is in use: choose another, or 0"):
            await fake.listen(port=port)
        assert await fake.listen()
        await fake.aclose()


@alone
async def test_other_machines_are_kept_out_unless_asked_in():
    fake = OvershootFake(SteppedClock())
    for host in ("0.0.0.0", "::", "192.0.2.1", "example.test"):
        with pytest.raises(RemoteHostError, match="allow_remote=True"):
            await fake.listen(host)
    assert (await fake.listen("0.0.0.0", allow_remote=True)).startswith("http://0.0.0.0:")
    await fake.aclose()


@alone
async def test_before_it_listens_it_has_no_url_and_after_its_end_it_is_over():
    fake = OvershootFake(SteppedClock())
    with pytest.raises(RuntimeError, match="listen"):
        _ = fake.base_url
    await fake.aclose()
    await fake.aclose()
    with pytest.raises(RuntimeError, match="make a new one"):
        await fake.listen()


@alone
async def test_what_is_handed_in_is_used_though_it_is_still_empty():
    clock = SteppedClock()
    journal = Journal(clock)
    faults = FaultPlan(clock, journal)

    fake = OvershootFake(clock, journal=journal, faults=faults)

    assert (clock, journal, faults) == (fake.clock, fake.journal, fake.faults)
    await fake.aclose()


@alone
async def test_nothing_is_left_after_the_end():
    before = asyncio.all_tasks()
    fake = OvershootFake(SteppedClock())
    url = await fake.listen()
    async with aiohttp.ClientSession() as session:
        wire = Wire(fake, session)
        stream = await wire.create()
        listening = [await wire.socket(stream) for _ in range(3)]
        unauthenticated = await wire.open_socket(stream)
        await fake.aclose()
        for each in (*listening, unauthenticated):
            message = await each.receive()
            assert (1001, "server closed") == (message.data, message.extra)
        with pytest.raises(aiohttp.ClientConnectionError):
            await session.get(f"{url}/healthz")

    assert fake.clock.next_timer() is None
    assert before == asyncio.all_tasks()
    assert (0, 0, 0) == tuple(
        getattr(fake.traffic, name) for name in ("requests_open", "sockets_open", "connections_open")
    )


@loopback_story()
async def test_a_reader_that_does_not_read_stalls_nobody_else(wire):
    stream = await wire.create()
    lazy, keen = await wire.socket(stream), await wire.socket(stream)
    lazy._response.connection.transport.pause_reading()
    wire.fake.results.script(["x" * 1_000_000] * 15)

    for count in range(15):
        await wire.clock.advance(1.1 if count == 0 else 2)
        assert (await keen.receive()).type is aiohttp.WSMsgType.TEXT
    assert 200 == (await wire.keepalive(stream))[0]


@story()
async def test_traffic_is_counted(wire):
    fake = wire.fake
    stream = await wire.create()
    listening = await wire.socket(stream)
    await listening.receive()

    counted = fake.traffic.as_dict()
    assert (2, 0, 1, 1, 1, 1) == tuple(
        counted[name]
        for name in (
            "requests_received",
            "requests_open",
            "sockets_open",
            "messages_in",
            "messages_out",
            "connections_open",
        )
    )
    still = fake.traffic.activity
    await wire.clock.sleep(0.5)
    assert still == fake.traffic.activity
    await wire.clock.sleep(2)
    assert still < fake.traffic.activity


def test_our_own_defect_is_a_500_and_comes_to_light_at_the_end():
    async def tell():
        fake = OvershootFake()

        def broken(_):
            raise ZeroDivisionError("our mistake")

        fake._service.add_routes([Route("broken", "GET", "/broken", broken, public=True)])
        await fake.listen()
        async with aiohttp.ClientSession() as session:
            wire = Wire(fake, session)
            status, answer = await wire.call("GET", "/broken")
            assert (500, "internal") == (status, answer["error"])
            assert 500 == fake.journal.last(Response).status
            assert "ZeroDivisionError: our mistake" in fake.journal.first(Note).text
        with pytest.raises(ExceptionGroup, match="please report"):
            await fake.aclose()

    run(tell)


def test_a_script_that_raises_comes_to_light_too():
    async def tell():
        fake = OvershootFake()
        await fake.listen()
        async with aiohttp.ClientSession() as session:
            wire = Wire(fake, session)
            fake.results.script([lambda request: 1 / 0])
            listening = await wire.socket(await wire.create())
            await fake.clock.sleep(2)
            await listening.close()
        with pytest.raises(ExceptionGroup) as caught:
            await fake.aclose()
        assert isinstance(caught.value.exceptions[0], ZeroDivisionError)

    run(tell)


@story()
async def test_an_endpoint_is_one_more_line(wire):
    def teapot(call):
        if call.stream_id == "coffee":
            raise Refusal(418, "I am a teapot.", code="teapot")
        return Reply(200, {"tea": call.stream_id})

    wire.fake._service.add_routes([Route("tea", "GET", "/tea/{stream_id}", teapot)])

    assert (200, {"tea": "green"}) == await wire.call("GET", "/tea/green")
    assert (418, "teapot") == ((answer := await wire.call("GET", "/tea/coffee"))[0], answer[1]["error"])
    with pytest.raises(ValueError, match="two are named 'tea'"):
        wire.fake._service.add_routes([Route("tea", "GET", "/other", teapot)])
    assert 201 == (await wire.call("POST", "/streams", json=FRAME))[0]


def test_an_address_of_version_six_is_written_in_brackets():
    async def whole() -> str:
        fake = OvershootFake()
        try:
            return await fake.listen("::1", 8080)
        finally:
            await fake.aclose()

    assert "http://[::1]:8080/v0.2" == run(whole)


@story()
async def test_timers_that_fired_are_not_kept(wire):
    await wire.socket(await wire.create())
    before = len(wire.fake._service._timers)
    await wire.clock.sleep(40)

    assert before == len(wire.fake._service._timers)
