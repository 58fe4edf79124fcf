"""Where a test's fake runs: in memory or on loopback on the test's own loop, or in a thread beside it."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from typing import TYPE_CHECKING

import pytest

from overshoot_testkit.clock import LoopClock
from overshoot_testkit.journal import Journal
from overshoot_testkit.plugin import _origins
from overshoot_testkit.plugin._clock import RealClock, TestClock, VirtualClock, settle
from overshoot_testkit.plugin._threaded import FakeThread, FaultsView, JournalView, View
from overshoot_testkit.plugin._use import Origins, Use, complaint, describer
from overshoot_testkit.simulation import VirtualTimeLoop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from overshoot_testkit.fakes.overshoot import Settings
    from overshoot_testkit.plugin._marker import Wishes

HOST = "api.overshoot.ai"
"""In memory the fake answers by the real API's name, so that URLs that are written into code work too."""

SYNC = (
    "a test that is not async runs in real time; write it as an async test, with pytest-asyncio 1.4 or later"
)
OTHER = "this test runs in real time: virtual time is for tests that pytest-asyncio 1.4 or later runs"
REAL = (
    "this test runs in real time; drop clock='real' from its marker, "
    "and loop_factories from its asyncio marker"
)


@contextlib.asynccontextmanager
async def on_this_loop(item: pytest.Item, wishes: Wishes, settings: Settings) -> AsyncIterator[Use]:
    """A fake on the running loop: in memory if its time is virtual, on loopback otherwise."""
    from overshoot_testkit.fakes.overshoot import OvershootFake  # noqa: PLC0415 - only when used

    loop = asyncio.get_running_loop()
    clock = LoopClock(loop)
    journal = Journal(clock)
    fake = OvershootFake(clock=clock, journal=journal, settings=settings)
    describe = describer(item)
    origins = Origins(lambda: _origins.in_tasks(loop, describe))
    journal.subscribe(origins)
    seen: TestClock
    if isinstance(loop, VirtualTimeLoop):
        await fake.listen(HOST, 443)
        seen = VirtualClock(clock, loop)
    else:
        await fake.listen()
        seen = RealClock(clock, REAL)

    async def settled() -> str | None:
        # What a test began but did not wait for, such as a DELETE, is done first.
        if isinstance(loop, VirtualTimeLoop):
            await settle(loop)
        return complaint(item, wishes, fake, origins)

    def judge() -> str | None:
        told = complaint(item, wishes, fake, origins)
        return told and loop.run_until_complete(settled())

    told: str | None = None
    try:
        use = Use(
            base_url=fake.base_url,
            api_key=fake.api_key,
            fake=fake,
            faults=fake.faults,
            journal=journal,
            clock=seen,
            judge=judge,
        )
        yield use
        told = None if use.judged else await settled()
    finally:
        await fake.aclose()
    if told is not None:
        pytest.fail(told, pytrace=False)


@contextlib.contextmanager
def in_a_thread(item: pytest.Item, wishes: Wishes, settings: Settings) -> Iterator[Use]:
    """A fake on loopback in a thread of its own, in real time."""
    thread = FakeThread(settings)
    told: str | None = None
    last: Callable[[], str | None] | None = None
    try:
        fake = thread.fake
        is_async = inspect.iscoroutinefunction(getattr(item, "function", None))
        describe = describer(item)
        origins = Origins(lambda: _origins.in_threads(describe))
        fake.journal.subscribe(origins)

        def look() -> str | None:
            return complaint(item, wishes, fake, origins)

        def judge() -> str | None:
            told: str | None = thread.call(look)
            return told

        use = Use(
            base_url=fake.base_url,
            api_key=fake.api_key,
            fake=View(thread, fake),
            faults=FaultsView(thread, fake.faults),
            journal=JournalView(thread),
            clock=RealClock(fake.clock, OTHER if is_async else SYNC),
            judge=judge,
        )
        yield use
        last = None if use.judged else look
    finally:
        told = thread.close(last)
    if told is not None:
        pytest.fail(told, pytrace=False)
