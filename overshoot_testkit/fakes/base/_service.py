from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from overshoot_testkit.fakes.base import _faulting
from overshoot_testkit.fakes.base._body import (
    NotJsonError,
    TooLargeError,
    parse_json,
    read_body,
    write_json,
)
from overshoot_testkit.fakes.base._call import SAME, Call, Refusal, Reply, Vendor
from overshoot_testkit.fakes.base._listener import Listener
from overshoot_testkit.fakes.base._outage import Outage
from overshoot_testkit.fakes.base._routes import Found, Route, RouteTable
from overshoot_testkit.fakes.base._socket import Socket
from overshoot_testkit.fakes.base._work import Work
from overshoot_testkit.faults import Occasion
from overshoot_testkit.journal import Request, Response, SocketOpened

if TYPE_CHECKING:
    from collections.abc import Iterable

    from overshoot_testkit.clock import Clock
    from overshoot_testkit.faults import FaultPlan, Kind
    from overshoot_testkit.journal import Journal, Outcome

_JSON = {"Content-Type": "application/json"}
_REQUEST_FAULTS: frozenset[Kind] = frozenset({"request", "state"})
_SOCKET_FAULTS: frozenset[Kind] = frozenset({"socket"})
_MOST_PATHS = 20_000
_LARGEST_MESSAGE = 4 * 1024 * 1024


class Service(Work):
    """An HTTP and WebSocket server over one clock, one journal and one plan of faults. Knows no vendor.

    Every request takes the same way: numbered, read, journaled, met by its faults, answered by its
    route's handler, journaled again. A handler that raises anything but `Refusal` is our own defect: it
    is answered with 500 and raised by `aclose`.
    """

    def __init__(
        self,
        vendor: Vendor,
        *,
        clock: Clock,
        journal: Journal,
        faults: FaultPlan,
        base_path: str = "",
        body_limit: int = 1024 * 1024,
    ) -> None:
        super().__init__(clock, journal)
        self.vendor = vendor
        self.faults = faults
        self.base_path = base_path
        self.body_limit = body_limit
        self.routes = RouteTable(base_path)
        self.sockets: dict[int, Socket] = {}
        """Open WebSockets by number."""
        self.calls: dict[str, Call] = {}
        """Requests that are being served, by request id."""
        self.listener = Listener(self._handle, self.traffic)
        self.outage = Outage(self)
        self._paths: dict[tuple[str, str], tuple[Found, str]] = {}
        self._request_count = 0
        self._socket_count = 0
        self._closed = False
        faults.routes = self.routes.names

    def add_routes(self, routes: Iterable[Route]) -> None:
        """Serve these as well. Raises ValueError for a name that is taken."""
        self._paths.clear()
        for route in routes:
            self.routes.add(route)

    # --- hosting ------------------------------------------------------------------------------------

    async def listen(self, host: str = "127.0.0.1", port: int = 0, *, allow_remote: bool = False) -> str:
        """Accept connections; returns the base URL. See `Listener.listen` for errors."""
        if self._closed:
            raise RuntimeError("this server was closed; make a new one")
        return await self.listener.listen(host, port, allow_remote=allow_remote) + self.base_path

    async def aclose(self) -> None:
        """End every socket, request, timer and task. Raises ExceptionGroup if we had defects. Idempotent."""
        if self._closed:
            return
        self._closed = True
        self.cancel_timers()
        for call in self.calls.values():
            call.lost_as = "dropped"
        for socket in tuple(self.sockets.values()):
            socket.close(1001, "server closed")
        await asyncio.sleep(0)  # the writers' turn to send the close frames
        await self.listener.aclose()
        await self.cancel_tasks()
        if self.errors:
            raise ExceptionGroup("the fake itself failed; please report it", self.errors)

    def connections_in_use(self) -> list[asyncio.Transport | None]:
        """Connections that carry a request or a WebSocket right now."""
        calls = [call.request.transport for call in self.calls.values()]
        return calls + [socket.request.transport for socket in self.sockets.values()]

    # --- a request's way ----------------------------------------------------------------------------

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self._request_count += 1
        call = Call(request, f"req_{self._request_count:06d}", request.rel_url.raw_path)
        self.traffic.activity += 1
        try:
            await self._receive(call)
            route = call.route
            if route is not None and route.socket is not None:
                return await self._upgrade(call, route)
            return await self._answer(call)
        except asyncio.CancelledError:
            self.end(call, None, call.lost_as)
            raise

    async def _receive(self, call: Call) -> None:
        """Read the request and write it down."""
        request = call.request
        found, path = self._find(call.method, call.path)
        call.route, call.stream_id = found.route, found.parameter
        if path != call.path and found.parameter is not None:
            call.stream_id = self.journal.secrets.text(found.parameter)
        if found.route is None:
            call.problem = _nowhere(found.allowed)
        authorization = request.headers.get("Authorization")
        if authorization is not None:
            call.principal = self.vendor.identify(authorization)
            call.key = call.principal.label if call.principal is not None else None
        raw = await self._read(call) if request.body_exists else b""
        self._request_arrived(call, path, raw)

    async def _read(self, call: Call) -> bytes:
        try:
            return await read_body(call.request, self.body_limit)
        except TooLargeError:
            call.problem = Refusal(413, f"The body is larger than {self.body_limit} bytes.")
        except (HttpProcessingError, web.RequestPayloadError) as error:
            call.problem = Refusal(400, f"The body could not be read: {type(error).__name__}.")
        return b""

    def _request_arrived(self, call: Call, path: str, raw: bytes) -> None:
        secrets = self.journal.secrets
        content_type = call.request.headers.get("Content-Type")
        recorded: Any = None
        if raw:
            try:
                call.body = parse_json(raw)
                recorded = secrets.value(call.body)
            except NotJsonError as error:
                recorded = {"not_json": secrets.text(raw.decode("utf-8", "replace"))}
                if call.problem is None and call.route is not None and call.route.json_body:
                    call.problem = Refusal(422, str(error))
        if call.problem is None and call.route is not None and call.route.json_body:
            call.problem = _unusable(raw, content_type)
        self.traffic.requests_received += 1
        self.traffic.requests_open += 1
        self.calls[call.request_id] = call
        self.journal.add(
            Request(
                call.request_id,
                call.method,
                path,
                call.route.name if call.route is not None else None,
                call.stream_id,
                call.key,
                content_type,
                recorded,
            )
        )

    def _find(self, method: str, path: str) -> tuple[Found, str]:
        """Where a path leads, and the path without secrets.

        Remembered, since the same few paths come over and over again.
        """
        known = self._paths.get((method, path))
        if known is None:
            if len(self._paths) >= _MOST_PATHS:
                self._paths.clear()
            known = self._paths[method, path] = (
                self.routes.find(method, path),
                self.journal.secrets.text(path),
            )
        return known

    async def _answer(self, call: Call) -> web.StreamResponse:
        if not self.faults:
            reply = self._process(call)
        else:
            due = [due.action for due in self.faults.due(self._occasion(call), _REQUEST_FAULTS)]
            instead, later = await _faulting.before(self, call, due)
            await self._stay_if_lost(call)
            reply = instead or self._process(call)
            await _faulting.after(self, call, reply, later)
        response = self.response(reply)
        self.end(call, reply, "answered")
        return response

    async def _stay_if_lost(self, call: Call) -> None:
        """A request whose connection a fault has just ended is not processed."""
        if call.lost_as != "abandoned":
            await _faulting.held()

    def _process(self, call: Call) -> Reply:
        obstacle = self._obstacle(call)
        if obstacle is not None:
            return self._refuse(call, obstacle)
        assert call.route is not None
        assert call.route.handler is not None
        try:
            return call.route.handler(call)
        except Refusal as refusal:
            return self._refuse(call, refusal)
        except Exception as error:  # noqa: BLE001 - answered as a server would, raised again by aclose
            self.defect(error)
            return self._refuse(call, Refusal(500))

    def _obstacle(self, call: Call) -> Refusal | None:
        """What keeps a request from its handler: an outage, no such path, too long, no key, a bad body."""
        if self.outage.active:
            return Refusal(503)
        if call.route is None or (call.problem is not None and call.problem.status == 413):
            return call.problem
        if call.principal is None and not call.route.public:
            return Refusal(401)
        return call.problem

    def _refuse(self, call: Call, refusal: Refusal) -> Reply:
        body = self.vendor.error(
            refusal.status,
            call.request_id,
            code=refusal.code,
            message=refusal.message,
            details=refusal.details,
        )
        return Reply(refusal.status, body, self.journal.secrets.value(body), headers=refusal.headers or None)

    @staticmethod
    def response(reply: Reply) -> web.Response:
        """The answer as aiohttp sends it."""
        body = reply.body
        if body is None:
            return web.Response(status=reply.status, headers=reply.headers)
        if isinstance(body, str):
            headers: dict[str, str] = {"Content-Type": "text/html; charset=utf-8"}
            data = body.encode()
        else:
            headers = _JSON
            data = write_json(body)
        if reply.headers:
            headers = {**headers, **reply.headers}
        return web.Response(body=data, status=reply.status, headers=headers)

    def end(self, call: Call, reply: Reply | None, outcome: Outcome) -> None:
        """Write down how a request ended, once."""
        if call.ended or call.request_id not in self.calls:
            return
        call.ended = True
        del self.calls[call.request_id]
        self.traffic.requests_open -= 1
        self.traffic.activity += 1
        route = call.route.name if call.route is not None else None
        if reply is None:
            self.journal.add(Response(call.request_id, route, call.stream_id, None, outcome))
            return
        recorded = reply.body if reply.recorded is SAME else reply.recorded
        stream_id = reply.stream_id or call.stream_id
        self.journal.add(Response(call.request_id, route, stream_id, reply.status, outcome, recorded))

    def _occasion(self, call: Call, socket: int | None = None) -> Occasion:
        return Occasion(
            call.route.name if call.route is not None else None,
            call.method,
            call.path,
            call.request_id,
            socket,
            call.stream_id,
            call.key,
            call.body,
        )

    # --- WebSockets ---------------------------------------------------------------------------------

    async def _upgrade(self, call: Call, route: Route) -> web.StreamResponse:
        """Accept a WebSocket and serve it to its end."""
        due = [due.action for due in self.faults.due(self._occasion(call), _REQUEST_FAULTS)]
        instead, later = await _faulting.before(self, call, due)
        await self._stay_if_lost(call)
        upgrade = web.WebSocketResponse(compress=False, max_msg_size=_LARGEST_MESSAGE)
        if instead is None and self.outage.active:
            instead = self._refuse(call, Refusal(503))
        if instead is None and not upgrade.can_prepare(call.request):
            instead = self._refuse(call, Refusal(400, "This path is a WebSocket: open it as one."))
        reply = instead or Reply(101)
        await _faulting.after(self, call, reply, later)
        self.end(call, reply, "answered")
        if instead is not None:
            return self.response(instead)
        await upgrade.prepare(call.request)
        # Its own task: should the connection end, what the client sent before that is still read.
        await asyncio.shield(self.spawn(self._serve_socket(call, route, upgrade), f"socket of {call.path}"))
        return upgrade

    async def _serve_socket(self, call: Call, route: Route, upgrade: web.WebSocketResponse[Any]) -> None:
        assert route.socket is not None
        self._socket_count += 1
        socket = Socket(self._socket_count, call.request, upgrade, self.journal, self.traffic)
        socket.stream_id = call.stream_id
        self.sockets[socket.number] = socket
        self.traffic.sockets_open += 1
        self.journal.add(SocketOpened(socket.number, socket.stream_id))
        try:
            await route.socket(call, socket)
        finally:
            await socket.finish()
            del self.sockets[socket.number]

    def strike_socket(self, call: Call, socket: Socket) -> None:
        """Let the faults happen that wait for a socket; the vendor calls this once it has authenticated."""
        for due in self.faults.due(self._occasion(call, socket.number), _SOCKET_FAULTS):
            socket.carry_out(due.action)


def _nowhere(allowed: frozenset[str]) -> Refusal:
    if not allowed:
        return Refusal(404)
    return Refusal(405, headers={"Allow": ", ".join(sorted(allowed))})


def _unusable(raw: bytes, content_type: str | None) -> Refusal | None:
    if not raw:
        return Refusal(422, "A JSON body is required.")
    kind = (content_type or "").partition(";")[0].strip().lower()
    if kind and kind != "application/json" and not kind.endswith("+json"):
        return Refusal(422, "The body must be sent as Content-Type: application/json.")
    return None
