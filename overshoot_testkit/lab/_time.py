"""How time passes in a laboratory: by the loop's own timers, or by stepping a fake and a driver together."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from overshoot_testkit.clock import LoopClock
    from overshoot_testkit.journal import Event, Journal


class Timekeeper(Protocol):
    """Lets time pass until a moment, or until something is so."""

    async def pass_until(self, when: float, condition: Callable[[], bool] | None = None) -> bool:
        """Let time pass up to `when` seconds of the clock, or until `condition` holds. True if it does."""
        ...


class LoopTime:
    """Time on the loop that client, fake and harness share."""

    def __init__(self, clock: LoopClock, journal: Journal) -> None:
        self._clock = clock
        self._journal = journal

    async def pass_until(self, when: float, condition: Callable[[], bool] | None = None) -> bool:
        if condition is None:
            await self._clock.sleep_until(when)
            return False
        changed = asyncio.Event()

        def look(_: Event | None = None) -> None:
            if condition():
                changed.set()

        # Everything a scenario can wait for leaves a trace in the journal, so that is when to look.
        unsubscribe = self._journal.subscribe(look)
        timer = self._clock.call_at(when, changed.set)
        try:
            look()
            await changed.wait()
        finally:
            unsubscribe()
            timer.cancel()
        return condition()
