"""The result WebSocket: a key first, then results until somebody ends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from overshoot_testkit.fakes.base import Call, NotJsonError, Route, Socket, parse_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from overshoot_testkit.fakes.base import Service
    from overshoot_testkit.fakes.overshoot._ledger import Wallet
    from overshoot_testkit.fakes.overshoot._lifecycle import Lifecycle
    from overshoot_testkit.fakes.overshoot._stream import Stream


class ResultSocket:
    """WS /ws/streams/{stream_id}. Sources: contract › info; docs › result WebSocket."""

    def __init__(
        self, service: Service, lifecycle: Lifecycle, wallet_of: Callable[[str], Wallet | None]
    ) -> None:
        self._service = service
        self._lifecycle = lifecycle
        self._wallet_of = wallet_of

    def route(self) -> Route:
        """Its line in the route table."""
        return Route("socket", "GET", "/ws/streams/{stream_id}", socket=self.serve, public=True)

    async def serve(self, call: Call, socket: Socket) -> None:
        """Authenticate, then listen until the end; what a client says after its key is ignored."""
        stream = await self._authenticate(call, socket)
        if stream is None:
            return await _until_end(socket)
        self._lifecycle.delivery.attach(stream, socket)
        try:
            self._service.strike_socket(call, socket)
            await _until_end(socket)
        finally:
            self._lifecycle.delivery.detach(stream, socket)
        return None

    async def _authenticate(self, call: Call, socket: Socket) -> Stream | None:
        """The stream, once the key was shown; otherwise the socket is closing when this returns."""
        service = self._service
        settings = self._lifecycle.settings
        limit = service.clock.now() + settings.socket_auth_timeout
        timer = service.call_at(limit, socket.close, 1008, "authentication timed out")
        message = await socket.receive()
        service.cancel(timer)
        if message is None:
            return None
        wallet = self._wallet(message)
        if wallet is None:
            socket.close(1008, "authentication failed")
            return None
        call.principal, call.key = wallet, wallet.label
        stream = self._lifecycle.find(socket.stream_id, wallet)
        if stream is None:
            socket.close(settings.unknown_stream_code, "stream not found")
            return None
        if not stream.is_open:  # *assumed*: as the sockets were closed that were open at its end
            socket.close(1001, f"stream ended: {stream.ended_reason}")
            return None
        return stream

    def _wallet(self, message: str | bytes) -> Wallet | None:
        if isinstance(message, bytes):
            return None
        try:
            value = parse_json(message)
        except NotJsonError:
            return None
        key = value.get("api_key") if isinstance(value, dict) else None
        return self._wallet_of(key) if isinstance(key, str) else None


async def _until_end(socket: Socket) -> None:
    while await socket.receive() is not None:
        pass
