"""Each fault of a request as an aiohttp client sees it: in memory and on a real socket alike."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from fake_stories import FRAME, on_both_networks, story

from overshoot_testkit.faults import Answer, Delay, Drop, Hang, Reset, Truncate
from overshoot_testkit.journal import Charged, Request, Response, StateChanged

# What a client makes of a connection that ends, and of one that is reset.
END_OF_STREAM, RESET = aiohttp.ServerDisconnectedError, aiohttp.ClientOSError


def outcomes(wire, route="keepalive"):
    return [each.outcome for each in wire.journal.of(Response, route=route)]


async def refused_in_the_documented_shape(wire):
    stream = await wire.create()
    for status in (400, 401, 402, 404, 429, 500, 502, 503):
        wire.faults.on(Answer(status), route="keepalive", times=1)
        got, body = await wire.keepalive(stream)
        assert (status, "req_") == (got, body["request_id"][:4])
    assert [] == wire.journal.of(Charged)


async def answered_with_anything(wire):
    stream = await wire.create()
    url = f"{wire.fake.base_url}/streams/{stream}/info"
    for action, expected in (
        (Answer(200, {"odd": True}), (200, "application/json", '{"odd":true}')),
        (Answer(502, "<h1>Bad gateway</h1>"), (502, "text/html", "<h1>Bad gateway</h1>")),
        (Answer(429, [1], {"Retry-After": "7"}), (429, "application/json", "[1]")),
        (Answer(204), (204, "application/octet-stream", "")),
    ):
        wire.faults.on(action, route="info", times=1)
        async with wire.session.get(url) as answer:
            assert expected == (answer.status, answer.content_type, await answer.text())
            assert action.headers.get("Retry-After") == answer.headers.get("Retry-After")


async def lost_before_it_was_processed(wire):
    stream = await wire.create()
    for action, outcome, seen in ((Drop(), "dropped", END_OF_STREAM), (Reset(), "reset", RESET)):
        wire.faults.on(action, route="keepalive", times=1)
        with pytest.raises(seen):
            await wire.keepalive(stream)
        assert outcome == outcomes(wire)[-1]
    assert [] == wire.journal.of(Charged)


async def answer_lost_after_it_was_processed(wire):
    for action, outcome, seen in (
        (Drop("after"), "dropped", END_OF_STREAM),
        (Reset("after"), "reset", RESET),
    ):
        wire.faults.on(action, route="create", times=1)
        with pytest.raises(seen):
            await wire.call("POST", "/streams", json=FRAME)
        lost = wire.journal.last(Response, route="create")
        assert (outcome, wire.fake.streams[-1].id) == (lost.outcome, lost.stream_id)
    assert 2 == len(wire.fake.open_streams())


async def cut_short(wire):
    stream = await wire.create()
    for count in (0, 10):
        wire.faults.on(Truncate(count), route="keepalive", times=1)
        with pytest.raises(aiohttp.ClientPayloadError):
            await wire.keepalive(stream)
    assert ["truncated", "truncated"] == outcomes(wire)
    assert 2 == len(wire.journal.of(Charged))


STORIES = [
    refused_in_the_documented_shape,
    answered_with_anything,
    lost_before_it_was_processed,
    answer_lost_after_it_was_processed,
    cut_short,
]


test_in_memory, test_on_loopback = on_both_networks(STORIES)


@story()
async def test_a_request_is_delayed_before_or_after_it_is_processed(wire):
    stream = await wire.create()
    await wire.clock.sleep(10)
    wire.faults.on(Delay(4), route="keepalive", times=1)
    wire.faults.on(Delay(5, when="after"), route="keepalive", skip=1, times=1)

    _, late = await wire.keepalive(stream)
    assert (14.0, 14.0) == (late["seconds_charged"], wire.clock.now())
    _, early = await wire.keepalive(stream)
    assert (0.0, 19.0) == (early["seconds_charged"], wire.clock.now())


@story()
async def test_delays_add_up_and_end_in_another_fault(wire):
    stream = await wire.create()
    wire.faults.on(Delay(2), route="keepalive")
    wire.faults.on(Delay(3), route="keepalive")
    wire.faults.on(Answer(500), route="keepalive")

    assert 500 == (await wire.keepalive(stream))[0]
    assert 5.0 == wire.clock.now()


@story()
async def test_a_request_that_hangs_is_held_until_the_client_gives_up(wire):
    stream = await wire.create()
    wire.faults.on(Hang(), route="keepalive", times=1)
    wire.faults.on(Hang("after"), route="keepalive", times=1)

    for charges in (0, 1):
        timeout = aiohttp.ClientTimeout(total=5)
        with pytest.raises(TimeoutError):
            await wire.keepalive(stream, timeout=timeout)
        await wire.clock.sleep(0.1)
        assert ("abandoned", 0) == (outcomes(wire)[-1], wire.fake.traffic.requests_open)
        assert charges == len(wire.journal.of(Charged))


@story()
async def test_closing_the_fake_lets_go_of_what_it_holds(wire):
    stream = await wire.create()
    wire.faults.on(Hang(), route="keepalive")
    held = asyncio.create_task(wire.keepalive(stream))
    await wire.clock.sleep(1)

    await wire.fake.aclose()

    with pytest.raises(aiohttp.ClientConnectionError):
        await held
    assert ["dropped"] == outcomes(wire)


@story()
async def test_the_handshake_of_a_socket_can_fail_too(wire):
    stream = await wire.create()
    wire.faults.on(Answer(503), route="socket", times=1)
    with pytest.raises(aiohttp.WSServerHandshakeError, match="503"):
        await wire.socket(stream)
    for action in (Drop(), Reset(), Drop("after"), Truncate()):
        # Twice: aiohttp repeats a GET on a kept-alive connection that turns out to be dead.
        wire.faults.on(action, route="socket", times=2)
        with pytest.raises(aiohttp.ClientError):
            await wire.socket(stream)
    wire.faults.on(Delay(3), route="socket", times=1)
    await wire.socket(stream)

    assert 3.0 == wire.clock.now()
    assert [503, None, None, None] == [each.status for each in wire.journal.of(Response, route="socket")][:4]
    assert 101 == wire.journal.last(Response, route="socket").status


@story()
async def test_a_lost_request_is_written_down_before_its_fault(wire):
    wire.faults.on(Drop(), route="create", name="the lost create")
    with pytest.raises(aiohttp.ClientConnectionError):
        await wire.call("POST", "/streams", json=FRAME)

    kinds = [type(each).__name__ for each in wire.journal]
    assert ["Request", "FaultFired", "Response"] == kinds
    assert "req_000001" == wire.journal.first(Request).request_id
    assert [] == wire.journal.of(StateChanged)
