"""A bench for drivers: a small server of the stream API, and the loop that settles and steps.

The server is not the fake (that is another layer): it holds, answers and counts, so that what the driver says
of itself can be checked against what really crossed the wire.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from aiohttp import WSMsgType, web

from overshoot_testkit.clients import Options, Target
from overshoot_testkit.clients._driver import DriverClient
from overshoot_testkit.clients._node import node_command
from overshoot_testkit.clients._npm import fetch_package

if TYPE_CHECKING:
    from pathlib import Path

KEY = "ovs_a_secret_key"
SDK = "@overshoot/sdk"
OPTIONS = Options(
    transport="webrtc", mode="clip", clip_length_seconds=1.0, delay_seconds=1.0, interval_seconds=None
)


class StreamServer:
    """POST /streams, keepalive and the result socket, with a brake for each route."""

    def __init__(self) -> None:
        self.now = lambda: 0.0
        self.requests: list[tuple[float, str]] = []
        self.bodies: list[dict[str, object]] = []
        self.held = 0
        self.sockets: list[web.WebSocketResponse] = []
        self.sent = self.received = 0
        self.hellos: list[object] = []
        self.gates: dict[str, asyncio.Event] = {}
        self.answers: dict[str, web.Response] = {}
        self.base_url = ""

    def hold(self, path: str) -> asyncio.Event:
        return self.gates.setdefault(path, asyncio.Event())

    @property
    def open_sockets(self) -> int:
        return len(self.sockets)

    async def send(self, *texts: str) -> None:
        for text in texts:
            self.sent += 1
            await self.sockets[0].send_str(text)

    async def serve(self) -> web.AppRunner:
        app = web.Application()
        app.router.add_get("/v0.2/ws/streams/{id}", self._socket)
        app.router.add_route("*", "/v0.2/{path:.*}", self._http)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = site._server.sockets[0].getsockname()[1]
        self.base_url = f"http://127.0.0.1:{port}/v0.2"
        return runner

    async def _http(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"]
        self.requests.append((self.now(), f"{request.method} {path}"))
        self.held += 1
        try:
            self.bodies.append(await request.json() if request.can_read_body else {})
            if gate := self.gates.get(path):
                await gate.wait()
            return self.answers.get(path) or self._usual(path)
        finally:
            self.held -= 1

    def _usual(self, path: str) -> web.Response:
        if path == "streams":
            answer = {"type": "answer", "sdp": "v=0\r\n"}
            lease = {"ttl_seconds": 45}
            return web.json_response({"stream_id": "s1", "webrtc": answer, "lease": lease}, status=201)
        return web.json_response({"status": "ok", "ttl_seconds": 45})

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.append(socket)
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self.received += 1
                    self.hellos.append(message.json())
        finally:
            self.sockets.remove(socket)
            if not self.sockets:
                self.sent = self.received = 0
        return socket


class Bench:
    """One driver, one server, and time that moves only when both have settled."""

    def __init__(self, client: DriverClient, server: StreamServer) -> None:
        self.client = client
        self.server = server
        self.results: list[object] = []
        self.errors: list[object] = []
        self.now = 0.0
        server.now = lambda: self.now
        client.on_result = self.results.append
        client.on_error = self.errors.append

    async def settle(self):
        before = await self.client.state()
        while True:
            state = await self.client.state()
            if state.activity == before.activity and self._conserved(state):
                return state
            before = state

    async def until(self, moment: float):
        while True:
            state = await self.settle()
            due = state.next_timer is not None and state.next_timer <= moment
            self.now = state.next_timer if due else moment
            await self.client.step(self.now)
            if not due:
                return await self.settle()

    async def start(self):
        return await self.client.start(Target(self.server.base_url, KEY), OPTIONS)

    async def started(self):
        call = await self.start()
        await self.settle()
        return call

    def _conserved(self, state) -> bool:
        sockets = state.sockets
        return (
            state.in_flight == self.server.held
            and sockets.connecting == sockets.closing == 0
            and sockets.open == self.server.open_sockets
            and state.open_messages.sent == self.server.received
            and state.open_messages.received == self.server.sent
        )


def _alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and that nobody has waited for does not."""
    if sys.platform == "win32":
        command = ["tasklist", "/NH", "/FI", f"PID eq {pid}"]
        return str(pid) in subprocess.run(command, capture_output=True, text=True, check=False).stdout
    command = ["ps", "-o", "stat=", "-p", str(pid)]
    stat = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    return stat != "" and not stat.startswith("Z")


@pytest.fixture
def alive():
    return _alive


@pytest.fixture
def gone():
    """Whether a process that has been killed is gone; the system may take a moment over it."""
    return lambda pid: any(not _alive(pid) for _ in range(300))


@pytest.fixture
def make_bench():
    return Bench


@pytest.fixture(scope="session")
def sdk_dir():
    with fetch_package(f"{SDK}@0.1.0-alpha.2") as folder:
        yield folder


@pytest.fixture
def node_driver(sdk_dir: Path) -> list[str]:
    return node_command(SDK, sdk_dir)


@pytest.fixture
async def server():
    server = StreamServer()
    runner = await server.serve()
    yield server
    await runner.cleanup()


@pytest.fixture
async def bench(node_driver, server):
    async with await DriverClient.launch(node_driver) as client:
        yield Bench(client, server)
