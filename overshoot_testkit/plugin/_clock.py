"""The clock as a test sees it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable

    from overshoot_testkit.clock import FollowingClock, Mode
    from overshoot_testkit.plugin._threaded import FakeThread
    from overshoot_testkit.simulation import VirtualTimeLoop


class ClockError(RuntimeError):
    """The clock cannot do this in this test; the text says what to do instead."""


class TestClock:
    """Time in this test: `now()` is seconds since its fake was made, `unix()` the same as unix seconds."""

    __test__ = False  # pytest, too, sees its name

    why = ""
    """Why there is no virtual time in this test, and what to do about it."""

    def __init__(self, clock: FollowingClock, thread: FakeThread | None = None) -> None:
        self._clock = clock
        self._thread = thread

    @property
    def mode(self) -> Mode:
        """`virtual` or `real`."""
        return self._clock.mode

    def now(self) -> float:
        return self._ask(self._clock.now)

    def unix(self) -> float:
        return self._ask(self._clock.unix)

    def _ask(self, question: Callable[[], float]) -> float:
        if self._thread is None:
            self._clock.sync()
            return question()
        answer: float = self._thread.call(question)
        return answer


class VirtualClock(TestClock):
    """Time that passes at once: `await overshoot_clock.advance(45)`."""

    def __init__(self, clock: FollowingClock, loop: VirtualTimeLoop) -> None:
        super().__init__(clock)
        self._loop = loop

    async def advance(self, seconds: float) -> None:
        """Let `seconds` pass; all that is due up to then, and all that follows from it, has happened.

        Raises ValueError for a negative number, ClockError outside the test's own loop.
        """
        await self.advance_to(self.now() + seconds)

    async def advance_to(self, when: float) -> None:
        """As `advance`, to a moment in seconds of this clock."""
        if asyncio.get_running_loop() is not self._loop:
            raise ClockError("overshoot_clock moves the time of the test's own loop: await it there")
        if when < self.now():
            raise ValueError(f"time does not run backwards: now is {self.now():g} s, asked for {when:g} s")
        await self._clock.sleep_until(when)
        await settle(self._loop)


class FakesClock(TestClock):
    """The clock of a fake in another thread: `overshoot_clock.advance(45)` moves it, and nobody else's."""

    def __init__(self, thread: FakeThread, why: str) -> None:
        super().__init__(thread.clock, thread)
        self._fakes = thread
        self.why = why

    def advance(self, seconds: float) -> _Done:
        """Let `seconds` pass for the fake: its leases, tokens and faults. The test's own time stays.

        Not to be awaited. Raises ValueError for a negative number.
        """
        __tracebackhide__ = True
        self._fakes.advance(self._clock.advance(seconds))
        return _Done(f"overshoot_clock.advance({seconds:g})")

    def advance_to(self, when: float) -> _Done:
        """As `advance`, to a moment in seconds of the fake's clock."""
        __tracebackhide__ = True
        self._fakes.advance(self._clock.advance_to(when))
        return _Done(f"overshoot_clock.advance_to({when:g})")


class _Done:
    """What is returned for nobody to await."""

    def __init__(self, call: str) -> None:
        self._call = call

    def __repr__(self) -> str:
        return f"<{self._call}: done>"

    def __await__(self) -> NoReturn:
        __tracebackhide__ = True
        raise ClockError(
            f"await {self._call}: in a test that is not async, it is called without `await`, and moves the "
            "fake's time alone. For virtual time, in which asyncio.sleep passes too, make the test itself "
            "async, with pytest-asyncio 1.4 or later"
        )


class RealClock(TestClock):
    """Time that nobody can move."""

    def __init__(self, clock: FollowingClock, why: str, thread: FakeThread | None = None) -> None:
        super().__init__(clock, thread)
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
