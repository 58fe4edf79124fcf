"""The clock as a test sees it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from overshoot_testkit.clock import Clock, Mode
    from overshoot_testkit.simulation import VirtualTimeLoop


class ClockError(RuntimeError):
    """The clock cannot do this in this test; the text says what to do instead."""


class TestClock:
    """Time in this test: `now()` is seconds since its fake was made, `unix()` the same as unix seconds."""

    __test__ = False  # pytest, too, sees its name

    why = ""
    """Why its time cannot be moved, and what to do about it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    @property
    def mode(self) -> Mode:
        """`virtual` or `real`."""
        return self._clock.mode

    def now(self) -> float:
        return self._clock.now()

    def unix(self) -> float:
        return self._clock.unix()


class VirtualClock(TestClock):
    """Time that passes at once: `await overshoot_clock.advance(45)`."""

    def __init__(self, clock: Clock, loop: VirtualTimeLoop) -> None:
        super().__init__(clock)
        self._loop = loop

    async def advance(self, seconds: float) -> None:
        """Let `seconds` pass; all that is due up to then, and all that follows from it, has happened.

        Raises ValueError for a negative number, ClockError outside the test's own loop.
        """
        await self.advance_to(self._clock.now() + seconds)

    async def advance_to(self, when: float) -> None:
        """As `advance`, to a moment in seconds of this clock."""
        if asyncio.get_running_loop() is not self._loop:
            raise ClockError("overshoot_clock moves the time of the test's own loop: await it there")
        if when < self._clock.now():
            raise ValueError(
                f"time does not run backwards: now is {self._clock.now():g} s, asked for {when:g} s"
            )
        await self._clock.sleep_until(when)
        await settle(self._loop)


class RealClock(TestClock):
    """Time that nobody can move."""

    def __init__(self, clock: Clock, why: str) -> None:
        super().__init__(clock)
        self.why = why

    def advance(self, seconds: float) -> None:
        """Raises ClockError. Not a coroutine, so that a call without `await` is not lost."""
        __tracebackhide__ = True
        raise ClockError(f"overshoot_clock.advance({seconds:g}): {self.why}")

    def advance_to(self, when: float) -> None:
        """Raises ClockError."""
        __tracebackhide__ = True
        raise ClockError(f"overshoot_clock.advance_to({when:g}): {self.why}")


async def settle(loop: VirtualTimeLoop) -> None:
    """Give way until nothing more happens at this moment of virtual time."""
    quiet = 0
    # A turn without anything ready may lie between a timer that is due and what it makes ready.
    while quiet < 2:
        await asyncio.sleep(0)
        quiet = 0 if loop.has_ready() else quiet + 1
