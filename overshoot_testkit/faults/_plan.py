"""Which fault happens when: matching by route, stream, count, time window and predicate, or at a moment."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from overshoot_testkit.journal import FaultFired

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from overshoot_testkit.clock import Clock, Timer
    from overshoot_testkit.faults._actions import Action, Kind
    from overshoot_testkit.journal import Journal

FOREVER = float("inf")


@dataclass(frozen=True, slots=True)
class Occasion:
    """An opportunity for a fault: a request that arrived, or a WebSocket that was accepted."""

    route: str | None
    method: str = "GET"
    path: str = ""
    request_id: str | None = None
    socket: int | None = None
    stream_id: str | None = None
    key: str | None = None
    body: Any = None


@dataclass(frozen=True, slots=True)
class Match:
    """When a fault fires. Every condition that is given must hold.

    route, method, stream: equal to the occasion's.
    skip: let that many matching occasions pass first.
    times: fire that often at most; None is always.
    since, until: a time window in seconds of the clock; `since` belongs to it, `until` does not.
    where: any predicate of the occasion.
    """

    route: str | None = None
    method: str | None = None
    stream: str | None = None
    skip: int = 0
    times: int | None = None
    since: float = -FOREVER
    until: float = FOREVER
    where: Callable[[Occasion], bool] | None = None

    def accepts(self, occasion: Occasion, now: float) -> bool:
        """Whether the occasion is one of those meant, counts aside."""
        return (
            (self.route is None or self.route == occasion.route)
            and (self.method is None or self.method == occasion.method)
            and (self.stream is None or self.stream == occasion.stream_id)
            and self.since <= now < self.until
            and (self.where is None or self.where(occasion))
        )


@dataclass(eq=False, slots=True)
class Fault:
    """A fault that was set. `fired` counts how often it took effect."""

    name: str
    action: Action
    match: Match
    moment: float | None = None
    fired: int = 0
    seen: int = 0
    _plan: FaultPlan | None = field(default=None, repr=False)
    _timer: Timer | None = field(default=None, repr=False)

    def remove(self) -> None:
        """Take it back: it will not fire any more, and is not reported as unfired."""
        if self._plan is not None:
            self._plan.forget(self)

    def __str__(self) -> str:
        when = (
            f"at {self.moment:g} s" if self.moment is not None else f"on {self.match.route or 'any request'}"
        )
        return f"{self.name}: {self.action} {when}"


class FaultPlan:
    """All faults that are set for one server.

    The server asks `due` on each occasion and carries out what it gets; it installs `carry_out` for the
    faults that happen at a moment, and names its routes so that a misspelt one is refused.
    """

    def __init__(self, clock: Clock, journal: Journal) -> None:
        self._clock = clock
        self._journal = journal
        self._faults: list[Fault] = []
        self._count = 0
        self.routes: Collection[str] = ()
        self.carry_out: Callable[[Action, str | None], None] | None = None

    def __bool__(self) -> bool:
        return bool(self._faults)

    def on(
        self,
        action: Action,
        *,
        route: str | None = None,
        method: str | None = None,
        stream: str | None = None,
        skip: int = 0,
        times: int | None = None,
        since: float = -FOREVER,
        until: float = FOREVER,
        where: Callable[[Occasion], bool] | None = None,
        name: str | None = None,
    ) -> Fault:
        """Set a fault for the occasions that match; see `Match`. Raises ValueError for a route nobody has."""
        if route is not None and self.routes and route not in self.routes:
            near = difflib.get_close_matches(route, self.routes, 1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise ValueError(f"route: there is no {route!r}; {hint}Routes: {', '.join(sorted(self.routes))}")
        if times is not None and times < 1:
            raise ValueError(f"times: {times} would never fire; leave it out for always")
        if skip < 0:
            raise ValueError(f"skip: {skip} is negative")
        match = Match(route, method, stream, skip, times, since, until, where)
        return self._set(Fault(self._name(name, action), action, match))

    def at(self, when: float, action: Action, *, stream: str | None = None, name: str | None = None) -> Fault:
        """Set a fault for a moment, in seconds of the clock. Raises ValueError for a request action."""
        if action.kind == "request":
            raise ValueError(f"{action} happens to a request: set it with on(…, since=…, until=…)")
        fault = self._set(Fault(self._name(name, action), action, Match(stream=stream), moment=when))
        fault._timer = self._clock.call_at(when, self._strike, fault)  # noqa: SLF001 - the plan's own class
        return fault

    def now(self, action: Action, *, stream: str | None = None, name: str | None = None) -> Fault:
        """Let it happen at once, before this call returns."""
        if action.kind == "request":
            raise ValueError(f"{action} happens to a request: set it with on(…)")
        fault = self._set(
            Fault(self._name(name, action), action, Match(stream=stream), moment=self._clock.now())
        )
        self._strike(fault)
        return fault

    def due(self, occasion: Occasion, kinds: Collection[Kind]) -> list[Fault]:
        """The faults of these kinds that fire now, in the order they were set, up to the first that ends it.

        Counting and journal are done here, in one go, so they are exact under concurrency.
        """
        if not self._faults:
            return []
        now = self._clock.now()
        due: list[Fault] = []
        for fault in tuple(self._faults):
            if fault.moment is not None or fault.action.kind not in kinds:
                continue
            if not fault.match.accepts(occasion, now):
                continue
            fault.seen += 1
            if fault.seen <= fault.match.skip:
                continue
            if fault.match.times is not None and fault.fired >= fault.match.times:
                continue
            self._fire(fault, occasion)
            due.append(fault)
            if fault.action.ends:
                break
        return due

    def unfired(self) -> list[Fault]:
        """Faults that were set and never took effect: a test that relies on one has tested nothing."""
        return [fault for fault in self._faults if not fault.fired]

    def clear(self) -> None:
        """Take all faults back."""
        for fault in tuple(self._faults):
            self.forget(fault)

    def forget(self, fault: Fault) -> None:
        """As `Fault.remove`."""
        if fault._timer is not None:  # noqa: SLF001 - the plan's own class
            fault._timer.cancel()  # noqa: SLF001
        if fault in self._faults:
            self._faults.remove(fault)

    def _name(self, name: str | None, action: Action) -> str:
        self._count += 1
        return name or f"{type(action).__name__}#{self._count}"

    def _set(self, fault: Fault) -> Fault:
        fault._plan = self  # noqa: SLF001 - the plan's own class
        self._faults.append(fault)
        return fault

    def _fire(self, fault: Fault, occasion: Occasion) -> None:
        fault.fired += 1
        self._journal.add(
            FaultFired(
                fault.name,
                str(fault.action),
                request_id=occasion.request_id,
                socket=occasion.socket,
                stream_id=occasion.stream_id,
            )
        )

    def _strike(self, fault: Fault) -> None:
        if self.carry_out is None:
            raise RuntimeError(f"{fault}: no server is attached to this plan")
        self._fire(fault, Occasion(None, stream_id=fault.match.stream))
        self.carry_out(fault.action, fault.match.stream)
