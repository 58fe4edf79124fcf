"""httpx without sockets: respx hands requests to a fake, which answers them as it answers all others."""

from __future__ import annotations

import asyncio
import contextvars
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx
    import respx

    from overshoot_testkit.bridges._exchange import Exchange, Line
    from overshoot_testkit.clock import Clock
    from overshoot_testkit.fakes.base._listener import Listener
    from overshoot_testkit.fakes.overshoot import OvershootFake

REAL_HOST = "api.overshoot.ai"
"""Source: contract › servers."""


def route_to(fake: OvershootFake, router: respx.MockRouter | None = None) -> respx.MockRouter:
    """Let `router` answer by `fake` what httpx sends to the API, and return it.

        with route_to(fake):
            answer = await client.get("https://api.overshoot.ai/v0.2/models")

    Without a router a new one is made, which forgives if nothing is called. Routed are the API's real name
    and, if the fake listens, where it does; the fake need not listen. Routes of the router's own go first,
    whenever they were added, and all other hosts are left to respx. The fake's journal, clock and faults
    count as on a socket: a fault gives the exception that httpx raises for it on the network, and timeouts
    run on the fake's clock.

    `httpx.AsyncClient` may run on the fake's loop or on another one; `httpx.Client` only where it does not
    block it: the fake lives in a thread then, and its journal is to be read there.

    Limits: each request has a connection of its own, so nothing is kept alive; no WebSockets, which httpx
    does not have either. Raises RuntimeError where respx is not installed, or where it cannot be told on
    which loop the fake lives: before it listens, call this on that loop.
    """
    try:
        import respx  # noqa: PLC0415 - an extra
        from respx.patterns import M  # noqa: PLC0415

        from overshoot_testkit.bridges._exchange import Line  # noqa: PLC0415 - needs httpx
    except ModuleNotFoundError as error:
        raise RuntimeError(
            f"the bridge to httpx needs {error.name}, which is not installed: "
            "pip install 'overshoot-testkit[httpx]'"
        ) from error
    # In a test that is not async the fixture is a view of the fake, which lives in a thread.
    fake = getattr(fake, "_overshoot_object", fake)
    listener = fake._service.listener  # noqa: SLF001 - the seam that bridges are for
    router = respx.mock(assert_all_called=False) if router is None else router
    where = M(host=REAL_HOST)
    if (address := listener.address) is not None and address[0] != REAL_HOST:
        where |= M(host=address[0], port=address[1])
    answers = _Answers(listener, fake.clock, router, Line(_loop_of(listener)))
    answers.route = router.route(where)
    answers.route.mock(side_effect=answers.answer)
    return router


def _loop_of(listener: Listener) -> asyncio.AbstractEventLoop:
    if listener.loop is not None:
        return listener.loop
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        raise RuntimeError(
            "route_to: the fake lives on no loop yet; call this on the loop that it is for, "
            "or let it listen first"
        ) from None


class _Answers:
    """The side effect of a route."""

    route: respx.Route

    def __init__(self, listener: Listener, clock: Clock, router: respx.MockRouter, line: Line) -> None:
        self._listener = listener
        self._clock = clock
        self._router = router
        self._line = line
        # The server's work is its own, not that of the client whose request it serves.
        self._context = contextvars.copy_context()

    def answer(self, request: httpx.Request) -> Any:
        """What respx is to do with a request: an answer, the promise of one, or None: not ours."""
        if self._has_another_route(request):
            return None
        if _asked_by_async_client():
            return self._later(request)
        exchange = self._exchange(request)
        return self._response(request, exchange, *self._line.run(exchange.begin()))

    async def _later(self, request: httpx.Request) -> httpx.Response:
        exchange = self._exchange(request)
        return self._response(request, exchange, *await self._line.arun(exchange.begin()))

    def _exchange(self, request: httpx.Request) -> Exchange:
        import httpx  # noqa: PLC0415 - an extra

        from overshoot_testkit.bridges._exchange import Exchange  # noqa: PLC0415

        if request.headers.get("upgrade", "").lower() == "websocket":
            raise httpx.UnsupportedProtocol("WebSockets do not go through respx", request=request)
        return Exchange(self._listener, self._clock, request, self._context)

    def _response(
        self, request: httpx.Request, exchange: Exchange, head: Any, pieces: list[bytes], whole: bool
    ) -> httpx.Response:
        import httpx  # noqa: PLC0415 - an extra

        from overshoot_testkit.bridges._exchange import Body  # noqa: PLC0415

        return httpx.Response(
            head.status_code,
            headers=head.headers.raw_items(),
            stream=httpx.ByteStream(b"".join(pieces)) if whole else Body(exchange, self._line, pieces),
            request=request,
            extensions={"http_version": b"HTTP/" + head.http_version, "reason_phrase": head.reason},
        )

    def _has_another_route(self, request: httpx.Request) -> bool:
        """Whether a route that was added after ours wants the request; those before have had their turn."""
        routes = list(self._router.routes)
        later = routes[routes.index(self.route) + 1 :] if self.route in routes else []
        patterns: list[Any] = [route.pattern for route in later]  # None for a route that takes everything
        return any(pattern is None or pattern.match(request) for pattern in patterns)


def _asked_by_async_client() -> bool:
    # Nothing in a request says which client it is from, and respx calls side effects alike; but a coroutine
    # of respx's own awaits what comes back, or a function of it does not.
    frame = sys._getframe(1)  # noqa: SLF001 - documented, despite its name
    while frame.f_back is not None:
        frame = frame.f_back
        if frame.f_globals.get("__name__") == "respx.router" and frame.f_code.co_name in {
            "resolve",
            "aresolve",
        }:
            return frame.f_code.co_name == "aresolve"
    return False
