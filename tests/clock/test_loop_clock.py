"""One interface for the timers of a loop, virtual or real."""

from __future__ import annotations

import asyncio
import time

from overshoot_testkit.clock import EPOCH, LoopClock
from overshoot_testkit.simulation import run


def test_on_a_virtual_time_loop_it_is_virtual_and_begins_when_it_is_made() -> None:
    async def story() -> None:
        await asyncio.sleep(100)
        clock = LoopClock()
        assert "virtual" == clock.mode
        assert EPOCH + 100 == clock.origin
        assert 0.0 == clock.now()
        await clock.sleep(22.5)
        assert 22.5 == clock.now()
        assert EPOCH + 122.5 == clock.unix() == time.time()

    run(story())


async def test_on_any_other_loop_it_is_real() -> None:
    before = time.time()
    clock = LoopClock()
    fired = asyncio.Event()
    clock.call_later(0, fired.set)
    await fired.wait()

    assert "real" == clock.mode
    assert before - 1 < clock.unix() < time.time() + 1
