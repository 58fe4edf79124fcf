"""One direction of a connection: bytes in order, under the conditions of its link."""

from __future__ import annotations

import enum
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio

    from overshoot_testkit.simulation._connection import Connection
    from overshoot_testkit.simulation._link import Direction, Link
    from overshoot_testkit.simulation._loop import VirtualTimeLoop
    from overshoot_testkit.simulation._transport import MemoryTransport

WINDOW = 256 * 1024
"""Bytes under way before the sender's own buffer fills; stands for the kernels' socket buffers."""

PIECE = 256 * 1024
"""Most bytes in one `data_received`, as asyncio's socket transports."""


class Signal(enum.Enum):
    """What travels between bytes."""

    OPEN = enum.auto()
    EOF = enum.auto()
    RESET = enum.auto()


class Pipe:
    """From `source` to `sink`: a queue and at most one scheduled `pump`.

    One queue and one pump keep the order, because asyncio's timers at equal deadlines do not. After bytes,
    end-of-stream comes a loop turn later, as it does from a socket: protocols rely on it.
    """

    __slots__ = (
        "_handle",
        "_items",
        "_last_due",
        "_loop",
        "connection",
        "dead",
        "direction",
        "link",
        "reset_due",
        "sink",
        "size",
        "source",
    )

    sink: MemoryTransport
    source: MemoryTransport

    def __init__(
        self, loop: VirtualTimeLoop, connection: Connection, link: Link, direction: Direction
    ) -> None:
        self._loop = loop
        self._handle: asyncio.Handle | None = None
        self._items: deque[tuple[float, bytes | memoryview | Signal]] = deque()
        self._last_due = 0.0
        self.connection = connection
        self.link = link
        self.direction = direction
        self.size = 0
        self.dead = False
        self.reset_due: float | None = None

    def write(self, data: bytes) -> None:
        """Send bytes; on a cut connection they vanish."""
        if self.dead:
            return
        if self.link.cuts:
            self.link.carry(self, data)
        else:
            self.put(data)

    def put(self, data: bytes) -> None:
        due = self._due()
        self.size += len(data)
        if len(data) <= PIECE:
            self._items.append((due, data))
        else:
            view = memoryview(data)
            self._items.extend((due, view[at : at + PIECE]) for at in range(0, len(data), PIECE))
        if self._handle is None:
            self.schedule()

    def signal(self, signal: Signal) -> None:
        """Send a signal behind all bytes; after a reset nothing follows."""
        if self.dead:
            return
        due = self._due()
        if signal is Signal.RESET:
            self.dead = True
            self.reset_due = due
        self._items.append((due, signal))
        self.schedule()

    def _due(self) -> float:
        latency = self.link.latency
        if latency:
            self._last_due = max(self._last_due, self._loop.time() + latency)
        return self._last_due

    def discard(self) -> None:
        """Lose all that is under way, and all that would follow."""
        self.dead = True
        self._items.clear()
        self.size = 0

    def discard_unsent(self) -> None:
        """Lose what is still in the sender's own buffer, as `abort` does; signals behind it stay."""
        signals = []
        while self.size > WINDOW:
            entry = self._items.pop()
            if isinstance(entry[1], Signal):
                signals.append(entry)
            else:
                self.size -= len(entry[1])
        self._items.extend(reversed(signals))

    def has_arrived(self) -> bool:
        """Whether something lies at the sink that was not taken yet."""
        return bool(self._items) and self._items[0][0] <= self._loop.time() and not self._stalled()

    def has_unread_bytes(self) -> bool:
        return self.has_arrived() and self.size > 0

    def _stalled(self) -> bool:
        return self.direction in self.link.stalled

    def schedule(self) -> None:
        """See to it that what waits is delivered when it is due; nothing while stalled or not read from."""
        if self._handle is not None or not self._items or self.sink.paused or self._stalled():
            return
        due = self._items[0][0]
        if due <= self._loop.time():
            self._handle = self._loop.call_soon(self._pump, context=self.sink.context)
        else:
            self._handle = self._loop.call_at(due, self._pump, context=self.sink.context)

    def _pump(self) -> None:
        self._handle = None
        items = self._items
        sink = self.sink
        if not items or sink.paused or self.direction in self.link.stalled:
            return
        item = items[0][1]
        if sink.is_closing() and item is not Signal.RESET:
            self._bounce()
            return
        if isinstance(item, Signal):
            items.popleft()
            sink.signalled(item)
        else:
            if len(items) == 1 and type(item) is bytes:
                items.clear()
                data = item
            else:
                data = self._take()
            self.size -= len(data)
            sink.deliver(data)
            self.source.drained()
        if items and self._handle is None:
            self.schedule()

    def _take(self) -> bytes:
        """As many bytes as have arrived and fit one read."""
        now = self._loop.time()
        taken = []
        room = PIECE
        while self._items:
            due, item = self._items[0]
            if due > now or isinstance(item, Signal) or len(item) > room:
                break
            room -= len(item)
            taken.append(item)
            self._items.popleft()
        return b"".join(taken)

    def _bounce(self) -> None:
        """Drop what comes for an endpoint that is closed; bytes are answered by a reset, as hosts do."""
        had_bytes = self.size > 0
        self.discard()
        if had_bytes:
            self.connection.other(self).signal(Signal.RESET)
        self.source.drained()
