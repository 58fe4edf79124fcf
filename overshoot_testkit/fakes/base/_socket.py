from __future__ import annotations

import asyncio
import enum
from typing import TYPE_CHECKING, Any, Literal

from aiohttp import WSMsgType
from aiohttp.http_websocket import WebSocketError

from overshoot_testkit.fakes.base import _gate, _transport
from overshoot_testkit.fakes.base._body import NotJsonError, parse_json, write_json
from overshoot_testkit.faults import CloseSocket, CutSocket, SendGarbage, StallSocket
from overshoot_testkit.journal import SocketClosed, SocketMessage

if TYPE_CHECKING:
    from aiohttp.web import BaseRequest, WebSocketResponse

    from overshoot_testkit.fakes.base._call import Call
    from overshoot_testkit.fakes.base._traffic import Traffic
    from overshoot_testkit.faults import Action
    from overshoot_testkit.journal import Journal

By = Literal["server", "client", "fault", "lost"]

NO_CODE = 1005
"""What stands for a close frame without a code (RFC 6455 section 7.1.5)."""
NO_FRAME = 1006
"""What stands for a connection that ended without a close frame."""
_THE_END = frozenset({WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR})


class SocketState(enum.Enum):
    """open → closing (our close frame is on its way) → closed; or open → closed at the other side's wish.

    open → stalled → closed, without a word, where a fault left it half open.
    """

    OPEN = "open"
    STALLED = "stalled"
    CLOSING = "closing"
    CLOSED = "closed"


class Socket:
    """A WebSocket as a server has it: numbered, journaled, and never in the way.

    Sending puts messages on a queue that a task empties, so that a slow reader stalls nobody but itself.
    The journal has a message when it was queued and a close when it was decided, which is the server's
    order of events and the same in every run.
    """

    def __init__(
        self,
        number: int,
        request: BaseRequest,
        response: WebSocketResponse[Any],
        journal: Journal,
        traffic: Traffic,
    ) -> None:
        self.number = number
        self.stream_id: str | None = None
        self.state = SocketState.OPEN
        self.request = request
        self.call: Call | None = None
        """The handshake."""
        self._parked: list[tuple[int, str, By]] | None = None
        self._response = response
        self._journal = journal
        self._traffic = traffic
        self._received = 0
        self._sent = 0
        self._queue: asyncio.Queue[str | bytes | tuple[int, str]] = asyncio.Queue()
        self._writer = asyncio.create_task(self._write(), name=f"socket {number} writer")

    @property
    def is_open(self) -> bool:
        """Whether messages can still be sent."""
        return self.state is SocketState.OPEN

    # --- sending ------------------------------------------------------------------------------------

    def send(self, value: Any, recorded: Any = None) -> None:
        """Send a JSON value; the journal gets `recorded`, or the value without its secrets."""
        if self.is_open:
            self._record("out", self._journal.secrets.value(value) if recorded is None else recorded)
            self._queue.put_nowait(write_json(value).decode())

    def send_raw(self, payload: str | bytes) -> None:
        """Send a text or binary message as it is."""
        if self.is_open:
            self._record("out", self._describe(payload))
            self._queue.put_nowait(payload)

    def close(self, code: int, reason: str = "", by: By = "server") -> None:
        """Send a close frame after what is queued, and end. Does nothing on a socket that is ending."""
        if self.state is SocketState.STALLED:
            self.cut()
        elif self.is_open and self._parked is not None:
            self._parked.append((code, reason, by))
        elif self.is_open:
            self._end(SocketState.CLOSING, by, code, reason)
            self._queue.put_nowait((code, reason))

    def cut(self, how: Literal["reset", "eof"] = "eof") -> None:
        """End the connection without a close frame; what is queued is lost."""
        self.lose()
        (_transport.reset if how == "reset" else _transport.finish)(self.request.transport)

    def lose(self) -> None:
        """A fault ends the connection: write it down, what is queued is lost."""
        self._end(SocketState.CLOSED, "fault", NO_FRAME)
        self._writer.cancel()

    def stall(self) -> None:
        """Leave it half open: the connection stands, nothing is sent, read or closed on it any more."""
        if self.is_open:
            self.state = SocketState.STALLED
            self._traffic.activity += 1
            self._writer.cancel()
            _gate.stall(self.request.transport)

    def park_close(self) -> None:
        """Let a close wait for `unpark_close`; nothing else does."""
        self._parked = []

    def unpark_close(self) -> None:
        """Let the close happen that has waited, if any."""
        waiting, self._parked = self._parked, None
        for code, reason, by in waiting or ():
            self.close(code, reason, by)

    @property
    def close_waits(self) -> bool:
        """Whether a close waits for `unpark_close`."""
        return bool(self._parked)

    def carry_out(self, action: Action) -> None:
        """Let a socket action happen. Raises TypeError for any other."""
        match action:
            case CloseSocket(code=code, reason=reason):
                self.close(code, reason, by="fault")
            case CutSocket(how=how):
                self.cut(how)
            case SendGarbage(payload=payload):
                self.send_raw(payload)
            case StallSocket():
                self.stall()
            case _:
                raise TypeError(f"{action} does not happen to a socket")

    async def _write(self) -> None:
        while True:
            item = await self._queue.get()
            try:
                if isinstance(item, tuple):
                    code, reason = item
                    await self._response.close(code=code, message=reason.encode())
                    return
                if isinstance(item, str):
                    await self._response.send_str(item)
                else:
                    await self._response.send_bytes(item)
            except ConnectionError:
                return  # the reading side sees the same loss, and records it
            self._count(sent=1)

    # --- receiving ----------------------------------------------------------------------------------

    async def receive(self) -> str | bytes | None:
        """The next message; None once the socket has ended, whoever ended it."""
        if not (self.is_open or self.state is SocketState.STALLED):
            return None
        try:
            message = await self._response.receive()
            while self.state is SocketState.STALLED and message.type not in _THE_END:
                message = await self._response.receive()  # it had come before, and is not read any more
        except ConnectionError:  # its close frame met a connection that was just cut, and cannot be answered
            self._end(SocketState.CLOSED, "lost", NO_FRAME)
            return None
        self._traffic.activity += 1
        match message.type:
            case WSMsgType.TEXT | WSMsgType.BINARY if self.is_open:
                self._count(received=1)
                payload: str | bytes = message.data
                self._record("in", self._describe(payload))
                return payload
            case WSMsgType.CLOSE:
                self._end(SocketState.CLOSED, "client", message.data or NO_CODE, self._text(message.extra))
            case WSMsgType.ERROR if isinstance(message.data, WebSocketError):
                self._end(SocketState.CLOSED, "server", message.data.code, str(message.data))
            case _:
                self._end(SocketState.CLOSED, "lost", NO_FRAME)
        return None

    async def finish(self) -> None:
        """Wait until our close frame is out and answered, or let go where there is nobody to tell."""
        self._end(SocketState.CLOSED, "lost", NO_FRAME)
        if self.state is SocketState.CLOSED:
            self._writer.cancel()
        await asyncio.wait([self._writer])
        self.state = SocketState.CLOSED

    # --- the record ---------------------------------------------------------------------------------

    def _end(self, state: SocketState, by: By, code: int, reason: str = "") -> None:
        if self.state in {SocketState.CLOSING, SocketState.CLOSED}:
            return
        self.state = state
        self._traffic.sockets_open -= 1
        self._traffic.open_messages_in -= self._received
        self._traffic.open_messages_out -= self._sent
        self._traffic.activity += 1
        self._journal.add(SocketClosed(self.number, self.stream_id, by, int(code), reason))

    def _count(self, *, received: int = 0, sent: int = 0) -> None:
        traffic = self._traffic
        traffic.messages_in += received
        traffic.messages_out += sent
        traffic.activity += 1
        if self.is_open:
            self._received += received
            self._sent += sent
            traffic.open_messages_in += received
            traffic.open_messages_out += sent

    def _record(self, direction: Literal["in", "out"], data: Any) -> None:
        self._journal.add(SocketMessage(self.number, self.stream_id, direction, data))

    def _text(self, text: str | None) -> str:
        return self._journal.secrets.text(text or "")

    def _describe(self, payload: str | bytes) -> Any:
        if isinstance(payload, bytes):
            return {"binary": len(payload)}
        try:
            return self._journal.secrets.value(parse_json(payload))
        except NotJsonError:
            return self._text(payload)
