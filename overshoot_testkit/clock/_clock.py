"""The one timeline that fakes, leases, tokens, faults and the journal share.

A fake never asks the operating system for the time: it asks its `Clock`. Whether that clock is virtual
(moved by `simulation`), stepped (moved by a harness, for clients in other processes) or real makes no
difference to the code that uses it.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

Mode = Literal["virtual", "real", "stepped"]

EPOCH = 1_767_225_600.0
"""Unix seconds at which virtual and stepped timelines begin: 2026-01-01T00:00:00Z, the same in every run."""


class Timer(Protocol):
    """A callback that waits for its moment; as `asyncio.TimerHandle`."""

    def when(self) -> float:
        """Moment at which it is due, in seconds of the timeline it was set on."""
        ...

    def cancel(self) -> None: ...

    def cancelled(self) -> bool: ...


class Clock(Protocol):
    """Seconds since the timeline began, and callbacks on it."""

    mode: Mode
    origin: float
    """Unix seconds at 0 of the timeline."""

    def now(self) -> float:
        """Seconds since the timeline began."""
        ...

    def unix(self) -> float:
        """Unix seconds: `origin + now()`."""
        ...

    def call_at(self, when: float, callback: Callable[..., object], *args: object) -> Timer:
        """Call `callback(*args)` at `when` seconds of this timeline; at once if that has passed."""
        ...

    def call_later(self, delay: float, callback: Callable[..., object], *args: object) -> Timer:
        """Call `callback(*args)` in `delay` seconds."""
        ...

    async def sleep(self, seconds: float) -> None: ...

    async def sleep_until(self, when: float) -> None: ...


class _Waiting(ABC):
    """`sleep` and `call_later`, the same for every clock that has `now` and `call_at`."""

    origin: float

    @abstractmethod
    def now(self) -> float: ...

    @abstractmethod
    def call_at(self, when: float, callback: Callable[..., object], *args: object) -> Timer: ...

    def unix(self) -> float:
        return self.origin + self.now()

    def call_later(self, delay: float, callback: Callable[..., object], *args: object) -> Timer:
        return self.call_at(self.now() + delay, callback, *args)

    async def sleep(self, seconds: float) -> None:
        await self.sleep_until(self.now() + seconds)

    async def sleep_until(self, when: float) -> None:
        if when <= self.now():
            await asyncio.sleep(0)
            return
        due: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        timer = self.call_at(when, _finish, due)
        try:
            await due
        finally:
            timer.cancel()


def _finish(due: asyncio.Future[None]) -> None:
    if not due.done():
        due.set_result(None)


class LoopClock(_Waiting):
    """The timers of an asyncio loop: real time, or virtual time on a `simulation.VirtualTimeLoop`.

    The timeline begins when the clock is made. A loop says that its time is virtual by an attribute
    `virtual_origin` (unix seconds at loop time 0); all others are taken for real.
    """

    mode: Mode

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self._loop = loop or asyncio.get_running_loop()
        self._start = self._loop.time()
        virtual_origin: float | None = getattr(self._loop, "virtual_origin", None)
        if virtual_origin is None:
            self.mode = "real"
            self.origin = time.time()
        else:
            self.mode = "virtual"
            self.origin = virtual_origin + self._start

    def now(self) -> float:
        return self._loop.time() - self._start

    def restart(self) -> None:
        """Begin the timeline anew: it is 0 s now. What was set before fires when it would have."""
        begun = self._loop.time()
        virtual_origin: float | None = getattr(self._loop, "virtual_origin", None)
        self.origin = time.time() if virtual_origin is None else virtual_origin + begun
        self._start = begun

    def call_at(self, when: float, callback: Callable[..., object], *args: Any) -> Timer:
        return self._loop.call_at(when + self._start, callback, *args)


class _SteppedTimer:
    __slots__ = ("_args", "_callback", "_cancelled", "_when")

    def __init__(self, when: float, callback: Callable[..., object], args: tuple[object, ...]) -> None:
        self._when = when
        self._callback = callback
        self._args = args
        self._cancelled = False

    def when(self) -> float:
        return self._when

    def cancel(self) -> None:
        self._cancelled = True

    def cancelled(self) -> bool:
        return self._cancelled

    def fire(self) -> None:
        self._callback(*self._args)


class SteppedClock(_Waiting):
    """Time that stands still until it is told to move.

    For fakes on real sockets whose clients live in another process or thread: whoever holds the clock
    decides when everybody has settled. Timers at equal moments fire in the order they were set.

    Limits: not safe to use from several threads; hand `advance` to the loop's thread.
    """

    mode: Mode = "stepped"

    def __init__(self, origin: float = EPOCH) -> None:
        self.origin = origin
        self._now = 0.0
        self._order = itertools.count()
        self._timers: list[tuple[float, int, _SteppedTimer]] = []

    def now(self) -> float:
        return self._now

    def call_at(self, when: float, callback: Callable[..., object], *args: object) -> Timer:
        when = float(when)  # as a loop's; 19 and 19.0 are told apart where times are written down
        timer = _SteppedTimer(when, callback, args)
        heapq.heappush(self._timers, (when, next(self._order), timer))
        return timer

    def restart(self) -> None:
        """Begin the timeline anew: it is 0 s now. What was set before is forgotten, and never fires."""
        for _, _, timer in self._timers:
            timer.cancel()
        self._timers.clear()
        self._now = 0.0

    def next_timer(self) -> float | None:
        """Moment of the next pending timer, or None; never before `now()`."""
        while self._timers and self._timers[0][2].cancelled():
            heapq.heappop(self._timers)
        return max(self._timers[0][0], self._now) if self._timers else None

    def step(self, to: float) -> bool:
        """Move to the next timer and fire it, or to `to` if none is due by then. True if one fired."""
        if to < self._now:
            raise ValueError(f"time does not run backwards: now is {self._now:g} s, asked for {to:g} s")
        due = self.next_timer()
        if due is None or due > to:
            self._now = float(to)
            return False
        _, _, timer = heapq.heappop(self._timers)
        self._now = due
        timer.fire()
        return True

    async def advance(self, seconds: float, settle: Callable[[], Awaitable[object]] | None = None) -> None:
        """Let `seconds` pass, timer by timer.

        `settle` is awaited before the first and after each timer, so that what a timer set in motion is
        done before time goes on; by default the loop gets a few turns.
        """
        await self.advance_to(self._now + seconds, settle)

    async def advance_to(self, when: float, settle: Callable[[], Awaitable[object]] | None = None) -> None:
        """As `advance`, to a moment of the timeline."""
        settle = settle or _few_turns
        await settle()
        while self.step(when):
            await settle()


async def _few_turns() -> None:
    # What a timer starts is a task that wakes a handler that writes to a socket: three hops, so ten turns.
    for _ in range(10):
        await asyncio.sleep(0)
