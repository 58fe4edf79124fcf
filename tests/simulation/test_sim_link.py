"""Each condition of a link, as a client sees it."""

from __future__ import annotations

import asyncio

import aiohttp
import httpx
import pytest
from simulation_world import API, HOST, loop, serving

from overshoot_testkit.simulation import run


async def get(session, path="healthz", method="GET"):
    """What a request came to: its status, or the name of its error, and when."""
    try:
        async with session.request(method, f"{API}/{path}") as response:
            await response.read()
            outcome = response.status
    except (aiohttp.ClientError, TimeoutError) as error:
        outcome = type(error).__name__
    return outcome, loop().time()


def story_with_client(story, **session_settings):
    async def whole():
        async with serving(), aiohttp.ClientSession(**session_settings) as session:
            return await story(session, loop().network.link(HOST))

    return run(whole)


def test_latency_is_paid_once_each_way_and_twice_to_connect():
    async def story(session, link):
        link.latency = 0.25
        return [await get(session), await get(session)]

    assert [(200, 1.0), (200, 1.5)] == story_with_client(story)


def test_bytes_stay_in_order_when_the_latency_falls():
    async def story(session, link):
        async with session.ws_connect(f"{API}/echo") as socket:
            link.latency = 3
            await socket.send_str("slow")
            link.latency = 0
            await socket.send_str("fast")
            return [await socket.receive_str(), await socket.receive_str(), loop().time()]

    assert ["echo slow", "echo fast", 3.0] == story_with_client(story)


def test_a_negative_latency_is_an_error():
    async def story(session, link):
        with pytest.raises(ValueError, match="not negative"):
            link.latency = -1

    story_with_client(story)


def test_refused_connections_do_not_end_open_ones():
    async def story(session, link):
        async with session.ws_connect(f"{API}/echo") as socket:
            link.refuse()
            refused = await get(session)
            await socket.send_str("still here")
            answer = await socket.receive_str()
            link.refuse(on=False)
            return refused, answer, await get(session)

    expected = (("ClientConnectorError", 0.0), "echo still here", (200, 0.0))

    assert expected == story_with_client(story)


@pytest.mark.parametrize(
    ("direction", "count", "how", "outcome"),
    [
        ("to_client", 0, "reset", "ClientOSError"),
        ("to_client", 20, "reset", "ClientOSError"),
        ("to_client", 5000, "reset", "ClientPayloadError"),
        ("to_client", 0, "eof", "ServerDisconnectedError"),
        ("to_client", 5000, "eof", "ClientPayloadError"),
        ("to_server", 10, "reset", "ClientOSError"),
        ("to_server", 10, "eof", "ServerDisconnectedError"),
    ],
)
def test_a_connection_is_lost_at_a_byte_and_the_next_one_is_not(direction, count, how, outcome):
    async def story(session, link):
        cut = link.cut_after(count, direction, how)
        # Not GET: aiohttp sends that again, on a new connection.
        lost = await get(session, "download?bytes=10000", "POST")
        return lost[0], cut.fired, (await get(session))[0]

    assert (outcome, True, 200) == story_with_client(story)


def test_exactly_the_bytes_before_a_cut_arrive():
    async def story(session, link):
        link.cut_after(7, "to_client", "eof")
        reader, writer = await asyncio.open_connection(HOST, 443)
        writer.write(b"GET /v0.2/healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        received = await reader.read()
        writer.close()
        await writer.wait_closed()
        return received

    assert b"HTTP/1." == story_with_client(story)


def test_a_cut_can_be_meant_for_one_connection_and_taken_back():
    async def story(session, link):
        async with session.ws_connect(f"{API}/echo") as socket:
            (connection,) = loop().network.connections()
            cut = link.cut_after(0, "to_client", connection=connection)
            other = await get(session)
            cut.cancel()
            await socket.send_str("spared")
            return other[0], await socket.receive_str(), cut.fired

    assert (200, "echo spared", False) == story_with_client(story)


def test_a_connection_that_meets_a_stall_begins_when_it_is_over():
    async def story(_, link):
        link.latency = 1
        link.stall()
        loop().call_later(10, link.resume)
        _, writer = await asyncio.open_connection(HOST, 443)
        writer.close()
        await writer.wait_closed()
        return loop().time()

    assert 12.0 == story_with_client(story)


def test_a_stalled_link_tells_nobody_and_a_client_times_out():
    async def story(session, link):
        link.stall()
        return await get(session)

    timeout = aiohttp.ClientTimeout(total=4)

    assert ("ConnectionTimeoutError", 4.0) == story_with_client(story, timeout=timeout) or (
        "TimeoutError",
        4.0,
    ) == story_with_client(story, timeout=timeout)


@pytest.mark.parametrize("direction", ["to_client", "to_server", None])
def test_a_stall_on_an_open_connection_delivers_when_it_ends(direction):
    async def story(session, link):
        async with session.ws_connect(f"{API}/echo") as socket:
            link.stall(direction)
            await socket.send_str("waits")
            loop().call_later(100, link.resume)
            return await socket.receive_str(), loop().time()

    assert ("echo waits", 100.0) == story_with_client(story)


def test_a_connection_attempt_waits_for_the_end_of_a_stall():
    async def story(session, link):
        link.stall("to_server")
        loop().call_later(7, link.resume)
        return await get(session)

    assert (200, 7.0) == story_with_client(story)


def test_reset_all_reaches_both_ends_at_once_even_when_stalled():
    async def story(session, link):
        async with session.ws_connect(f"{API}/echo") as socket:
            link.latency = 5
            link.stall()
            assert 1 == link.reset_all()
            message = await socket.receive()
            return message.type.name, socket.close_code, loop().time(), loop().network.connections()

    assert ("CLOSED", 1006, 0.0, []) == story_with_client(story)


def test_httpx_sees_a_reset_as_a_read_error_and_a_refusal_as_a_connect_error():
    async def story():
        seen = []
        async with serving(), httpx.AsyncClient() as client:
            link = loop().network.link(HOST)
            link.cut_after(10, "to_client")
            for refused in (False, True):
                link.refuse(refused)
                try:
                    await client.get(f"{API}/healthz")
                except httpx.TransportError as error:
                    seen.append(type(error).__name__)
        return seen

    assert ["ReadError", "ConnectError"] == run(story)


def test_words_that_mean_nothing_are_refused():
    async def story(session, link):
        with pytest.raises(ValueError, match="'to_server' or 'to_client'"):
            link.stall("sideways")
        with pytest.raises(ValueError, match="'reset' or 'eof'"):
            link.cut_after(1, "to_client", "gently")
        with pytest.raises(ValueError, match="not negative"):
            link.cut_after(-1, "to_client")
        with pytest.raises(LookupError, match=r"no host '10\.9\.9\.9'"):
            loop().network.link("10.9.9.9")

    story_with_client(story)
