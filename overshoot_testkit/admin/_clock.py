"""/clock: where time stands, and how to move it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field, model_validator

from overshoot_testkit.admin._operation import Ask, Body, Operation, View
from overshoot_testkit.clock import Mode, SteppedClock

if TYPE_CHECKING:
    from typing import Self

    from overshoot_testkit.admin._hosted import Hosted
    from overshoot_testkit.admin._moves import Moves

Quiet = Annotated[
    float, Field(gt=0, le=5000, description="Real milliseconds without traffic that count as quiet.")
]


class Settle(Body):
    """How to wait."""

    quiet_ms: Quiet = 10


class Advance(Body):
    """How far: `seconds` from now, or `to` a moment of the clock. Exactly one of them is given."""

    seconds: Annotated[float, Field(ge=0)] | None = None
    to: Annotated[float, Field(ge=0)] | None = None
    quiet_ms: Quiet = 10

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.seconds is None) == (self.to is None):
            raise ValueError('give either "seconds" (from now) or "to" (a moment of the clock)')
        return self


class ClockView(View):
    """A clock. Moments are seconds since its beginning."""

    mode: Mode
    now: float
    unix: float
    next_timer: float | None
    """When something happens next by itself; None where that is unknown, or nothing does."""


class ClockPart:
    """Its operations."""

    def __init__(self, fake: Hosted, moves: Moves) -> None:
        self._fake = fake
        self._moves = moves

    def operations(self) -> list[Operation]:
        """What can be asked."""
        return [
            Operation("get_clock", "GET", "/clock", "Where time stands.", lambda _: self.view(), ClockView),
            Operation(
                "advance",
                "POST",
                "/clock/advance",
                "Let time pass, timer by timer; clients have time to react in between. Stepped clocks only.",
                self._advance,
                ClockView,
                body=Advance,
                errors=(409,),
            ),
            Operation(
                "settle",
                "POST",
                "/clock/settle",
                "Wait, in real time, until nothing is under way. Stepped clocks only.",
                self._settle,
                ClockView,
                body=Settle,
                errors=(409,),
            ),
        ]

    def view(self) -> ClockView:
        """Where time stands."""
        clock = self._fake.clock
        due = clock.next_timer() if isinstance(clock, SteppedClock) else None
        return ClockView(mode=clock.mode, now=round(clock.now(), 6), unix=clock.unix(), next_timer=due)

    async def _advance(self, ask: Ask) -> ClockView:
        order: Advance = ask.body
        when = order.to if order.to is not None else self._moves.clock().now() + (order.seconds or 0.0)
        await self._moves.advance_to(when, order.quiet_ms / 1000)
        return self.view()

    async def _settle(self, ask: Ask) -> ClockView:
        await self._moves.settle(ask.body.quiet_ms / 1000)
        return self.view()
