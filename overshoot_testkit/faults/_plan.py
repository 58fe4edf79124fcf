"""Which fault happens when: matching by route, count, time, chance and the like, or at a moment."""

from __future__ import annotations

import difflib
import random
from typing import TYPE_CHECKING

from overshoot_testkit.faults._action import Turn
from overshoot_testkit.faults._fault import FOREVER, Due, Fault, FaultKept, Match, Occasion, PlanKept, Ramp
from overshoot_testkit.faults._requests import Steps
from overshoot_testkit.journal import FaultFired

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from overshoot_testkit.clock import Clock
    from overshoot_testkit.faults._action import Action, Kind
    from overshoot_testkit.journal import Journal


class FaultPlan:
    """All faults that are set for one server.

    The server asks `due` on each occasion and carries out what it gets. It installs `carry_out` for the
    faults that happen at a moment and `reshape` for those that act on connections, and names its routes so
    that a misspelt one is refused.
    """

    def __init__(self, clock: Clock, journal: Journal, *, seed: int = 0) -> None:
        self.clock = clock
        """Whose seconds the faults count."""
        self._journal = journal
        self.seed = seed
        """Of all that faults set from now on draw."""
        self._faults: list[Fault] = []
        self._count = 0
        self.routes: Collection[str] = ()
        self.carry_out: Callable[[Action, str | None], None] | None = None
        self.reshape: Callable[[], None] | None = None
        """Called when a connection fault was set or taken back."""
        self.check: Callable[[Action], None] | None = None
        """Called before an action is set, each step of `Steps` by itself: the server's say on what it cannot
        let happen. Raises ValueError or TypeError."""

    def __bool__(self) -> bool:
        return bool(self._faults)

    def __iter__(self) -> Iterator[Fault]:
        return iter(tuple(self._faults))

    def on(
        self,
        action: Action,
        *,
        route: str | None = None,
        method: str | None = None,
        stream: str | None = None,
        key: str | None = None,
        skip: int = 0,
        times: int | None = None,
        since: float = -FOREVER,
        until: float = FOREVER,
        lasts: float | None = None,
        chance: float | Ramp = 1.0,
        where: Callable[[Occasion], bool] | None = None,
        name: str | None = None,
    ) -> Fault:
        """Set a fault for the occasions that match; see `Match`.

        Raises ValueError for a route nobody has, a name that is taken, or conditions under which it would
        never fire.
        """
        if route is not None and self.routes and route not in self.routes:
            near = difflib.get_close_matches(route, self.routes, 1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise ValueError(f"route: there is no {route!r}; {hint}Routes: {', '.join(sorted(self.routes))}")
        match = Match(route, method, stream, key, skip, times, since, until, lasts, chance, where)
        fault = self._set(action, match, name)
        if action.kind == "connection" and self.reshape is not None:
            self.reshape()
        return fault

    def at(self, when: float, action: Action, *, stream: str | None = None, name: str | None = None) -> Fault:
        """Set a fault for a moment, in seconds of the clock.

        Raises ValueError for an action on requests or connections: `on(…, since=…)` has those.
        """
        if action.kind in {"request", "connection"}:
            raise ValueError(f"{action} happens to a {action.kind}: set it with on(…, since=…, until=…)")
        fault = self._set(action, Match(stream=stream), name, moment=when)
        fault._timer = self.clock.call_at(when, self._strike, fault)  # noqa: SLF001 - the plan's own class
        return fault

    def now(self, action: Action, *, stream: str | None = None, name: str | None = None) -> Fault:
        """Let it happen at once, before this call returns. Raises ValueError as `at` does."""
        if action.kind in {"request", "connection"}:
            raise ValueError(f"{action} happens to a {action.kind}: set it with on(…)")
        fault = self._set(action, Match(stream=stream), name, moment=self.clock.now())
        self._strike(fault)
        return fault

    def due(self, occasion: Occasion, kinds: Collection[Kind]) -> list[Due]:
        """The faults of these kinds that fire now, in the order they were set, up to the first that ends it.

        Counting, drawing and journal are done here, in one go, so they are exact under concurrency.
        """
        if not self._faults:
            return []
        now = self.clock.now()
        due: list[Due] = []
        for fault in tuple(self._faults):
            if fault.moment is not None or fault.action.kind not in kinds:
                continue
            if not (fault.match.accepts(occasion) and self._turns_up(fault, now)):
                continue
            index = fault.seen - fault.match.skip - 1
            action = fault.action.resolve(Turn(index, now, fault.random, fault.memory))
            if action is None:
                continue
            self.fire(fault, action, occasion)
            due.append(Due(fault, action))
            if action.ends:
                break
        return due

    def takes_hold(self, fault: Fault, occasion: Occasion) -> bool:
        """Whether a connection fault gets hold of the connection that `occasion` is about, from now on.

        Counted, drawn and written down here; whoever has connections asks once for each that matches.
        """
        now = self.clock.now()
        if not (fault.match.accepts(occasion) and self._turns_up(fault, now)):
            return False
        self.fire(fault, fault.action, occasion)
        return True

    def of_kind(self, kind: Kind) -> list[Fault]:
        """The faults of one kind, in the order they were set, whether in force or not."""
        return [fault for fault in self._faults if fault.action.kind == kind]

    def fire(self, fault: Fault, action: Action, occasion: Occasion) -> None:
        """Write down that a fault takes effect; a server does so itself for connection faults."""
        fault.fired += 1
        self._journal.add(
            FaultFired(
                fault.name,
                str(action),
                request_id=occasion.request_id,
                socket=occasion.socket,
                stream_id=occasion.stream_id,
            )
        )

    def unfired(self) -> list[Fault]:
        """Faults that were set and never took effect: a test that relies on one has tested nothing."""
        return [fault for fault in self._faults if not fault.fired]

    def clear(self) -> None:
        """Take all faults back."""
        for fault in tuple(self._faults):
            self.forget(fault)

    def keep(self) -> PlanKept:
        """What is set, and what became of it so far, for `put_back`."""
        faults = tuple(
            FaultKept(
                fault,
                fault.match,
                fault.set_at,
                fault.random.getstate(),
                fault.moment,
                fault.fired,
                fault.seen,
                tuple(fault.memory),
            )
            for fault in self._faults
        )
        return PlanKept(self.clock.now(), self._count, self.seed, faults)

    def put_back(self, kept: PlanKept, shift: float) -> None:
        """Let these be the faults, with the counts of then; all moments are `shift` seconds later.

        The same objects, so that whoever set them still has them.
        """
        self.clear()
        self._count, self.seed = kept.numbered, kept.seed
        for each in kept.faults:
            fault = each.put_back(shift)
            self._faults.append(fault)
            if each.moment is not None and each.moment >= kept.at and not each.fired:
                fault._timer = self.clock.call_at(each.moment + shift, self._strike, fault)  # noqa: SLF001
        if self.reshape is not None:
            self.reshape()

    def forget(self, fault: Fault) -> None:
        """As `Fault.remove`."""
        if fault._timer is not None:  # noqa: SLF001 - the plan's own class
            fault._timer.cancel()  # noqa: SLF001
        if fault in self._faults:
            self._faults.remove(fault)
            if fault.action.kind == "connection" and self.reshape is not None:
                self.reshape()

    def _turns_up(self, fault: Fault, now: float) -> bool:
        """Whether a matching occasion is one at which the fault fires, by time, count and chance."""
        if not fault.in_force(now):
            return False
        fault.seen += 1
        match = fault.match
        if fault.seen <= match.skip:
            return False
        chance = match.chance.after(now - fault.set_at) if isinstance(match.chance, Ramp) else match.chance
        return chance >= 1 or fault.random.random() < chance

    def _set(self, action: Action, match: Match, name: str | None, moment: float | None = None) -> Fault:
        if self.check is not None:
            for each in action.actions if isinstance(action, Steps) else (action,):
                self.check(each)
        self._count += 1
        name = name or f"{type(action).__name__}#{self._count}"
        if any(fault.name == name for fault in self._faults):
            raise ValueError(f"name: a fault is named {name!r} already; names tell them apart in the journal")
        source = random.Random(f"{self.seed}/{self._count}")  # noqa: S311 - reproducible, not secret
        fault = Fault(name, action, match, self.clock.now(), source, moment)
        fault._plan = self  # noqa: SLF001 - the plan's own class
        self._faults.append(fault)
        return fault

    def _strike(self, fault: Fault) -> None:
        if self.carry_out is None:
            raise RuntimeError(f"{fault}: no server is attached to this plan")
        self.fire(fault, fault.action, Occasion(None, stream_id=fault.match.stream))
        self.carry_out(fault.action, fault.match.stream)
