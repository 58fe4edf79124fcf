"""A listener in memory."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import sys
from typing import TYPE_CHECKING

from overshoot_testkit.simulation._socket import Address, VirtualSocket

if TYPE_CHECKING:
    from collections.abc import Callable

    from overshoot_testkit.simulation._loop import VirtualTimeLoop
    from overshoot_testkit.simulation._transport import MemoryTransport


class MemoryServer(asyncio.AbstractServer):
    """What `create_server` returns; as `asyncio.Server` of the running Python."""

    def __init__(
        self,
        loop: VirtualTimeLoop,
        protocol_factory: Callable[[], asyncio.BaseProtocol],
        addresses: list[Address],
        sslcontext: object,
    ) -> None:
        self._loop = loop
        self._addresses = addresses
        self._clients: dict[MemoryTransport, None] = {}
        self._waiters: list[asyncio.Future[None]] = []
        self._forever: asyncio.Future[None] | None = None
        self._closed = False
        self._serving = False
        self._sslcontext = sslcontext
        self.protocol_factory = protocol_factory
        self.context = contextvars.copy_context()

    def attach(self, transport: MemoryTransport) -> None:
        self._clients[transport] = None
        if self._sslcontext:
            transport.describe_tls(self._sslcontext)

    def detach(self, transport: MemoryTransport) -> None:
        self._clients.pop(transport, None)
        self._wake_if_done()

    def _wake_if_done(self) -> None:
        if self._closed and not self._clients:
            for waiter in self._waiters:
                if not waiter.done():
                    waiter.set_result(None)
            self._waiters.clear()

    def get_loop(self) -> VirtualTimeLoop:
        return self._loop

    def is_serving(self) -> bool:
        return self._serving

    @property
    def sockets(self) -> tuple[VirtualSocket, ...]:
        if self._closed:
            return ()
        silent = self._loop.network.descriptors
        return tuple(
            VirtualSocket(address, None, lambda: silent.fileno(readable=False)) for address in self._addresses
        )

    def close(self) -> None:
        """Stop listening: from now on connections are refused. Open ones stay."""
        if self._closed:
            return
        self._closed = True
        self._serving = False
        self._loop.network.unbind(self)
        if self._forever is not None and not self._forever.done():
            self._forever.cancel()
        self._wake_if_done()

    def close_clients(self) -> None:
        for transport in list(self._clients):
            transport.close()

    def abort_clients(self) -> None:
        for transport in list(self._clients):
            transport.abort()

    async def start_serving(self) -> None:
        if self._closed:
            raise RuntimeError(f"server {self!r} is closed")
        self._serving = True
        await asyncio.sleep(0)

    async def serve_forever(self) -> None:
        if self._forever is not None:
            raise RuntimeError(f"server {self!r} is already being awaited on serve_forever()")
        await self.start_serving()
        self._forever = self._loop.create_future()
        try:
            await self._forever
        finally:
            self._forever = None
            self.close()
            with contextlib.suppress(asyncio.CancelledError):
                await self.wait_closed()

    async def wait_closed(self) -> None:
        """Wait until the server is closed and, from Python 3.12 on, its last connection is gone."""
        if self._closed and (not self._clients or sys.version_info < (3, 12)):
            return
        if sys.version_info < (3, 12) and not self._clients:
            return
        waiter: asyncio.Future[None] = self._loop.create_future()
        self._waiters.append(waiter)
        await waiter

    def __repr__(self) -> str:
        return f"<MemoryServer {self._addresses}>"
