from __future__ import annotations

import asyncio
import errno
import ipaddress
from typing import TYPE_CHECKING, Any

from aiohttp import web

from overshoot_testkit.fakes.base import _transport
from overshoot_testkit.fakes.base._protocol import Connection

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Sequence

    from overshoot_testkit.fakes.base._protocol import Failures
    from overshoot_testkit.fakes.base._shaping import Shaper
    from overshoot_testkit.fakes.base._traffic import Traffic

_TURNS = 50
"""Loop turns given to connections to end by themselves; each needs three or four."""
_KEPT_ALIVE = 3600.0 * 24 * 365
"""Seconds an idle connection is kept. The server never closes one by itself: no source says that the real
one does, and the loop's time, which would decide it, is not the clock's where the clock is stepped."""


class PortInUseError(OSError):
    """Another program listens on the port."""


class RemoteHostError(ValueError):
    """The host can be reached from other machines, and nobody said that this is wanted."""


class _CountingServer(web.Server):
    """aiohttp's low-level server, telling how many connections are open, and to whom faults may happen."""

    traffic: Traffic
    shaper: Shaper
    failures: Failures

    def __call__(self) -> web.RequestHandler:
        return Connection(self, asyncio.get_running_loop(), self.failures, keepalive_timeout=_KEPT_ALIVE)

    def connection_made(self, handler: web.RequestHandler, transport: asyncio.Transport) -> None:
        self.traffic.connections_open += 1
        self.traffic.activity += 1
        super().connection_made(handler, transport)
        gate = self.shaper.accept(handler, transport)
        # A gate has what aiohttp uses of a transport.
        handler.transport = gate  # type: ignore[assignment]

    def connection_lost(self, handler: web.RequestHandler, exc: BaseException | None = None) -> None:
        self.traffic.connections_open -= 1
        self.traffic.activity += 1
        self.shaper.forget(handler)
        super().connection_lost(handler, exc)


class Listener:
    """Accepts connections for one handler: on a real socket, or in memory on a virtual loop's host name."""

    def __init__(
        self,
        handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]],
        traffic: Traffic,
        shaper: Shaper,
        failures: Failures,
    ) -> None:
        self._handler = handler
        self._traffic = traffic
        self._shaper = shaper
        self._failures = failures
        self._server: _CountingServer | None = None
        self._listening: asyncio.AbstractServer | None = None
        self._address: tuple[str, int] | None = None
        self._refusing = False
        self.loop: asyncio.AbstractEventLoop | None = None
        """Where its connections are served, once it has any or listens."""

    @property
    def address(self) -> tuple[str, int] | None:
        """Host and port, once it has listened."""
        return self._address

    async def listen(self, host: str, port: int, *, allow_remote: bool = False) -> str:
        """Accept connections; returns the origin, such as `http://127.0.0.1:40123`.

        Raises PortInUseError, RemoteHostError.
        """
        virtual = _is_virtual(host)
        if not (virtual or allow_remote or _is_loopback(host)):
            raise RemoteHostError(
                f"{host!r} can be reached from other machines, and this server's keys protect nothing; "
                "listen on 127.0.0.1, or pass allow_remote=True"
            )
        await self._open(host, port)
        return _origin(*(self._address or (host, port)), secure=virtual and port == 443)

    def connect(self) -> asyncio.Protocol:
        """The server's end of one more connection, for a transport of the caller's own; `listen` or not.

        Raises ConnectionRefusedError while connections are refused, and once all is closed.
        """
        if self._refusing:
            raise ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")
        return self._made()()

    def _made(self) -> _CountingServer:
        if self._server is None:
            # The low-level server: no router, no middlewares, no signals; the service does its own dispatch.
            self._server = _CountingServer(self._handler, handler_cancellation=True)
            self._server.traffic = self._traffic
            self._server.shaper = self._shaper
            self._server.failures = self._failures
            self.loop = asyncio.get_running_loop()
        return self._server

    async def _open(self, host: str, port: int) -> None:
        loop = asyncio.get_running_loop()
        self._listening, port = await open_port(loop, self._made(), host, port)
        self._address = (host, port)

    def refuse(self) -> None:
        """Stop accepting: new connections are refused, open ones go on. `resume` ends it."""
        self._refusing = True
        if self._listening is not None:
            self._listening.close()
            self._listening = None

    async def resume(self) -> None:
        """Accept again, on the same port."""
        self._refusing = False
        if self._listening is None and self._address is not None:
            await self._open(*self._address)

    def drop(self, spare: Collection[asyncio.Transport | None] = ()) -> None:
        """End open connections (FIN), those of `spare` excepted; what was being answered is not."""
        for connection in self._server.connections if self._server is not None else ():
            if connection.transport not in spare:
                _transport.finish(connection.transport)

    async def aclose(self) -> None:
        """Stop, and end every connection; returns when their handlers are done."""
        self.refuse()
        if self._server is None:
            return
        for end in (_transport.finish, _transport.reset):
            for connection in self._server.connections:
                end(connection.transport)
            for _ in range(_TURNS):
                if not self._server.connections:
                    break
                await asyncio.sleep(0)
        await self._server.shutdown(0)
        self._server = None
        self._address = None


async def open_port(
    loop: asyncio.AbstractEventLoop, factory: Callable[[], Any], host: str, port: int
) -> tuple[asyncio.AbstractServer, int]:
    """Accept connections; returns the server and its port. Raises PortInUseError."""
    try:
        server = await loop.create_server(factory, host, port)
    except OSError as error:
        if error.errno in {errno.EADDRINUSE, errno.EACCES}:
            what = "is in use" if error.errno == errno.EADDRINUSE else "is not open to this user"
            raise PortInUseError(
                error.errno, f"port {port} on {host} {what}: choose another, or 0 for any that is free"
            ) from error
        raise
    sockets: Sequence[Any] = getattr(server, "sockets", ())
    return server, int(sockets[0].getsockname()[1]) if port == 0 else port


def _is_virtual(host: str) -> bool:
    """Whether the running loop carries connections to `host` in memory."""
    if getattr(asyncio.get_running_loop(), "network", None) is None:
        return False
    return not (host == "localhost" or _is_address(host))


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    return host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)


def _origin(host: str, port: int, *, secure: bool) -> str:
    shown = f"[{host}]" if ":" in host else host
    if secure:
        return f"https://{shown}"
    return f"http://{shown}" if port == 80 else f"http://{shown}:{port}"
