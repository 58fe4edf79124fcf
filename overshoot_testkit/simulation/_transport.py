"""One end of a connection in memory, with the manners of asyncio's socket transport."""

from __future__ import annotations

import asyncio
import errno
from typing import TYPE_CHECKING, Any

from overshoot_testkit.simulation._pipe import WINDOW, Pipe, Signal
from overshoot_testkit.simulation._socket import VirtualSocket

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextvars import Context

    from overshoot_testkit.simulation._connection import Connection
    from overshoot_testkit.simulation._loop import VirtualTimeLoop
    from overshoot_testkit.simulation._server import MemoryServer
    from overshoot_testkit.simulation._socket import Address

_HIGH_WATER = 64 * 1024


class MemoryTransport(asyncio.Transport):
    """A transport whose socket is a `Pipe` each way.

    Callbacks of the protocol run in `context`, that of whoever connected or listened, so what a server does
    is never attributed to its client. As with sockets, `close` and `abort` end the stream in order, and
    turn into a reset when bytes lie unread or SO_LINGER says so.
    """

    __slots__ = (
        "__weakref__",
        "_broken",
        "_buffered",
        "_closing",
        "_connection",
        "_eof_seen",
        "_eof_sent",
        "_high",
        "_info",
        "_inward",
        "_loop",
        "_lost",
        "_low",
        "_outward",
        "_protocol",
        "_server",
        "_write_paused",
        "context",
        "paused",
    )

    def __init__(  # noqa: PLR0917  (made in one place)
        self,
        loop: VirtualTimeLoop,
        connection: Connection,
        pipes: tuple[Pipe, Pipe],
        addresses: tuple[Address, Address],
        context: Context,
        server: MemoryServer | None = None,
    ) -> None:
        sockname, peername = addresses
        sock = VirtualSocket(sockname, peername, self._fileno)
        self._info: dict[str, Any] = {"socket": sock, "sockname": sockname, "peername": peername}
        super().__init__(self._info)
        self._loop = loop
        self._connection = connection
        self._inward, self._outward = pipes
        self._protocol: asyncio.BaseProtocol | None = None
        self._buffered = False
        self._server = server
        self._closing = False
        self._lost = False
        self._broken = False
        self._eof_seen = False
        self._eof_sent = False
        self._write_paused = False
        self._high = _HIGH_WATER
        self._low = _HIGH_WATER // 4
        self.context = context
        # Nobody reads before there is a protocol; the server's end opens by the signal in its pipe.
        self.paused = server is None

    def _fileno(self) -> int:
        if self._closing:
            return -1
        readable = self._eof_seen or self._inward.has_arrived()
        return self._loop.network.descriptors.fileno(readable=readable)

    # --- opening

    def open(self, protocol: asyncio.BaseProtocol) -> None:
        """Hand the connection to its protocol and begin to read."""
        self.set_protocol(protocol)
        self.paused = False
        try:
            protocol.connection_made(self)
        except Exception as exc:  # noqa: BLE001  (whatever a protocol raises ends its connection)
            self._fail(exc, "connection_made() failed")
            return
        self._inward.schedule()

    def describe_tls(self, sslcontext: object) -> None:
        """Let the protocol believe that the connection is encrypted."""
        self._info["sslcontext"] = sslcontext

    # --- from the pipe

    def deliver(self, data: bytes) -> None:
        """Bytes have arrived."""
        try:
            if self._buffered:
                _feed(self._protocol, data)
            else:
                self._protocol.data_received(data)  # type: ignore[union-attr]
        except Exception as exc:  # noqa: BLE001
            self._fail(exc, "data_received() failed")

    def signalled(self, signal: Signal) -> None:
        """Something other than bytes has arrived."""
        if signal is Signal.OPEN:
            self._accept()
        elif signal is Signal.EOF:
            self._end_of_stream()
        else:
            self._reset()

    def _accept(self) -> None:
        server = self._server
        if server is None or not server.is_serving():
            self._outward.signal(Signal.RESET)
            self._closing = self._lost = True
            return
        server.attach(self)
        try:
            protocol = server.protocol_factory()
        except Exception as exc:  # noqa: BLE001
            self._fail(exc, "Error in accepting a connection")
            return
        self.open(protocol)

    def _end_of_stream(self) -> None:
        self._eof_seen = True
        if self._protocol is None or self._lost:
            return
        try:
            keep_open = self._protocol.eof_received()  # type: ignore[attr-defined]
        except Exception as exc:  # noqa: BLE001
            self._fail(exc, "eof_received() failed")
            return
        if not keep_open:
            self.close()

    def _reset(self) -> None:
        if self._eof_seen and not self._closing:
            # The reading side has ended and looks no more: the next write will find out.
            self._broken = True
            return
        self._closing = True
        # What is under way goes on: if the reset came from the link, the other end is there to take it.
        self._outward.discard_unsent()
        self._outward.dead = True
        self._lose(ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"))

    def drained(self) -> None:
        """The outward pipe has carried something away."""
        if not (self._write_paused or self._closing):
            return
        waiting = self.get_write_buffer_size()
        if self._write_paused and waiting <= self._low:
            self._write_paused = False
            self._loop.call_soon(self._tell_writing, "resume_writing", context=self.context)
        if self._closing and not waiting:
            self._lose(None)

    def _tell_writing(self, what: str) -> None:
        if self._protocol is None:
            return
        try:
            getattr(self._protocol, what)()
        except Exception as exc:  # noqa: BLE001
            self._report(exc, f"protocol.{what}() failed")

    # --- reading

    def is_reading(self) -> bool:
        return not (self._closing or self.paused)

    def pause_reading(self) -> None:
        if not self._closing:
            self.paused = True

    def resume_reading(self) -> None:
        if self.paused and not self._closing:
            self.paused = False
            self._inward.schedule()

    # --- writing

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if type(data) is not bytes:
            if not isinstance(data, bytes | bytearray | memoryview):
                raise TypeError(f"data argument must be a bytes-like object, not {type(data).__name__!r}")
            data = bytes(data)
        if self._eof_sent:
            raise RuntimeError("Cannot call write() after write_eof()")
        if self._closing or not data:
            return
        if self._broken:
            self._fail(BrokenPipeError(errno.EPIPE, "Broken pipe"))
            return
        reset_due = self._inward.reset_due
        if reset_due is not None and reset_due <= self._loop.time() and self._inward.has_arrived():
            self._fail(ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"))
            return
        self._outward.write(data)
        if self._outward.size > WINDOW:
            self._pause_if_full()

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        self.write(b"".join(list_of_data))

    def write_eof(self) -> None:
        if not (self._closing or self._eof_sent):
            self._eof_sent = True
            self._outward.signal(Signal.EOF)

    def can_write_eof(self) -> bool:
        return True

    def _pause_if_full(self) -> None:
        if not self._write_paused and self.get_write_buffer_size() > self._high:
            self._write_paused = True
            self._tell_writing("pause_writing")

    def get_write_buffer_size(self) -> int:
        return max(0, self._outward.size - WINDOW)

    def get_write_buffer_limits(self) -> tuple[int, int]:
        return self._low, self._high

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        if high is None:
            high = _HIGH_WATER if low is None else 4 * low
        if low is None:
            low = high // 4
        if not high >= low >= 0:
            raise ValueError(f"high ({high!r}) must be >= low ({low!r}) must be >= 0")
        self._high, self._low = high, low
        self._pause_if_full()

    # --- ending

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        if self._closing:
            return
        self._say_end()
        if not self.get_write_buffer_size():
            self._lose(None)

    def abort(self) -> None:
        self._force_close(None)

    def _force_close(self, exc: Exception | None) -> None:
        if self._lost:
            return
        self._outward.discard_unsent()
        if not self._closing:
            self._say_end()
        self._lose(exc)

    def _say_end(self) -> None:
        """Tell the peer, by end-of-stream or by reset."""
        rude = self._inward.has_unread_bytes() or self._info["socket"].resets_on_close
        self._closing = True
        if self._loop.is_closed():
            return
        if rude:
            self._outward.signal(Signal.RESET)
        elif not self._eof_sent:
            self._outward.signal(Signal.EOF)
        # Let the pipe find out that nobody takes what lies unread or comes later.
        self.paused = False
        self._inward.schedule()

    def _fail(self, exc: Exception, message: str = "Fatal error on transport") -> None:
        if not isinstance(exc, OSError):
            self._report(exc, message)
        self._force_close(exc)

    def _report(self, exc: Exception, message: str) -> None:
        self._loop.call_exception_handler(
            {"message": message, "exception": exc, "transport": self, "protocol": self._protocol}
        )

    def _lose(self, exc: Exception | None) -> None:
        if self._lost:
            return
        self._lost = True
        if not self._loop.is_closed():
            self._loop.call_soon(self._connection_lost, exc, context=self.context)

    def _connection_lost(self, exc: Exception | None) -> None:
        protocol, self._protocol = self._protocol, None
        server, self._server = self._server, None
        try:
            if protocol is not None:
                protocol.connection_lost(exc)
        finally:
            if server is not None:
                server.detach(self)
            self._loop.network.forget(self._connection)

    @property
    def is_lost(self) -> bool:
        return self._lost

    def forsake(self) -> None:
        """The loop is closing: nobody will be told anything any more."""
        self._closing = self._lost = True
        self._protocol = None

    # --- protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = protocol
        self._buffered = isinstance(protocol, asyncio.BufferedProtocol)

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._protocol  # type: ignore[return-value]  # None once lost, as asyncio's own

    def __repr__(self) -> str:
        state = "closed" if self._lost else "closing" if self._closing else "open"
        return f"<MemoryTransport {state} {self._info['sockname']} -> {self._info['peername']}>"


def _feed(protocol: Any, data: bytes) -> None:
    """Hand bytes to a `BufferedProtocol`, in as many buffers as it takes."""
    while data:
        buffer = protocol.get_buffer(len(data))
        if not len(buffer):
            raise RuntimeError("get_buffer() returned an empty buffer")
        count = min(len(buffer), len(data))
        buffer[:count] = data[:count]
        protocol.buffer_updated(count)
        data = data[count:]
