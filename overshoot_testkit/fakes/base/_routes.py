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
            self._fixed.setdefault(pattern, {})[route.method] = route
            return
        gap = gaps[0]
        literal = segments[:gap] + segments[gap + 1 :]
        shelf = self._open.setdefault(len(segments), [])
        for place, known, methods in shelf:
            if (place, known) == (gap, literal):
                methods[route.method] = route
                return
        shelf.append((gap, literal, {route.method: route}))

    def find(self, method: str, path: str) -> Found:
        """The route for `path` as it came on the wire (percent-encoded, without a query)."""
        fixed = self._fixed.get(path)
        if fixed is not None and method in fixed:
            return Found(fixed[method], None, frozenset())
        allowed: set[str] = set(fixed or ())
        segments = path.split("/")
        for gap, literal, methods in self._open.get(len(segments), ()):
            if not segments[gap] or segments[:gap] + segments[gap + 1 :] != literal:
                continue
            if method in methods:
                value = segments[gap]
                return Found(methods[method], unquote(value) if "%" in value else value, frozenset())
            allowed.update(methods)
        return Found(None, None, frozenset(allowed)) if allowed else _NOWHERE
