"""A fault: an action and when it happens."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable  # noqa: TC003 - whoever reads a scenario resolves the annotations
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import random

    from overshoot_testkit.clock import Timer
    from overshoot_testkit.faults._action import Action
    from overshoot_testkit.faults._plan import FaultPlan

FOREVER = float("inf")


@dataclass(frozen=True, slots=True)
class Occasion:
    """An opportunity for a fault: a request that arrived, a WebSocket or a connection that was accepted."""

    route: str | None
    method: str = "GET"
    path: str = ""
    request_id: str | None = None
    socket: int | None = None
    stream_id: str | None = None
    key: str | None = None
    body: Any = None
    preflight: bool = False
    """A browser's own question (CORS) before the request that a program makes."""


@dataclass(frozen=True, slots=True)
class Ramp:
    """A probability that changes evenly in the first seconds of the fault.

    start, end: from 0 to 1.
    seconds: from when the fault was set, until it is `end`.
    """

    start: float
    end: float
    seconds: float

    def __post_init__(self) -> None:
        for name in ("start", "end"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"Ramp.{name}: {getattr(self, name)} is no probability from 0 to 1")
        if self.seconds <= 0:
            raise ValueError(f"Ramp.seconds: {self.seconds} must be greater than 0")

    def after(self, seconds: float) -> float:
        """The probability so long after the fault was set."""
        if seconds >= self.seconds:
            return self.end  # to the bit: 1 is certain, a hair less is not
        return self.start + (self.end - self.start) * max(seconds / self.seconds, 0.0)


@dataclass(frozen=True, slots=True)
class Match:
    """When a fault fires. Every condition that is given must hold.

    route: the endpoint's short name, such as keepalive.
    method: of the request, such as POST.
    stream: id of the stream that it is about.
    key: of the account, by the journal's label, such as "key 1".
    skip: let that many matching occasions pass first.
    times: fire that often at most; always if not given.
    since, until: a time window in seconds of the clock; `since` belongs to it, `until` does not.
    lasts: seconds after which the fault is over, counted from when it was set.
    chance: probability of each firing, from 0 to 1; a `Ramp`, {start, end, seconds}, for one that changes.
    where: any predicate of the occasion.
    """

    route: str | None = None
    method: str | None = None
    stream: str | None = None
    key: str | None = None
    skip: int = 0
    times: int | None = None
    since: float = -FOREVER
    until: float = FOREVER
    lasts: float | None = None
    chance: float | Ramp = 1.0
    where: Callable[[Occasion], bool] | None = None

    def __post_init__(self) -> None:
        if self.times is not None and self.times < 1:
            raise ValueError(f"times: {self.times} would never fire; leave it out for always")
        if self.skip < 0:
            raise ValueError(f"skip: {self.skip} is negative")
        if self.lasts is not None and self.lasts <= 0:
            raise ValueError(
                f"lasts: {self.lasts} must be greater than 0; leave it out for as long as it is set"
            )
        if self.since >= self.until:
            raise ValueError(f"until: {self.until:g} is not after since, which is {self.since:g}")
        if not isinstance(self.chance, Ramp) and not 0 < self.chance <= 1:
            raise ValueError(f"chance: {self.chance} is no probability above 0, up to 1")

    def accepts(self, occasion: Occasion) -> bool:
        """Whether the occasion is one of those meant; time, counts and chance aside.

        A preflight is meant only where its route or method is named, so that it uses up no count.
        """
        if occasion.preflight and self.method is None and self.route is None:
            return False
        return (
            (self.route is None or self.route == occasion.route)
            and (self.method is None or self.method == occasion.method)
            and (self.stream is None or self.stream == occasion.stream_id)
            and (self.key is None or self.key == occasion.key)
            and (self.where is None or self.where(occasion))
        )

    @property
    def is_general(self) -> bool:
        """Whether any occasion will do."""
        return (self.route, self.method, self.stream, self.key, self.where) == (None,) * 5


@dataclass(eq=False, slots=True)
class Fault:
    """A fault that was set. `fired` counts how often it took effect."""

    name: str
    action: Action
    match: Match
    set_at: float
    """Seconds of the clock."""
    random: random.Random
    moment: float | None = None
    """When it strikes, in seconds of the clock; None where it waits for occasions."""
    fired: int = 0
    seen: int = 0
    memory: list[Any] = field(default_factory=list)
    _plan: FaultPlan | None = field(default=None, repr=False)
    _timer: Timer | None = field(default=None, repr=False)

    @property
    def ends_at(self) -> float:
        """Seconds of the clock from which it does not hold any more; infinite where nothing says so."""
        match = self.match
        return match.until if match.lasts is None else min(match.until, self.set_at + match.lasts)

    def holds(self, now: float) -> bool:
        """Whether `now` is in its window of time."""
        return self.match.since <= now < self.ends_at

    def in_force(self, now: float) -> bool:
        """Whether it can fire at `now`, as far as time and `times` decide."""
        return self.holds(now) and (self.match.times is None or self.fired < self.match.times)

    def remove(self) -> None:
        """Take it back: it will not fire any more, and is not reported as unfired."""
        if self._plan is not None:
            self._plan.forget(self)

    def __str__(self) -> str:
        when = (
            f"at {self.moment:g} s" if self.moment is not None else f"on {self.match.route or 'any request'}"
        )
        return f"{self.name}: {self.action} {when}"


class Due(NamedTuple):
    """A fault that fires, and what definitely happens."""

    fault: Fault
    action: Action


class FaultKept(NamedTuple):
    """What a snapshot has of a fault. Moments are seconds of the clock."""

    fault: Fault
    match: Match
    set_at: float
    random: tuple[Any, ...]
    moment: float | None
    fired: int
    seen: int
    memory: tuple[Any, ...]

    def put_back(self, shift: float) -> Fault:
        """The fault as it was then, `shift` seconds later. Numbers in its memory are moments."""
        fault, match = self.fault, self.match
        fault.match = dataclasses.replace(match, since=match.since + shift, until=match.until + shift)
        fault.set_at = self.set_at + shift
        fault.random.setstate(self.random)
        fault.moment = None if self.moment is None else self.moment + shift
        fault.fired, fault.seen = self.fired, self.seen
        fault.memory[:] = [each + shift if isinstance(each, float) else each for each in self.memory]
        return fault


class PlanKept(NamedTuple):
    """What a snapshot has of a plan."""

    at: float
    """Seconds of the clock when it was taken."""
    numbered: int
    seed: int
    faults: tuple[FaultKept, ...]
