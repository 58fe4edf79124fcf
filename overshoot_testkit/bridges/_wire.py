"""A connection in memory, on any loop: the server's protocol at one end, bytes at the other."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import contextvars
    from collections.abc import Iterable

    from overshoot_testkit.clock import Clock


class Wire(asyncio.Transport):
    """The transport of a server's protocol; its client sends, reads and hangs up by the methods named so.

    Everything happens on the running loop; what the protocol is told, it is told in a turn of its own, and in
    `context`. There is no flow control: a server may write as much as it likes. A reset loses what was not
    read yet.
    """

    def __init__(self, protocol: asyncio.Protocol, clock: Clock, context: contextvars.Context) -> None:
        super().__init__({"peername": ("127.0.0.1", 0), "sockname": ("127.0.0.1", 0)})
        self._loop = asyncio.get_running_loop()
        self._protocol: asyncio.Protocol | None = protocol
        self._clock = clock
        self._context = context
        self._closing = False
        self._paused = False
        self._unread_by_server: list[bytes] = []
        self._arrived: list[bytes] = []
        self._end: Exception | bool | None = False
        """How the server ended it: False not yet, None in order, an exception by a reset."""
        self._reader: asyncio.Future[None] | None = None
        self._tell("connection_made", self)

    # --- the client's end ---------------------------------------------------------------------------

    def send(self, data: bytes) -> None:
        """Send bytes to the server."""
        self._tell("data_received", data)

    async def read(self, patience: float | None) -> bytes:
        """The bytes that have arrived, at least one; b"" once the server has ended the connection.

        Raises ConnectionResetError; TimeoutError after `patience` seconds of the clock without any.
        """
        if not self._arrived and self._end is False:
            await self._something(patience)
        if self._arrived:
            data = b"".join(self._arrived)
            self._arrived.clear()
            return data
        if isinstance(self._end, Exception):
            raise self._end
        return b""

    async def _something(self, patience: float | None) -> None:
        self._reader = reader = self._loop.create_future()
        timer = None if patience is None else self._clock.call_later(patience, _give_up, reader)
        try:
            await reader
        finally:
            self._reader = None
            if timer is not None:
                timer.cancel()

    def hang_up(self) -> None:
        """End the connection from the client's side."""
        if not self._closing:
            self._closing = True
            self._tell("connection_lost", None)

    # --- the server's end ---------------------------------------------------------------------------

    def _tell(self, what: str, *args: Any) -> None:
        self._loop.call_soon(self._told, what, args, context=self._context)

    def _told(self, what: str, args: tuple[Any, ...]) -> None:
        protocol = self._protocol
        if protocol is None:
            return
        if what == "data_received" and self._paused:
            self._unread_by_server += args
            return
        if what == "connection_lost":
            self._protocol = None
        getattr(protocol, what)(*args)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self._closing and data:
            self._arrived.append(bytes(data))
            self._wake()

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        self.write(b"".join(list_of_data))

    def write_eof(self) -> None:
        self._over(None)

    def can_write_eof(self) -> bool:
        return True

    def close(self) -> None:
        """The client sees an end of stream (FIN) after what was written."""
        if not self._closing:
            self._over(None)
            self.hang_up()

    def abort(self) -> None:
        """The client sees a reset (RST)."""
        if not self._closing:
            self._arrived.clear()
            self._over(ConnectionResetError("Connection reset by peer"))
            self.hang_up()

    def is_closing(self) -> bool:
        return self._closing

    def _over(self, how: Exception | None) -> None:
        if self._end is False:
            self._end = how
        self._wake()

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    def pause_reading(self) -> None:
        self._paused = True

    def resume_reading(self) -> None:
        self._paused = False
        if self._unread_by_server:
            data = b"".join(self._unread_by_server)
            self._unread_by_server.clear()
            self.send(data)

    def is_reading(self) -> bool:
        return not (self._paused or self._closing)

    def get_write_buffer_size(self) -> int:
        return 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None: ...

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = protocol  # type: ignore[assignment] # whoever sets another one knows what it does

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._protocol  # type: ignore[return-value] # None once lost, as asyncio's own


def _give_up(reader: asyncio.Future[None]) -> None:
    if not reader.done():
        reader.set_exception(TimeoutError("timed out"))
