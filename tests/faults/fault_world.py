"""A plan on a clock that stands still, and what fires on it."""

from __future__ import annotations

from overshoot_testkit.clock import SteppedClock
from overshoot_testkit.faults import FaultPlan, Occasion
from overshoot_testkit.journal import FaultFired, Journal

KEEPALIVE = Occasion("keepalive", "POST", "/streams/s1/keepalive", request_id="req_1", stream_id="s1")


class World:
    def __init__(self, seed: int = 0) -> None:
        self.clock = SteppedClock()
        self.journal = Journal(self.clock)
        self.plan = FaultPlan(self.clock, self.journal, seed=seed)
        self.plan.routes = ("create", "keepalive", "close")
        self.struck: list[tuple[float, object, str | None]] = []
        self.plan.carry_out = lambda action, stream: self.struck.append((self.clock.now(), action, stream))

    def to(self, moment: float) -> World:
        while self.clock.step(moment):
            pass
        return self

    def fires(self, occasion: Occasion = KEEPALIVE) -> list[str]:
        return [due.fault.name for due in self.plan.due(occasion, {"request", "state"})]

    def happens(self, occasion: Occasion = KEEPALIVE) -> str:
        """What definitely happens, as it is written."""
        return " ".join(str(due.action) for due in self.plan.due(occasion, {"request", "state"}))

    def told(self) -> list[str]:
        return [event.action for event in self.journal.of(FaultFired)]
