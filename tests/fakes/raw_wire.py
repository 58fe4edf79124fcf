"""A client that knows bytes and moments only, in memory and on a real socket alike."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from overshoot_testkit.clock import SteppedClock

if TYPE_CHECKING:
    from fake_stories import Wire

QUIET_TURNS = 25


class Raw(asyncio.Protocol):
    """One connection: what was heard on it, when, and how it ended ("eof", "reset")."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.heard: list[tuple[float, bytes]] = []
        self.ended: tuple[float, str] | None = None
        self.transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.heard.append((self.now(), data))

    def eof_received(self) -> bool:
        self.ended = self.ended or (self.now(), "eof")
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended = self.ended or (self.now(), "eof" if exc is None else "reset")

    def now(self) -> float:
        return round(self.wire.clock.now(), 3)

    def ask(self, method: str = "GET", path: str = "/healthz", body: Any = None, **headers: str) -> None:
        """Send a request."""
        data = b"" if body is None else json.dumps(body).encode()
        lines = [f"{method} /v0.2{path} HTTP/1.1", "Host: fake", f"Authorization: Bearer {self.wire.key}"]
        if data:
            lines += ["Content-Type: application/json", f"Content-Length: {len(data)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.transport.write("\r\n".join([*lines, "", ""]).encode() + data)

    @property
    def data(self) -> bytes:
        return b"".join(data for _, data in self.heard)

    @property
    def head(self) -> bytes:
        return self.data.partition(b"\r\n\r\n")[0]

    @property
    def body(self) -> bytes:
        return self.data.partition(b"\r\n\r\n")[2]

    def moments(self) -> list[float]:
        return [moment for moment, _ in self.heard]


async def connect(wire: Wire) -> Raw:
    url = urlsplit(wire.fake.base_url)
    _, raw = await asyncio.get_running_loop().create_connection(lambda: Raw(wire), url.hostname, url.port)
    await passes(wire, 0)
    return raw


async def passes(wire: Wire, seconds: float) -> None:
    """Let time pass, and then whatever is under way arrive."""

    async def settled() -> None:
        quiet, seen = 0, -1
        while quiet < QUIET_TURNS:
            await asyncio.sleep(0)
            now = wire.fake.traffic.activity + len(wire.journal)
            quiet, seen = (quiet + 1, now) if now == seen else (0, now)

    if isinstance(wire.clock, SteppedClock):
        await wire.clock.advance(seconds, settled)
    else:
        await wire.clock.sleep(seconds)
    await settled()
