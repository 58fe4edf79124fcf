"""Where a test's fake runs: in memory or on loopback on the test's own loop, or in a thread beside it."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from typing import TYPE_CHECKING

import pytest

from overshoot_testkit.clock import FollowingClock
from overshoot_testkit.journal import Journal
from overshoot_testkit.plugin import _loop, _origins
from overshoot_testkit.plugin._clock import FakesClock, RealClock, TestClock, VirtualClock, settle
from overshoot_testkit.plugin._synced import SyncedFake, SyncedJournal
from overshoot_testkit.plugin._threaded import FakeThread, FaultsView, JournalView, View
from overshoot_testkit.plugin._use import Origins, Use, begin, complaint, describer
from overshoot_testkit.simulation import VirtualTimeLoop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from overshoot_testkit.fakes.overshoot import Settings
    from overshoot_testkit.plugin._marker import Wishes
    from overshoot_testkit.scenarios import Playing

HOST = "api.overshoot.ai"
"""In memory the fake answers by the real API's name, so that URLs that are written into code work too."""

SYNC = (
    "a test that is not async runs in real time, in which overshoot_clock.advance(seconds) moves the fake's "
    "time alone; for virtual time write it as an async test, with pytest-asyncio 1.4 or later"
)
OTHER = (
    "this test runs in real time: virtual time is for tests that pytest-asyncio 1.4 or later runs, or anyio "
    'with the fixture anyio_backend returning ("asyncio", {"loop_factory": VirtualTimeLoop}), '
    "from overshoot_testkit"
)
REAL = (
    "this test runs in real time; drop clock='real' from its marker, "
    "and loop_factories from its asyncio marker"
)
BOTH = (
    "this test runs in real time: in auto mode pytest-asyncio runs it, and anyio its async fixtures, on "
    "another loop. With asyncio_mode = strict, or without the anyio marker, it can have virtual time"
)
_LOOKS = 0.01
"""Seconds of a real loop between looks at the time that the test has set."""
_THREAD = pytest.StashKey["FakeThread"]()
"""The thread in which fakes run, one after the other."""


@contextlib.asynccontextmanager
async def on_this_loop(
    item: pytest.Item, wishes: Wishes, settings: Settings, why: str = REAL
) -> AsyncIterator[Use]:
    """A fake on the running loop: in memory if its time is virtual, on loopback otherwise.

    `why`: what to say in real time to a test that wants virtual time.
    """
    loop = asyncio.get_running_loop()
    clock = FollowingClock(loop)
    journal = Journal(clock)
    fake = SyncedFake(clock=clock, journal=journal, settings=settings)
    describe = describer(item)
    origins = Origins(lambda: _origins.in_tasks(loop, describe))
    journal.subscribe(origins)
    seen: TestClock
    if isinstance(loop, VirtualTimeLoop):
        await fake.listen(HOST, 443)
        seen = VirtualClock(clock, loop)
        loop.before_jump = clock.begin_to_catch_up
    else:
        await fake.listen()
        seen = RealClock(clock, why)
        clock.watch(_LOOKS)

    async def settled() -> str | None:
        # What a test began but did not wait for, such as a DELETE, is done first.
        if isinstance(loop, VirtualTimeLoop):
            await settle(loop)
        return complaint(item, wishes, fake, origins, playing)

    def judge() -> str | None:
        # A scenario is over once it was looked at, so what is on its way comes first.
        told = playing or complaint(item, wishes, fake, origins)
        return loop.run_until_complete(settled()) if told else None

    told: str | None = None
    playing: Playing | None = None
    try:
        playing = begin(wishes, fake)
        use = Use(
            base_url=fake.base_url,
            api_key=fake.api_key,
            fake=fake,
            faults=fake.faults,
            journal=SyncedJournal(journal, clock),
            clock=seen,
            judge=judge,
        )
        yield use
        told = None if use.judged else await settled()
    finally:
        clock.unwatch()
        if isinstance(loop, VirtualTimeLoop):
            loop.before_jump = None
        await fake.aclose()
    if told is not None:
        pytest.fail(told, pytrace=False)


@contextlib.contextmanager
def in_a_thread(item: pytest.Item, wishes: Wishes, settings: Settings) -> Iterator[Use]:
    """A fake on loopback in a thread of its own, in real time."""
    thread = _thread_of(item.config)
    thread.begin(settings)
    told: str | None = None
    last: Callable[[], str | None] | None = None
    try:
        fake = thread.fake
        describe = describer(item)
        origins = Origins(lambda: _origins.in_threads(describe))
        fake.journal.subscribe(origins)
        playing = begin(wishes, fake, thread.call)

        def look() -> str | None:
            return complaint(item, wishes, fake, origins, playing)

        def judge() -> str | None:
            told: str | None = thread.call(look)
            return told

        use = Use(
            base_url=fake.base_url,
            api_key=fake.api_key,
            fake=View(thread, fake),
            faults=FaultsView(thread, fake.faults),
            journal=JournalView(thread),
            clock=_clock_of(item, thread),
            judge=judge,
        )
        yield use
        last = None if use.judged else look
    finally:
        told = thread.end(last)
    if told is not None:
        pytest.fail(told, pytrace=False)


def _clock_of(item: pytest.Item, thread: FakeThread) -> TestClock:
    if not inspect.iscoroutinefunction(getattr(item, "function", None)):
        return FakesClock(thread, SYNC)
    return RealClock(thread.clock, BOTH if _loop.is_both(item) else OTHER, thread)


def _thread_of(config: pytest.Config) -> FakeThread:
    """The thread for fakes: the one that is there, or a new one; see `end_thread`."""
    thread = config.stash.get(_THREAD, None)
    if thread is None or not thread.usable:
        thread = config.stash[_THREAD] = FakeThread()
    return thread


def last_of_thread(config: pytest.Config) -> None:
    """Let the thread for fakes end together with the fake that it has now."""
    thread = config.stash.get(_THREAD, None)
    if thread is not None:
        thread.last = True


def end_thread(config: pytest.Config) -> None:
    """End the thread for fakes, if there is one: the next test needs none."""
    thread = config.stash.get(_THREAD, None)
    if thread is not None:
        del config.stash[_THREAD]
        if thread.usable:
            thread.close()
