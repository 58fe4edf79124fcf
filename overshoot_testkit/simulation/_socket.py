"""What `get_extra_info("socket")` gives for a connection in memory."""

from __future__ import annotations

import contextlib
import errno
import socket
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

Address = tuple[str, int]


class Descriptors:
    """Two real file descriptors for all connections of a loop: one silent for ever, one always readable.

    Client libraries poll a connection's descriptor before they use it again (httpcore: readable means
    dropped by the server). An unconnected TCP socket would report POLLHUP, so both are ends of socket
    pairs. They are made when first asked for.
    """

    def __init__(self) -> None:
        self._sockets: list[socket.socket] = []

    def _pair(self) -> list[socket.socket]:
        if not self._sockets:
            silent, silent_peer = socket.socketpair()
            loud, loud_peer = socket.socketpair()
            loud_peer.send(b"\0")
            self._sockets = [silent, loud, silent_peer, loud_peer]
        return self._sockets

    def fileno(self, *, readable: bool) -> int:
        return self._pair()[1 if readable else 0].fileno()

    def numbers(self) -> set[int]:
        """Those that are open: the simulation's, whichever client's question they were made for."""
        return {each.fileno() for each in self._sockets}

    def close(self) -> None:
        while self._sockets:
            self._sockets.pop().close()


class VirtualSocket:
    """What protocols and client libraries look at in a socket; reading and writing is the transport's."""

    family = socket.AF_INET
    type = socket.SOCK_STREAM
    proto = socket.IPPROTO_TCP

    def __init__(self, sockname: Address, peername: Address | None, fileno: Callable[[], int]) -> None:
        self._sockname = sockname
        self._peername = peername
        self._fileno = fileno
        self._options: dict[tuple[int, int], int | bytes] = {}

    def fileno(self) -> int:
        return self._fileno()

    def getsockname(self) -> Address:
        return self._sockname

    def getpeername(self) -> Address:
        if self._peername is None:
            raise OSError(errno.ENOTCONN, "Transport endpoint is not connected")
        return self._peername

    def setsockopt(self, level: int, option: int, value: int | bytes | None, length: int = 0) -> None:
        self._options[level, option] = bytes(length) if value is None else value

    def getsockopt(self, level: int, option: int, length: int = 0) -> int | bytes:
        return self._options.get((level, option), bytes(length) if length else 0)

    @property
    def resets_on_close(self) -> bool:
        """SO_LINGER on with 0 seconds: the way of every platform to close a connection by a reset."""
        value = self._options.get((socket.SOL_SOCKET, socket.SO_LINGER))
        with contextlib.suppress(TypeError, struct.error):
            # Two ints on Unix, two shorts on Windows.
            return struct.unpack("ii" if len(value) == 8 else "hh", value) == (1, 0)  # type: ignore[arg-type]
        return False

    def getblocking(self) -> bool:
        return False

    def gettimeout(self) -> float:
        return 0.0

    def setblocking(self, flag: bool) -> None:
        if flag:
            raise ValueError("a connection of an event loop stays non-blocking")

    def settimeout(self, value: float | None) -> None:
        if value != 0:
            raise ValueError("a connection of an event loop stays non-blocking")

    def shutdown(self, how: int) -> None:
        """As asyncio's TransportSocket: it is the transport that is shut down."""

    def __repr__(self) -> str:
        return f"<VirtualSocket {self._sockname} -> {self._peername}>"
