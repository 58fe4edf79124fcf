"""One request of httpx on a connection of its own: sent as HTTP/1.1, answered as a server answers."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import h11
import httpx

from overshoot_testkit.bridges._wire import Wire

if TYPE_CHECKING:
    import contextvars
    from collections.abc import AsyncIterator, Coroutine, Iterator

    from overshoot_testkit.clock import Clock
    from overshoot_testkit.fakes.base._listener import Listener


class Exchange:
    """A request on its way to a fake, and its answer. Runs on the fake's loop."""

    def __init__(
        self, listener: Listener, clock: Clock, request: httpx.Request, context: contextvars.Context
    ) -> None:
        self._listener = listener
        self._clock = clock
        self._request = request
        self._context = context
        self._parser = h11.Connection(h11.CLIENT)
        self._patience: float | None = (request.extensions.get("timeout") or {}).get("read")
        self._wire: Wire | None = None

    async def begin(self) -> tuple[h11.Response, list[bytes], bool]:
        """Send the request: the answer's head, as much of the body as came with it, and whether that was all.

        Raises the exceptions of httpx's own transport, as for the same on the network.
        """
        try:
            protocol = self._listener.connect()
        except ConnectionRefusedError as error:
            raise httpx.ConnectError(f"{error}", request=self._request) from error
        self._wire = Wire(protocol, self._clock, self._context)
        self._wire.send(self._serialized())
        try:
            while not isinstance(head := await self._event(), h11.Response):
                pass
            return head, *self._at_hand()
        except BaseException:
            self.hang_up()
            raise

    def _serialized(self) -> bytes:
        request = self._request
        head = h11.Request(method=request.method, target=request.url.raw_path, headers=request.headers.raw)
        body = request.content
        parts = [self._parser.send(head), self._parser.send(h11.Data(body)) if body else b""]
        parts.append(self._parser.send(h11.EndOfMessage()))
        return b"".join(part for part in parts if part)

    def _at_hand(self) -> tuple[list[bytes], bool]:
        """What of the body has arrived already."""
        pieces: list[bytes] = []
        while True:
            try:
                event = self._parser.next_event()
            except h11.RemoteProtocolError as error:
                raise httpx.RemoteProtocolError(f"{error}", request=self._request) from error
            if isinstance(event, h11.Data):
                pieces.append(bytes(event.data))
            else:
                whole = isinstance(event, h11.EndOfMessage)
                if whole:
                    self.hang_up()
                return pieces, whole

    async def piece(self) -> bytes | None:
        """More of the body; None at its end."""
        try:
            event = await self._event()
        except BaseException:
            self.hang_up()
            raise
        if isinstance(event, h11.Data):
            return bytes(event.data)
        self.hang_up()
        return None

    async def _event(self) -> Any:
        """What the server says next."""
        assert self._wire is not None
        while True:
            try:
                event = self._parser.next_event()
                if event is not h11.NEED_DATA:
                    return event
                self._receive(await self._wire.read(self._patience))
            except h11.RemoteProtocolError as error:
                raise httpx.RemoteProtocolError(f"{error}", request=self._request) from error
            except ConnectionResetError as error:
                raise httpx.ReadError(f"{error}", request=self._request) from error
            except TimeoutError as error:
                raise httpx.ReadTimeout(f"{error}", request=self._request) from error

    def _receive(self, data: bytes) -> None:
        if not data and self._parser.their_state is h11.SEND_RESPONSE:
            # h11 has no words of its own for it; these are httpcore's.
            raise h11.RemoteProtocolError("Server disconnected without sending a response.")
        self._parser.receive_data(data)

    def hang_up(self) -> None:
        """End the connection, if it has not ended."""
        if self._wire is not None:
            self._wire.hang_up()


class Line:
    """To a fake's loop, from wherever a client runs."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run it there, and block until it is done. Raises RuntimeError where that would be for ever."""
        try:
            self._check_blocking()
        except RuntimeError:
            work.close()
            raise
        future = asyncio.run_coroutine_threadsafe(work, self.loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def _check_blocking(self) -> None:
        if not self.loop.is_running():
            raise RuntimeError("the fake's loop does not run, so it cannot answer: run it in a thread")
        if getattr(self.loop, "_thread_id", None) == threading.get_ident():
            raise RuntimeError(
                "httpx.Client blocks the loop that the fake lives on: use httpx.AsyncClient here, "
                "or httpx.Client in a test that is not async"
            )

    async def arun(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run it there, and wait."""
        if asyncio.get_running_loop() is self.loop:
            return await work
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self.loop))

    def soon(self, callback: Any) -> None:
        """Call it there."""
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(callback)


class Body(httpx.SyncByteStream, httpx.AsyncByteStream):
    """The body of an answer that did not come in one piece."""

    def __init__(self, exchange: Exchange, line: Line, first: list[bytes]) -> None:
        self._exchange = exchange
        self._line = line
        self._first = first

    def __iter__(self) -> Iterator[bytes]:
        yield from self._first
        while (piece := self._line.run(self._exchange.piece())) is not None:
            yield piece

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._first:
            yield piece
        while (piece := await self._line.arun(self._exchange.piece())) is not None:
            yield piece

    def close(self) -> None:
        self._line.soon(self._exchange.hang_up)

    async def aclose(self) -> None:
        self.close()
