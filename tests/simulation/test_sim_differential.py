"""The same stories in memory at latency 0 and on loopback sockets: each side sees the same events."""

from __future__ import annotations

import asyncio
import socket
import struct
import sys

import aiohttp
import pytest
from aiohttp import web

from overshoot_testkit.simulation import run

LINGER = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)


class Side(asyncio.Protocol):
    """One end that writes down what it sees, and does what the story says when bytes come."""

    def __init__(self, on_data=None, on_eof=None, on_made=None):
        self.events = []
        self.on_data, self.on_eof, self.on_made = on_data, on_eof, on_made
        self.made = asyncio.get_running_loop().create_future()
        self.lost = asyncio.get_running_loop().create_future()
        self.received = b""

    def connection_made(self, transport):
        self.transport = transport
        self.events.append("made")
        self.made.set_result(None)
        if self.on_made:
            self.on_made(self)

    def data_received(self, data):
        # How bytes are cut into pieces is not promised by TCP, so only the sum is an event.
        self.received += data
        if self.on_data:
            self.on_data(self)

    def eof_received(self):
        self.events.append(f"eof after {len(self.received)} bytes")
        return self.on_eof(self) if self.on_eof else None

    def connection_lost(self, exc):
        self.events.append(f"lost {type(exc).__name__} after {len(self.received)} bytes")
        self.lost.set_result(None)


def close(side):
    side.transport.close()


def abort(side):
    side.transport.abort()


def reset(side):
    side.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER)
    side.transport.abort()


def write(count):
    return lambda side: side.transport.write(bytes(count))


def half_close(side):
    side.transport.write_eof()


def ignore(side):
    side.transport.pause_reading()


def fail(side):
    raise ConnectionError("the protocol gave up")


def in_turn(*steps):
    def all_of_them(side):
        for step in steps:
            step(side)

    return all_of_them


def answer_and_keep(side):
    side.transport.write(b"answer")
    side.transport.close()
    return True


RAW = {
    "the server closes when it is spoken to": ({"on_data": close}, {"on_made": write(5)}),
    "the server answers and closes": ({"on_data": in_turn(write(9), close)}, {"on_made": write(5)}),
    "the server answers a lot and closes": (
        {"on_data": in_turn(write(3_000_000), close)},
        {"on_made": write(5)},
    ),
    "the client closes at once": ({}, {"on_made": close}),
    "the client writes and closes": ({}, {"on_made": in_turn(write(1_000_000), close)}),
    "the client aborts": ({}, {"on_made": in_turn(write(5), abort)}),
    "the server aborts when it is spoken to": ({"on_data": abort}, {"on_made": write(5)}),
    "the server resets when it is spoken to": ({"on_data": reset}, {"on_made": write(5)}),
    "the server answers and resets": ({"on_data": in_turn(write(9), reset)}, {"on_made": write(5)}),
    "the client resets": ({}, {"on_made": reset}),
    "the client half-closes and is answered": (
        {"on_eof": answer_and_keep},
        {"on_made": in_turn(write(5), half_close)},
    ),
    "a protocol fails": ({"on_data": fail}, {"on_made": write(5)}),
    "both close": ({"on_made": close}, {"on_made": close}),
}


async def raw(server_side, client_side):
    accepted = asyncio.get_running_loop().create_future()

    def accept():
        side = Side(**server_side)
        accepted.set_result(side)
        return side

    loop = asyncio.get_running_loop()
    server = await loop.create_server(accept, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    _, client = await loop.create_connection(lambda: Side(**client_side), "127.0.0.1", port)
    other = await accepted
    await client.lost
    await other.lost
    server.close()
    await server.wait_closed()
    return {"client": client.events, "server": other.events}


@pytest.mark.parametrize("name", RAW)
def test_protocols_see_the_same_events(name):
    on_loopback = asyncio.run(raw(*RAW[name]))

    assert on_loopback == run(raw(*RAW[name]))
    assert on_loopback["client"][0] == "made"


async def unread():
    loop = asyncio.get_running_loop()
    accepted = loop.create_future()

    def accept():
        side = Side(on_made=ignore)
        accepted.set_result(side)
        return side

    server = await loop.create_server(accept, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    _, client = await loop.create_connection(Side, "127.0.0.1", port)
    other = await accepted
    await other.made
    client.transport.write(b"nobody reads this")
    for _ in range(5):
        await asyncio.sleep(0)
    other.transport.close()
    await client.lost
    await other.lost
    server.close()
    return client.events, other.events


if sys.platform == "linux":  # the other kernels have rules of their own

    def test_closing_with_bytes_unread_is_a_reset():
        assert asyncio.run(unread()) == run(unread())


# --- the same with aiohttp at both ends


async def web_story(handler, client):
    """Serve one handler, let the client do its part, give what each side noted."""
    notes = {"client": [], "server": []}

    async def handle(request):
        try:
            return await handler(request, notes["server"].append)
        finally:
            notes["server"].append("handler ended")

    app = web.Application()
    app.router.add_route("*", "/", handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    async with aiohttp.ClientSession(f"http://127.0.0.1:{site.port}") as session:
        try:
            await client(session, notes["client"].append)
        except (aiohttp.ClientError, TimeoutError) as error:
            notes["client"].append(type(error).__name__)
    await runner.cleanup()
    return notes


async def fetch(session, note):
    for _ in range(2):
        try:
            async with session.post("/", data=b"question") as response:
                note(response.status)
                note(len(await response.read()))
        except aiohttp.ClientError as error:
            note(type(error).__name__)


async def talk(session, note):
    async with session.ws_connect("/") as ws:
        await ws.send_str("hello")
        while True:
            message = await ws.receive()
            note((message.type.name, message.data if message.type is aiohttp.WSMsgType.TEXT else None))
            if message.type is not aiohttp.WSMsgType.TEXT:
                break
        note(ws.close_code)


async def answer(request, note):
    note((await request.read()).decode())
    return web.Response(body=b"answer")


async def answer_without_reading(request, note):
    return web.Response(status=413)


async def drop(request, note):
    await request.read()
    request.transport.close()
    return web.Response()


async def reset_connection(request, note):
    await request.read()
    request.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER)
    request.transport.abort()
    return web.Response()


async def truncate(request, note):
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(bytes(10))
    request.transport.close()
    return response


async def ask_to_close(request, note):
    response = web.Response(body=b"bye")
    response.force_close()
    return response


async def chat(request, note, end):
    ws = web.WebSocketResponse()
    await ws.prepare(request)
    async for message in ws:
        note(message.data)
        await ws.send_str("one")
        await ws.send_str("two")
        await end(request, ws)
    note(ws.close_code)
    return ws


async def close_4000(request, ws):
    await ws.close(code=4000)


async def cut(request, ws):
    request.transport.close()


async def cut_by_reset(request, ws):
    request.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER)
    request.transport.abort()


async def garbage(request, ws):
    request.transport.write(b"\xff\xff\xff garbage")


async def leave(session, note):
    async with session.ws_connect("/") as ws:
        await ws.send_str("hello")
        note(await ws.receive_str())
        note(await ws.close(code=4001))


async def nothing(request, ws):
    pass


def chatting(end):
    return lambda request, note: chat(request, note, end)


WEB = {
    "answers": (answer, fetch),
    "answers before the body is read": (answer_without_reading, fetch),
    "drops the connection": (drop, fetch),
    "resets the connection": (reset_connection, fetch),
    "truncates the body": (truncate, fetch),
    "closes after the answer": (ask_to_close, fetch),
    "closes the socket with 4000": (chatting(close_4000), talk),
    "cuts the socket": (chatting(cut), talk),
    "resets the socket": (chatting(cut_by_reset), talk),
    "sends garbage on the socket": (chatting(garbage), talk),
    "is left with 4001": (chatting(nothing), leave),
}


@pytest.mark.parametrize("name", WEB)
def test_http_and_websocket_see_the_same_events(name):
    on_loopback = asyncio.run(web_story(*WEB[name]))

    assert on_loopback == run(web_story(*WEB[name]))
    assert on_loopback["client"]
