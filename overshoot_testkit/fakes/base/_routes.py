from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from overshoot_testkit.fakes.base._call import Call, Reply
    from overshoot_testkit.fakes.base._socket import Socket


@dataclass(frozen=True, slots=True)
class Route:
    """An endpoint: its short name (as faults and the journal have it), method and path.

    In `pattern`, `{stream_id}` stands for one segment; a route has at most one. Exactly one of `handler`
    (an HTTP endpoint; synchronous, so that a request is processed in one go) and `socket` is given.
    public: needs no bearer key. json_body: the request has a JSON body.
    """

    name: str
    method: str
    pattern: str
    handler: Callable[[Call], Reply] | None = None
    socket: Callable[[Call, Socket], Awaitable[None]] | None = None
    public: bool = False
    json_body: bool = False


class Found(NamedTuple):
    """What a path led to. Without a route, `allowed` are the methods that the path does have."""

    route: Route | None
    parameter: str | None
    allowed: frozenset[str]


_NOWHERE = Found(None, None, frozenset())


class RouteTable:
    """Routes by path: a dictionary for fixed paths, one short list per number of segments for the others."""

    def __init__(self, base_path: str) -> None:
        self.names: set[str] = set()
        self.methods = {"OPTIONS"}
        """Of all paths together."""
        self._base_path = base_path
        self._fixed: dict[str, dict[str, Route]] = {}
        self._open: dict[int, list[tuple[int, list[str], dict[str, Route]]]] = {}

    def add(self, route: Route) -> None:
        """Serve one more. Raises ValueError for a name that is taken."""
        pattern = self._base_path + route.pattern
        if route.name in self.names:
            raise ValueError(f"route: two are named {route.name!r}")
        self.names.add(route.name)
        segments = pattern.split("/")
        gaps = [index for index, segment in enumerate(segments) if segment.startswith("{")]
        if not gaps:
            self._put(self._fixed.setdefault(pattern, {}), route)
            return
        gap = gaps[0]
        literal = segments[:gap] + segments[gap + 1 :]
        shelf = self._open.setdefault(len(segments), [])
        for place, known, methods in shelf:
            if (place, known) == (gap, literal):
                self._put(methods, route)
                return
        methods = {}
        self._put(methods, route)
        shelf.append((gap, literal, methods))

    def _put(self, methods: dict[str, Route], route: Route) -> None:
        methods[route.method] = route
        if route.method == "GET":  # and so HEAD. Source: RFC 9110, 9.3.2
            methods.setdefault("HEAD", route)
        self.methods.update(methods)

    def find(self, method: str, path: str) -> Found:
        """The route for `path` as it came on the wire (percent-encoded, without a query)."""
        segments = path.split("/")
        if "%" in path:  # unquoted one by one, so that %2F divides nothing
            segments = [unquote(segment) for segment in segments]
            path = "" if any("/" in segment for segment in segments) else "/".join(segments)
        fixed = self._fixed.get(path)
        if fixed is not None and method in fixed:
            return Found(fixed[method], None, frozenset())
        allowed: set[str] = set(fixed or ())
        for gap, literal, methods in self._open.get(len(segments), ()):
            if not segments[gap] or segments[:gap] + segments[gap + 1 :] != literal:
                continue
            if method in methods:
                return Found(methods[method], segments[gap], frozenset())
            allowed.update(methods)
        return Found(None, None, frozenset(allowed)) if allowed else _NOWHERE
