"""A fault that is not set yet."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from overshoot_testkit.faults import Match

if TYPE_CHECKING:
    from overshoot_testkit.faults import Action, Fault, FaultPlan


@dataclass(frozen=True, slots=True)
class FaultSpec:
    """An action and when it happens, for any plan."""

    action: Action
    match: Match = dataclasses.field(default_factory=Match)
    at: float | None = None
    """It strikes at this moment, in seconds of the clock."""
    after: float | None = None
    """It strikes so many seconds after it was set; `in` in JSON."""
    name: str | None = None
    on_occasions: bool = False
    """Whether conditions were given: a state or socket action without any strikes when it is set."""

    @property
    def strikes_at_once(self) -> bool:
        """Whether it happens as soon as it is set."""
        waits = self.on_occasions or self.at is not None or self.after is not None
        return not waits and self.action.kind in {"state", "socket"}

    def set(self, plan: FaultPlan, *, start: float = 0.0) -> Fault:
        """Set it. Its moments (`at`, `on.since`, `on.until`) count from `start`, in seconds of the clock.

        Raises ValueError as the plan does: for a route nobody has, a name that is taken.
        """
        match, stream = self.match, self.match.stream
        if self.strikes_at_once:
            return plan.now(self.action, stream=stream, name=self.name)
        if self.at is not None:
            return plan.at(start + self.at, self.action, stream=stream, name=self.name)
        if self.after is not None:
            return plan.at(plan.clock.now() + self.after, self.action, stream=stream, name=self.name)
        conditions = {each.name: getattr(match, each.name) for each in dataclasses.fields(Match)}
        conditions |= {"since": match.since + start, "until": match.until + start}
        return plan.on(self.action, name=self.name, **conditions)
