"""Moving a stepped clock, with clients in other processes that must have time to react."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from overshoot_testkit.admin._operation import AdminError
from overshoot_testkit.clock import SteppedClock

if TYPE_CHECKING:
    from overshoot_testkit.admin._hosted import Hosted

LIMIT = 10.0
"""Real seconds in which the traffic must come to rest."""
_TURNS = 10
"""Loop turns for what a timer starts to reach a socket: a task that wakes a handler that writes."""


class _Seen(NamedTuple):
    """What a client can notice of the fake."""

    counters: tuple[int, ...]
    events: int


class Moves:
    """One at a time: the clock is advanced, set back to its beginning, or a snapshot restored."""

    def __init__(self, fake: Hosted) -> None:
        self._fake = fake
        self.turn = asyncio.Lock()

    def clock(self) -> SteppedClock:
        """The clock. Raises AdminError 409 where it moves by itself."""
        clock = self._fake.clock
        if not isinstance(clock, SteppedClock):
            raise AdminError(
                409,
                "clock_not_stepped",
                f"the clock is {clock.mode} and moves by itself; start the fake with a stepped clock "
                "(overshoot-testkit serve --clock stepped)",
            )
        return clock

    async def advance_to(self, when: float, quiet: float) -> None:
        """Let time pass to `when` seconds, timer by timer.

        After a timer that set something in motion which a client can see, the next one waits until the
        traffic was quiet for `quiet` real seconds. Raises AdminError 409 for a moment that has passed, and
        where the traffic does not come to rest; time then stands where that was found.
        """
        async with self.turn:
            clock = self.clock()
            if when < clock.now():
                raise AdminError(
                    409, "time_has_passed", f"time does not run backwards: it is {clock.now():g} s"
                )
            await self._settle(quiet)
            before = self._seen()
            while clock.step(when):
                for _ in range(_TURNS):
                    await asyncio.sleep(0)
                if self._seen() != before:
                    await self._settle(quiet)
                    before = self._seen()

    async def settle(self, quiet: float) -> None:
        """Wait until nothing is under way. Raises AdminError 409 as `advance_to` does."""
        async with self.turn:
            self.clock()
            await self._settle(quiet)

    async def _settle(self, quiet: float) -> None:
        """Until the fake's counters stood still for `quiet` real seconds.

        A request that is open all that time is one that a fault holds: handlers wait for nothing else.
        """
        loop = asyncio.get_running_loop()
        begun = loop.time()
        before = None
        while True:
            activity = (self._fake.traffic.activity, len(self._fake.journal))
            if activity == before:
                return
            if loop.time() - begun > LIMIT:
                raise AdminError(
                    409,
                    "unsettled",
                    f"the traffic did not come to rest in {LIMIT:g} real seconds (at "
                    f"{self._fake.clock.now():g} s): a client sends without end, or quiet_ms is too long",
                )
            before = activity
            await asyncio.sleep(quiet)

    def _seen(self) -> _Seen:
        counters = self._fake.traffic.as_dict()
        del counters["activity"]  # moves with every timer, also with those that nobody notices
        return _Seen(tuple(counters.values()), len(self._fake.journal))
