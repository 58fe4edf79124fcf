"""What a path allows: OPTIONS, methods it does not have, and paths that are served elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from overshoot_testkit.fakes.base._call import Refusal, Reply
from overshoot_testkit.fakes.base._cors import ASKED_METHOD, ORIGIN
from overshoot_testkit.fakes.base._routes import Found, Route

if TYPE_CHECKING:
    from collections.abc import Collection

    from overshoot_testkit.fakes.base._call import Call
    from overshoot_testkit.fakes.base._cors import Cors
    from overshoot_testkit.fakes.base._routes import RouteTable

TOO_LONG = Found(None, None, frozenset())
"""Of a path that is not looked for, since it is longer than paths are."""


class Options:
    """Answers OPTIONS, without a key: a browser's preflight, or a program's question.

    Source: RFC 9110, 9.3.7.
    """

    def __init__(self, routes: RouteTable, cors: Cors) -> None:
        self._routes = routes
        self._cors = cors
        self._plain = Route("options", "OPTIONS", "*", self._answer, public=True)
        routes.names |= {self._cors.route.name, self._plain.name}

    def route(self, call: Call, found: Found) -> Route | None:
        """The one that answers; None where there is no such path.

        A preflight is answered for any path, so that the page can read the 404 that comes after it.
        """
        headers = call.request.headers
        if ORIGIN in headers and ASKED_METHOD in headers:
            return self._cors.route
        return self._plain if found.allowed or call.path == "*" else None

    def _answer(self, call: Call) -> Reply:
        found = self._routes.find(call.method, call.path)
        return Reply(204, headers={"Allow": allow(found.allowed or self._routes.methods)})


def nowhere(found: Found) -> Refusal:
    """404, or 405 with the methods that the path has; 414 for one too long to look for."""
    if found is TOO_LONG:
        return Refusal(414)
    return Refusal(405, headers={"Allow": allow(found.allowed)}) if found.allowed else Refusal(404)


def allow(methods: Collection[str]) -> str:
    """An Allow header. Every path has OPTIONS."""
    return ", ".join(sorted({*methods, "OPTIONS"}))


def redirected(target: str, prefix: tuple[str, str]) -> str | None:
    """Where a request's target leads if its path is `prefix[0]` or below: the same below `prefix[1]`."""
    here, there = prefix
    rest = target.removeprefix(here)
    return there + rest if len(rest) < len(target) and rest[:1] in {"", "/", "?"} else None
