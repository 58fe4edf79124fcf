"""A connection in memory: two endpoints, two pipes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from overshoot_testkit.simulation._pipe import Pipe, Signal
from overshoot_testkit.simulation._transport import MemoryTransport

if TYPE_CHECKING:
    from contextvars import Context

    from overshoot_testkit.simulation._link import Link
    from overshoot_testkit.simulation._loop import VirtualTimeLoop
    from overshoot_testkit.simulation._server import MemoryServer
    from overshoot_testkit.simulation._socket import Address


class Connection:
    """One TCP connection: who opened it, from where in the code, when (loop seconds), and its two ends."""

    __slots__ = (
        "client",
        "host",
        "opened_at",
        "opened_by",
        "owner",
        "peer",
        "server",
        "to_client",
        "to_server",
    )

    def __init__(
        self,
        loop: VirtualTimeLoop,
        link: Link,
        listener: MemoryServer,
        addresses: tuple[Address, Address],
        *,
        context: Context,
        owner: str,
        opened_by: str,
    ) -> None:
        here, there = addresses
        self.host = link.host
        self.peer = there
        self.owner = owner
        self.opened_by = opened_by
        self.opened_at = loop.time()
        self.to_server = Pipe(loop, self, link, "to_server")
        self.to_client = Pipe(loop, self, link, "to_client")
        self.client = MemoryTransport(loop, self, (self.to_client, self.to_server), (here, there), context)
        self.server = MemoryTransport(
            loop, self, (self.to_server, self.to_client), (there, here), listener.context, listener
        )
        self.to_server.source = self.to_client.sink = self.client
        self.to_client.source = self.to_server.sink = self.server
        # The accept travels in front of the first byte.
        self.to_server.signal(Signal.OPEN)

    @property
    def is_open(self) -> bool:
        """Whether the client's end is open."""
        return not self.client.is_closing()

    def other(self, pipe: Pipe) -> Pipe:
        return self.to_client if pipe is self.to_server else self.to_server

    def end(self, signal: Signal) -> None:
        """Lose the connection on the way.

        Both ends see the signal behind the bytes that are under way; later bytes vanish.
        """
        for pipe in (self.to_server, self.to_client):
            pipe.signal(signal)
            pipe.dead = True

    def reset(self) -> None:
        """Lose the connection now, with all that is under way, whatever the link's conditions."""
        for pipe in (self.to_server, self.to_client):
            pipe.discard()
        self.client.signalled(Signal.RESET)
        self.server.signalled(Signal.RESET)

    def __str__(self) -> str:
        return f"to {self.host}:{self.peer[1]}, opened at {self.opened_at:g} s by {self.opened_by}"
