"""Conditions between the client and one host."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from overshoot_testkit.simulation._pipe import Signal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from overshoot_testkit.simulation._connection import Connection
    from overshoot_testkit.simulation._pipe import Pipe

Direction = Literal["to_server", "to_client"]
How = Literal["reset", "eof"]

_BOTH: tuple[Direction, Direction] = ("to_server", "to_client")


@dataclass(slots=True, eq=False)
class Cut:
    """A connection that will be lost at a byte; `fired` tells whether it was."""

    bytes_left: int
    direction: Direction
    how: How
    connection: Connection | None
    fired: bool = False
    _cuts: list[Cut] = field(default_factory=list, repr=False)

    def cancel(self) -> None:
        if self in self._cuts:
            self._cuts.remove(self)


class Link:
    """Conditions on the way to one host, seen from the client; each takes effect at once.

    `latency`: seconds one way, for bytes sent from then on; a connection opens after two of them. Bytes
    stay in order whatever it is changed to.
    """

    def __init__(self, host: str, connections: Callable[[], Iterable[Connection]]) -> None:
        self.host = host
        self._connections = connections
        self._latency = 0.0
        self.refused = False
        self.stalled: set[Direction] = set()
        self.cuts: list[Cut] = []
        self._resumed: list[asyncio.Future[None]] = []

    @property
    def latency(self) -> float:
        return self._latency

    @latency.setter
    def latency(self, seconds: float) -> None:
        if seconds < 0:
            raise ValueError(f"latency is in seconds and not negative: {seconds!r}")
        self._latency = seconds

    def refuse(self, on: bool = True) -> None:
        """Refuse new connections; open ones stay."""
        self.refused = on

    def stall(self, direction: Direction | None = None) -> None:
        """Let bytes, ends and resets wait, in one direction or both, and tell nobody: a half-open connection.

        New connections wait too. `resume` delivers what waits.
        """
        self.stalled.update(_BOTH if direction is None else (_checked(direction),))

    def resume(self) -> None:
        """End all stalls."""
        self.stalled.clear()
        for connection in self._connections():
            connection.to_server.schedule()
            connection.to_client.schedule()
        while self._resumed:
            waiter = self._resumed.pop(0)
            if not waiter.done():
                waiter.set_result(None)

    async def passable(self) -> None:
        """Wait until nothing is stalled; for the exchange that opens a connection."""
        while self.stalled:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._resumed.append(waiter)
            await waiter

    def reset_all(self) -> int:
        """Reset every open connection, at both ends and at once, stalled or not; how many there were."""
        lost = list(self._connections())
        for connection in lost:
            connection.reset()
        return len(lost)

    def cut_after(
        self, count: int, direction: Direction, how: How = "reset", connection: Connection | None = None
    ) -> Cut:
        """Lose a connection when `count` more bytes have passed in a direction.

        The connection is the given one, or the first that sends a byte that way from now on. The bytes up
        to `count` arrive, then both ends see a reset, or end-of-stream. With 0 it is lost at the next byte.
        """
        if count < 0:
            raise ValueError(f"a count of bytes is not negative: {count!r}")
        if how not in ("reset", "eof"):
            raise ValueError(f"a connection is cut by 'reset' or 'eof', not {how!r}")
        cut = Cut(count, _checked(direction), how, connection, _cuts=self.cuts)
        self.cuts.append(cut)
        return cut

    def carry(self, pipe: Pipe, data: bytes) -> None:
        """Pass bytes on while there are cuts."""
        for cut in self.cuts:
            if cut.direction == pipe.direction and cut.connection in (None, pipe.connection):
                break
        else:
            pipe.put(data)
            return
        cut.connection = pipe.connection
        passed = data[: cut.bytes_left]
        cut.bytes_left -= len(passed)
        if passed:
            pipe.put(passed)
        if cut.bytes_left == 0:
            cut.fired = True
            self.cuts.remove(cut)
            pipe.connection.end(Signal.RESET if cut.how == "reset" else Signal.EOF)


def _checked(direction: Direction) -> Direction:
    if direction not in _BOTH:
        raise ValueError(f"a direction is 'to_server' or 'to_client', not {direction!r}")
    return direction
