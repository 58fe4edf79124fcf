"""The half of `streams` that runs in a process of its own: one fake with so many open streams.

Reads commands from standard input, a line each, and answers each with a line of JSON: `COUNT` sends so many
keepalives, in turn to all streams, and tells seconds for one; `memory` tells bytes for one stream.
"""

from __future__ import annotations

import asyncio
import base64
import gc
import json
import os
import statistics
import sys
import time
import tracemalloc
from typing import TYPE_CHECKING, Any

import aiohttp
from yarl import URL

from benchmarks._harness import processor_seconds
from overshoot_testkit.fakes.overshoot import Account, OvershootFake, Settings
from overshoot_testkit.simulation import VirtualTimeLoop

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST = "api.overshoot.ai"
KEY = "ovs_many_streams"
HEADERS = {"Authorization": f"Bearer {KEY}"}
ORDER: dict[str, Any] = {
    "mode": "frame",
    "processing": {"interval_seconds": 60.0},
    "inference": {"prompt": "Describe what you see", "model": "Qwen/Qwen3.5-9B"},
}
"""A native stream: each keepalive mints a token. Its results are few: keepalives are what is measured."""
LEASE_THIRD = 15.0
"""Seconds in which each stream has one keepalive, as a client's that asks at a third of the lease."""


class ResultSocket(asyncio.Protocol):
    """A client's end of a result socket that costs next to nothing: it shows its key and reads no further."""

    def __init__(self, stream: str) -> None:
        self._request = (
            f"GET /v0.2/ws/streams/{stream} HTTP/1.1\r\nHost: {HOST}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\n\r\n"
        ).encode()
        self.opened = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport
        self.transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if not self.opened.done():
            self.opened.set_result(data.startswith(b"HTTP/1.1 101"))
            message = json.dumps({"api_key": KEY}).encode()
            # A text frame of less than 126 bytes, masked with zeros (RFC 6455 section 5.2).
            self.transport.write(bytes([0x81, 0x80 | len(message), 0, 0, 0, 0]) + message)


class Crowd:
    """One fake with `size` open streams, and a client that keeps them alive in turn."""

    def __init__(self, size: int, *, sockets: bool) -> None:
        self._loop = asyncio.get_running_loop()
        self._size = size
        self._sockets = sockets
        accounts = {KEY: Account(credits_cents=1e12, concurrency_limit=10**9)}
        self.fake = OvershootFake(settings=Settings(accounts=accounts))
        self._clients: list[ResultSocket] = []
        self._urls: list[URL] = []

    async def begin(self) -> None:
        await self.fake.listen(HOST, 443)
        self._http = aiohttp.ClientSession(headers=HEADERS)
        await self._open(1)

    async def fill(self) -> None:
        await self._open(self._size - len(self._urls))
        for client in self._clients:
            if not await client.opened:
                raise RuntimeError("a result socket was not accepted")
        if len(self.fake.open_streams()) != self._size:
            raise RuntimeError("not all streams are open")
        self._turns = self._in_turn()

    async def _open(self, count: int) -> None:
        for _ in range(count):
            async with self._http.post(f"{self.fake.base_url}/streams", json=ORDER) as answer:
                stream = (await answer.json())["stream_id"]
            # Parsed once: the client would remember a hundred URLs, and parse anew those of thousands.
            self._urls.append(URL(f"{self.fake.base_url}/streams/{stream}/keepalive"))
            if self._sockets:
                client = ResultSocket(stream)
                await self._loop.create_connection(lambda client=client: client, HOST, 443, ssl=True)
                self._clients.append(client)

    def _in_turn(self) -> Iterator[URL]:
        while True:
            yield from self._urls

    async def measure(self, count: int) -> dict[str, float]:
        """Processor seconds for one keepalive, all else that happens meanwhile included; and its latency."""
        pause = LEASE_THIRD / self._size
        latencies = []
        started = processor_seconds()
        for _ in range(count):
            await asyncio.sleep(pause)
            asked = time.perf_counter()
            async with self._http.post(next(self._turns)) as answer:
                await answer.read()
            latencies.append(time.perf_counter() - asked)
            if answer.status != 200:
                raise RuntimeError(f"answered {answer.status}")
        return {
            "cpu": (processor_seconds() - started) / count,
            "latency": statistics.median(latencies),
        }

    async def end(self) -> None:
        for client in self._clients:
            client.transport.abort()
        await self._http.close()
        await self.fake.aclose()


async def memory(size: int, *, sockets: bool) -> dict[str, float]:
    """Bytes for each stream: all of it, and of that the journal's."""
    crowd = Crowd(size, sockets=sockets)
    await crowd.begin()
    tracemalloc.start()
    before = _traced()
    await crowd.fill()
    whole = _traced()
    crowd.fake.journal.events.clear()
    without = _traced()
    tracemalloc.stop()
    await crowd.end()
    return {"whole": (whole - before) / (size - 1), "journal": (whole - without) / (size - 1)}


def _traced() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def main() -> None:
    size, sockets = int(sys.argv[1]), sys.argv[2] == "sockets"
    loop = VirtualTimeLoop()
    crowd: Crowd | None = None
    for line in sys.stdin:
        command = line.strip()
        if command == "memory":
            answer = loop.run_until_complete(memory(size, sockets=sockets))
        else:
            if crowd is None:
                crowd = loop.run_until_complete(_made(size, sockets=sockets))
            answer = loop.run_until_complete(crowd.measure(int(command)))
        print(json.dumps(answer), flush=True)
    if crowd is not None:
        loop.run_until_complete(crowd.end())
    loop.close()


async def _made(size: int, *, sockets: bool) -> Crowd:
    crowd = Crowd(size, sockets=sockets)
    await crowd.begin()
    await crowd.fill()
    await crowd.measure(size)  # to be in the middle of its life: each path was seen, each lease renewed
    return crowd


if __name__ == "__main__":
    main()
