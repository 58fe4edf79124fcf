from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from aiohttp import web

from overshoot_testkit.fakes.base import _faulting, _protocol, _reading, _transport
from overshoot_testkit.fakes.base._answers import Answers
from overshoot_testkit.fakes.base._call import SAME, Call, Refusal, Reply, Vendor
from overshoot_testkit.fakes.base._cors import Cors
from overshoot_testkit.fakes.base._listener import Listener
from overshoot_testkit.fakes.base._options import TOO_LONG, Options, nowhere, redirected
from overshoot_testkit.fakes.base._outage import Outage
from overshoot_testkit.fakes.base._routes import Found, Route, RouteTable
from overshoot_testkit.fakes.base._shaping import Shaper
from overshoot_testkit.fakes.base._socket import Socket
from overshoot_testkit.fakes.base._work import Work
from overshoot_testkit.faults import Occasion
from overshoot_testkit.journal import Request, Response, SocketOpened

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator

    from overshoot_testkit.clock import Clock
    from overshoot_testkit.faults import Action, FaultPlan, Kind
    from overshoot_testkit.journal import Journal, Outcome

_REQUEST_FAULTS: frozenset[Kind] = frozenset({"request", "state"})
_SOCKET_FAULTS: frozenset[Kind] = frozenset({"socket"})
_MOST_PATHS = 100_000
"""Remembered: of ten thousand streams with all their endpoints."""
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
        self.shaper = Shaper(self, faults, self)
        self.listener = Listener(self._handle, self.traffic, self.shaper, self)
        self.outage = Outage(self)
        self.skew = 0.0
        """Seconds by which the server's wall clock is ahead of the fake's."""
        self.redirect_prefix: tuple[str, str] | None = None
        """A path that others serve, and where: what begins with it is sent there, and not written down."""
        self.cors = Cors(self.routes.methods)
        self.answers = Answers(self.wall, self.cors)
        self._options = Options(self.routes, self.cors)
        self._paths: dict[tuple[str, str], tuple[Found, str]] = {}
        self._request_count = 0
        self._socket_count = 0
        self._closed = False
        self._catch_up: Callable[[], Awaitable[None]] | None = getattr(clock, "catch_up", None)
        """For a clock that others move, such as `FollowingClock`: what is due comes before the request."""
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
        self.shaper.release()
        self.cancel_timers()
        for call in self.calls.values():
            call.lost_as = "dropped"
        for socket in tuple(self.sockets.values()):
            socket.unpark_close()
            socket.close(1001, "server closed")
        await asyncio.sleep(0)  # the writers' turn to send the close frames
        await self.listener.aclose()
        await self.shaper.aclose()
        await self.cancel_tasks()
        if self.errors:
            raise ExceptionGroup("the fake itself failed; please report it", self.errors)

    def connections_in_use(self) -> list[asyncio.Transport | None]:
        """Connections that carry a request or a WebSocket right now."""
        calls = [call.request.transport for call in self.calls.values()]
        return calls + [socket.request.transport for socket in self.sockets.values()]

    def wall(self) -> float:
        """The server's own idea of unix seconds: in dates and tokens; durations do not know it."""
        return self.clock.unix() + self.skew

    def carried(self) -> Iterator[tuple[object, Occasion]]:
        """As `_shaping.Carrier`."""
        for call in self.calls.values():
            yield call.request.transport, self._occasion(call)
        for socket in self.sockets.values():
            if socket.call is not None:
                yield socket.request.transport, self._occasion(socket.call, socket.number)

    def connection_ends(self, gate: Any, *, reset: bool) -> None:
        """As `_shaping.Carrier`."""
        for call in self.calls.values():
            if call.request.transport is gate:
                call.lost_as = "reset" if reset else "dropped"
        if gate.carries is not None:
            gate.carries.lose()

    def let_go(self, staying: Collection[Socket], reason: str) -> None:
        """End what is open, as a server that restarts: requests without an answer, WebSockets with 1001."""
        for call in tuple(self.calls.values()):
            call.lost_as = "dropped"
            self.end(call, None, "dropped")
            _transport.finish(call.request.transport)
        for number, socket in tuple(self.sockets.items()):
            if socket not in staying:
                socket.close(1001, reason)
                del self.sockets[number]

    @property
    def counts(self) -> tuple[int, int]:
        """How many requests and WebSockets there were: what the next ones are numbered by."""
        return self._request_count, self._socket_count

    @counts.setter
    def counts(self, counts: tuple[int, int]) -> None:
        self._request_count, sockets = counts
        self._socket_count = max(sockets, *self.sockets, 0)  # those that are open have their numbers

    # --- a request's way ----------------------------------------------------------------------------

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if self._catch_up is not None:
            await self._catch_up()
        if self.redirect_prefix is not None:
            location = redirected(request.raw_path, self.redirect_prefix)
            if location is not None:
                return web.Response(status=307, headers={"Location": location})
        call = self._new_call(request, request.rel_url.raw_path)
        try:
            await self._receive(call)
            route = call.route
            if route is not None and route.socket is not None:
                return await self._upgrade(call, route)
            return await self._answer(call)
        except asyncio.CancelledError:
            self.end(call, None, call.lost_as)
            raise

    def _new_call(self, request: web.BaseRequest, path: str) -> Call:
        self._request_count += 1
        self.traffic.activity += 1
        return Call(request, f"req_{self._request_count:06d}", path)

    def misread(self, request: web.BaseRequest, error: BaseException | None) -> web.StreamResponse:
        """As `_protocol.Failures`: an answer in the vendor's shape, written down like any other."""
        call = self._new_call(request, "?")
        call.method = "?"
        self._request_arrived(call, "?", b"")
        reply = self._refuse(call, _protocol.refusal(error))
        self.end(call, reply, "answered")
        return self.response(call, reply)

    async def _receive(self, call: Call) -> None:
        """Read the request and write it down."""
        request = call.request
        if len(request.raw_path) > _protocol.LONGEST_URL:
            found, path = TOO_LONG, self.journal.secrets.text(call.path)
        else:
            found, path = self._find(call.method, call.path)
        call.route, call.stream_id = found.route, found.parameter
        if path != call.path and found.parameter is not None:
            call.stream_id = self.journal.secrets.text(found.parameter)
        if found.route is None:
            call.route = self._options.route(call, found) if call.method == "OPTIONS" else None
            if call.route is None:
                call.problem = nowhere(found)
        authorization = request.headers.get("Authorization")
        if authorization is not None:
            call.principal = self.vendor.identify(authorization)
            call.key = call.principal.label if call.principal is not None else None
        raw = await _reading.read(call, self.body_limit) if request.body_exists else b""
        self._request_arrived(call, path, raw)

    def _request_arrived(self, call: Call, path: str, raw: bytes) -> None:
        content_type = call.request.headers.get("Content-Type")
        recorded = _reading.take(call, raw, content_type, self.journal.secrets)
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
            due = self._faults_due(call)
            instead, later = await _faulting.before(self, call, due)
            await self._stay_if_lost(call)
            reply = instead or _faulting.in_order(self, call, self._process, later)
            sent = await _faulting.after(self, call, reply, later)
            if sent is not None:
                return sent
        response = self.response(call, reply)
        self.end(call, reply, "answered")
        return response

    def _faults_due(self, call: Call) -> list[Action]:
        occasion = self._occasion(call)
        self.shaper.meet(call.request.transport, occasion)
        if call.lost_as != "abandoned":
            return []
        return [due.action for due in self.faults.due(occasion, _REQUEST_FAULTS)]

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
        if self.outage.hides(call.stream_id) and call.route is not self.cors.route:
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

    def response(self, call: Call, reply: Reply, *, plain: bool = False) -> web.Response:
        """The answer as aiohttp sends it; `plain`: uncompressed whatever the client takes."""
        return self.answers.response(call.request, call.request_id, reply, plain=plain)

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
            call.route is self.cors.route,
        )

    # --- WebSockets ---------------------------------------------------------------------------------

    async def _upgrade(self, call: Call, route: Route) -> web.StreamResponse:
        """Accept a WebSocket and serve it to its end."""
        instead, later = await _faulting.before(self, call, self._faults_due(call))
        await self._stay_if_lost(call)
        upgrade = web.WebSocketResponse(compress=False, max_msg_size=_LARGEST_MESSAGE)
        if instead is None and self.outage.hides(call.stream_id):
            instead = self._refuse(call, Refusal(503))
        if instead is None and (call.method != "GET" or not upgrade.can_prepare(call.request)):
            instead = self._refuse(call, Refusal(400, "This path is a WebSocket: open it as one."))
        reply = instead or Reply(101)
        await _faulting.after(self, call, reply, later)
        self.end(call, reply, "answered")
        if instead is not None:
            return self.response(call, instead)
        upgrade.headers.extend(self.answers.headers(call.request, call.request_id))
        await upgrade.prepare(call.request)
        # Its own task: should the connection end, what the client sent before that is still read.
        await asyncio.shield(self.spawn(self._serve_socket(call, route, upgrade), f"socket of {call.path}"))
        return upgrade

    async def _serve_socket(self, call: Call, route: Route, upgrade: web.WebSocketResponse[Any]) -> None:
        assert route.socket is not None
        self._socket_count += 1
        socket = Socket(self._socket_count, call.request, upgrade, self.journal, self.traffic)
        socket.stream_id, socket.call = call.stream_id, call
        self.shaper.carry(call.request.transport, socket)
        self.sockets[socket.number] = socket
        self.traffic.sockets_open += 1
        self.journal.add(SocketOpened(socket.number, socket.stream_id))
        try:
            await route.socket(call, socket)
        finally:
            await socket.finish()
            if self.sockets.get(socket.number) is socket:  # after a restart, another may have its number
                del self.sockets[socket.number]

    def strike_socket(self, call: Call, socket: Socket) -> None:
        """Let the faults happen that wait for a socket; the vendor calls this once it has authenticated."""
        if not self.faults:
            return
        occasion = self._occasion(call, socket.number)
        self.shaper.meet(call.request.transport, occasion)  # only now it is known whose it is
        for due in self.faults.due(occasion, _SOCKET_FAULTS):
            socket.carry_out(due.action)
