"""What a fault does to an open WebSocket, as a client sees it.

Those that strike at a moment or as the socket opens, with aiohttp: test_fake_deploys.py.
"""

from __future__ import annotations

import asyncio
import json

import aiohttp
import pytest
from fake_stories import ending, loopback_story, on_both_networks, story
from raw_wire import connect, passes
from websockets.asyncio.client import connect as websocket
from websockets.exceptions import ConnectionClosed, ConnectionClosedError

from overshoot_testkit.fakes.base import _transport
from overshoot_testkit.faults import (
    CloseSocket,
    CutSocket,
    Deploy,
    EndStream,
    Refuse,
    SendGarbage,
    StallSocket,
)
from overshoot_testkit.journal import FaultFired, SocketClosed, SocketMessage

UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec_WebSocket_Version": "13",
    "Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


def frame(opcode: int, payload: bytes) -> bytes:
    """A client's frame, masked with zeros."""
    assert len(payload) < 126
    return bytes((0x80 | opcode, 0x80 | len(payload), 0, 0, 0, 0)) + payload


async def listening(wire, stream):
    """A raw connection that shook hands and showed its key."""
    raw = await connect(wire)
    raw.ask("GET", f"/ws/streams/{stream}", **UPGRADE)
    await passes(wire, 0)
    assert b"HTTP/1.1 101" == raw.head[:12]
    raw.transport.write(frame(1, json.dumps({"api_key": wire.key}).encode()))
    await passes(wire, 0)
    return raw


async def a_half_open_socket_says_nothing_any_more(wire):
    stream = await wire.create()
    raw = await listening(wire, stream)
    await passes(wire, 2)
    assert b'"ok":true' in raw.body
    wire.faults.now(StallSocket(), stream=stream)
    heard = raw.data

    raw.transport.write(frame(9, b"ping"))
    raw.transport.write(frame(1, b"hello"))
    await passes(wire, 20)
    await wire.delete(stream)
    raw.transport.write(frame(8, b"\x03\xe8"))
    await passes(wire, 1000)

    assert (heard, None) == (raw.data, raw.ended)
    sent = wire.journal.of(SocketMessage, direction="out")
    assert [1.1] == [round(each.at, 6) for each in sent]
    assert [(22.0, "fault", 1006)] == [
        (round(each.at, 6), each.by, each.code) for each in wire.journal.of(SocketClosed)
    ]
    traffic = wire.fake.traffic
    assert (0, 1, 0, 0) == (
        traffic.sockets_open,
        traffic.held,
        traffic.open_messages_in,
        traffic.open_messages_out,
    )


async def a_half_open_socket_ends_with_the_fake(wire):
    first, second = await wire.create(), await wire.create()
    before = asyncio.all_tasks()
    ended, running = await listening(wire, first), await listening(wire, second)
    wire.faults.now(StallSocket())
    await passes(wire, 1)
    wire.fake.end_stream(first)
    await passes(wire, 0)
    serving = [task for task in asyncio.all_tasks() if task.get_name().startswith("socket of")]
    assert 1 == len(serving)

    await wire.fake.aclose()
    await passes(wire, 0)

    assert (ended.ended is not None, running.ended is not None) == (True, True)
    assert asyncio.all_tasks() <= before
    assert (0, 0, 0) == (
        wire.fake.traffic.held,
        wire.fake.traffic.sockets_open,
        wire.fake.traffic.connections_open,
    )


async def what_came_before_a_socket_was_half_open_is_not_read_either(wire):
    stream = await wire.create()
    wire.faults.on(StallSocket(), route="socket")
    raw = await connect(wire)
    raw.ask("GET", f"/ws/streams/{stream}", **UPGRADE)
    await passes(wire, 0)
    raw.transport.write(frame(1, json.dumps({"api_key": wire.key}).encode()) + frame(1, b"too late"))
    await passes(wire, 1)

    assert 1 == len(wire.journal.of(SocketMessage))
    assert (1, 1) == (wire.fake.traffic.sockets_open, wire.fake.traffic.messages_in)


async def a_half_open_socket_hears_nothing_of_a_deploy(wire):
    raw = await listening(wire, await wire.create())
    wire.faults.now(StallSocket())
    heard = raw.data
    for action in (Deploy(1, sockets="close"), Refuse(1, open="cut"), Deploy(1, by="refusal")):
        wire.faults.now(action)
        await passes(wire, 2)

    assert (heard, None) == (raw.data, raw.ended)
    assert [("fault", 1006)] == [(each.by, each.code) for each in wire.journal.of(SocketClosed)]


async def a_client_can_reset_a_half_open_socket(wire):
    stream = await wire.create()
    raw = await listening(wire, stream)
    wire.faults.now(StallSocket())
    assert 1 == wire.fake.traffic.held

    raw.transport.write(frame(1, b"x"))
    _transport.reset(raw.transport)
    await passes(wire, 1)

    assert (0, 0) == (wire.fake.traffic.held, wire.fake.traffic.sockets_open)
    assert [("lost", 1006)] == [(each.by, each.code) for each in wire.journal.of(SocketClosed)]


STORIES = [
    a_half_open_socket_says_nothing_any_more,
    a_half_open_socket_ends_with_the_fake,
    what_came_before_a_socket_was_half_open_is_not_read_either,
    a_half_open_socket_hears_nothing_of_a_deploy,
    a_client_can_reset_a_half_open_socket,
]


test_in_memory, test_on_loopback = on_both_networks(STORIES)


@story()
async def test_a_heartbeat_finds_out_about_a_half_open_socket(wire):
    stream = await wire.create()
    wire.faults.on(StallSocket(), route="socket", times=1)
    socket = await wire.session.ws_connect(f"{wire.fake.base_url}/ws/streams/{stream}", heartbeat=10)
    wire.sockets.append(socket)
    await socket.send_json({"api_key": wire.key})

    message = await socket.receive()

    assert (aiohttp.WSMsgType.ERROR, 15.0) == (message.type, wire.clock.now())
    assert [1] == [each.socket for each in wire.journal.of(FaultFired)]


@story()
async def test_only_the_stalled_socket_of_a_stream_is_silent(wire):
    stream = await wire.create()
    wire.faults.on(StallSocket(), route="socket", times=1)
    stalled, spared = await wire.socket(stream), await wire.socket(stream)

    assert '"ok":true' in (await spared.receive()).data
    await wire.delete(stream)
    assert 1001 == (await spared.receive()).data
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(stalled.receive(), 60)


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        (CloseSocket(1011, "overloaded"), (1011, "overloaded")),
        (CloseSocket(1012, "service restart"), (1012, "service restart")),
        (CutSocket("eof"), None),
        (CutSocket("reset"), None),
    ],
    ids=str,
)
def test_what_the_websockets_library_hears(action, expected):
    async def tell(wire):
        stream = await wire.create()
        url = wire.fake.base_url.replace("http", "ws") + f"/ws/streams/{stream}"
        async with websocket(url) as socket:
            await socket.send(json.dumps({"api_key": wire.key}))
            await passes(wire, 0)
            wire.faults.now(SendGarbage(b"\x00\x01"))
            wire.faults.now(action)
            if expected is not None:
                assert b"\x00\x01" == await socket.recv()
            with pytest.raises(ConnectionClosed) as ended:
                await socket.recv()
            received = ended.value.rcvd
            assert expected == (received and (received.code, received.reason))
            assert expected is not None or isinstance(ended.value, ConnectionClosedError)

    loopback_story()(tell)()


@story()
async def test_a_stalled_socket_does_not_keep_its_stream(wire):
    stream = await wire.create()
    socket = await wire.socket(stream)
    await wire.clock.sleep(1)
    wire.faults.now(StallSocket())
    wire.faults.at(5, EndStream("livekit_disconnected"), stream=stream)

    await wire.clock.sleep(60)
    assert "livekit_disconnected" == wire.fake.stream(stream).ended_reason
    again = await wire.socket(stream)
    assert (1001, "stream ended: livekit_disconnected") == await ending(again)
    assert not socket.closed
