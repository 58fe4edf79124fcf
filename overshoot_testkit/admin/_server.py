"""The admin API's server: its own listener, one way for every request, and what can be asked of any fake."""

from __future__ import annotations

import asyncio
import inspect
import ipaddress
from typing import TYPE_CHECKING, Any

from aiohttp import web
from pydantic_core import to_json

from overshoot_testkit.admin._access import LOCAL, Access
from overshoot_testkit.admin._checks import read_body, read_query
from overshoot_testkit.admin._clock import ClockPart
from overshoot_testkit.admin._faults import FaultsPart
from overshoot_testkit.admin._journal import JournalPart
from overshoot_testkit.admin._moves import Moves
from overshoot_testkit.admin._operation import AdminError, Ask, Operation
from overshoot_testkit.admin._overview import OverviewPart
from overshoot_testkit.admin._scenario import ScenarioPart
from overshoot_testkit.admin._snapshots import SnapshotsPart
from overshoot_testkit.admin._ui import UiPart
from overshoot_testkit.fakes.base import RemoteHostError, open_port

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import TracebackType
    from typing import Self

    from overshoot_testkit.admin._hosted import Hosted

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

PREFIX = "/_testkit"
_LARGEST = 1024 * 1024
_PATIENCE = 1.0
"""Real seconds that requests under way may take to end when the server closes."""


class Server:
    """The admin API of one fake, on a port of its own: whatever happens to the fake's never reaches it.

    token: needed with each request, as `Authorization: Bearer`; at least 16 characters. Without one the
    server listens on loopback only. profile: told by `GET /`. again: called after each reset, for faults and
    scenarios that are there from the start.
    """

    def __init__(
        self,
        fake: Hosted,
        *,
        token: str | None = None,
        profile: str = "seed",
        again: Callable[[], object] | None = None,
    ) -> None:
        self.fake = fake
        self.errors: list[Exception] = []
        """Our own defects, raised together by `aclose`."""
        self._token = token
        self._access = Access(token, LOCAL)
        self._moves = Moves(fake)
        self._journal = JournalPart(fake)
        self.scenario = ScenarioPart(fake)
        clock = ClockPart(fake, self._moves)
        self._operations: list[Operation] = [
            *OverviewPart(self, fake, clock, profile).operations(),
            *UiPart().operations(),
            *FaultsPart(fake).operations(),
            *clock.operations(),
            *self._journal.operations(),
            *self.scenario.operations(),
            *SnapshotsPart(fake, self._moves, self.scenario, again).operations(),
            *self.vendor_operations(),
        ]
        self._runner: web.AppRunner | None = None
        self._listening: asyncio.AbstractServer | None = None
        self._url: str | None = None

    def vendor_operations(self) -> list[Operation]:
        """What can be asked of this vendor's fake beside that."""
        return []

    @property
    def operations(self) -> list[Operation]:
        """All that can be asked."""
        return list(self._operations)

    @property
    def url(self) -> str:
        """Where it listens, with `/_testkit`. Raises RuntimeError before `listen`."""
        if self._url is None:
            raise RuntimeError(
                "the admin API does not listen yet: `await admin.listen()`, or use `async with`"
            )
        return self._url

    # --- hosting ------------------------------------------------------------------------------------

    async def listen(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Accept requests and return the URL, with `/_testkit`.

        On a virtual loop any host name is served in memory. Raises PortInUseError; RemoteHostError for an
        address that other machines can reach, unless there is a token.
        """
        local = _is_local(host)
        if not local and self._token is None:
            raise RemoteHostError(
                f"{host!r} can be reached from other machines, and whoever reaches it drives the fake: "
                "listen on 127.0.0.1, or set a token (overshoot-testkit serve --admin-token-env NAME)"
            )
        self._access = Access(self._token, {*LOCAL, host} if local else None)
        # A client that hangs up ends what it asked for: an advance over a year, a journal that is followed.
        self._runner = web.AppRunner(
            self._application(), access_log=None, handler_cancellation=True, shutdown_timeout=_PATIENCE
        )
        await self._runner.setup()
        port = await self._open(self._runner.server, host, port)
        shown = f"[{host}]" if ":" in host else host
        origin = f"http://{shown}" if port == 80 else f"http://{shown}:{port}"
        self._url = origin + PREFIX
        self.fake.redirect(PREFIX, self._url)
        return self._url

    async def _open(self, server: Any, host: str, port: int) -> int:
        try:
            self._listening, port = await open_port(asyncio.get_running_loop(), server, host, port)
        except OSError:
            await self.aclose()
            raise
        return port

    async def aclose(self) -> None:
        """End all requests, those that follow the journal too, and the listener. Idempotent.

        Raises ExceptionGroup if we had defects.
        """
        if self._url is not None:
            self.fake.redirect(PREFIX, None)
            self._url = None
        self._journal.close()
        if self._listening is not None:
            self._listening.close()
            self._listening = None
        if self._runner is not None:
            runner, self._runner = self._runner, None
            await asyncio.sleep(0)  # the followers' turn to end by themselves
            await runner.cleanup()
        if self.errors:
            errors, self.errors = self.errors, []
            raise ExceptionGroup("the admin API itself failed; please report it", errors)

    async def __aenter__(self) -> Self:
        if self._url is None:
            await self.listen()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    # --- a request's way ----------------------------------------------------------------------------

    def _application(self) -> web.Application:
        application = web.Application(middlewares=[self._answer_errors], client_max_size=_LARGEST)
        for operation in self._operations:
            application.router.add_route(operation.method, PREFIX + operation.path, self._handler(operation))
        application.router.add_route("GET", PREFIX, self._handler(self._operations[0]))
        return application

    @web.middleware
    async def _answer_errors(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except AdminError as error:
            return _error(error.status, error.code, error.message, error.details)
        except web.HTTPRequestEntityTooLarge:
            return _error(413, "too_large", f"the body is larger than {_LARGEST} bytes")
        except web.HTTPMethodNotAllowed as error:
            methods = ", ".join(sorted(error.allowed_methods))
            answer = _error(
                405, "method_not_allowed", f"{request.path} has no {request.method}, but {methods}"
            )
            answer.headers["Allow"] = methods
            return answer
        except web.HTTPNotFound:
            known = f"see {PREFIX}/ for what there is"
            return _error(404, "not_found", f"there is nothing at {request.path}; {known}")
        except web.HTTPException:
            raise
        except Exception as error:  # noqa: BLE001 - answered, and raised again by aclose
            self.errors.append(error)
            return _error(500, "defect", "the admin API itself failed; please report it")

    def _handler(self, operation: Operation) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            if operation.path == "/ui" and (welcome := self._access.sign_in(request)) is not None:
                return welcome
            self._access.check(request)
            query = read_query(request, operation)
            body = await read_body(request, operation)
            answer = operation.handler(Ask(request, request.match_info, body, query))
            if inspect.isawaitable(answer):
                answer = await answer
            if isinstance(answer, web.StreamResponse):
                return answer
            if operation.answer is None:
                return web.Response(status=operation.status)
            return _json(operation.status, answer)

        return handle


def _json(status: int, value: Any) -> web.Response:
    headers = {"Content-Type": "application/json", "Cache-Control": "no-store"}
    return web.Response(status=status, body=to_json(value, inf_nan_mode="null"), headers=headers)


def _error(status: int, code: str, message: str, details: Any = None) -> web.Response:
    return _json(status, {"error": code, "message": message, "details": details})


def _is_local(host: str) -> bool:
    """Whether nobody on another machine reaches `host`: loopback, or a name that a virtual loop serves."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or getattr(asyncio.get_running_loop(), "network", None) is not None
