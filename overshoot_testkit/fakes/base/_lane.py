"""One direction of a connection, while something holds its bytes back. The order of bytes never changes."""

from __future__ import annotations

import asyncio
import enum
from abc import ABC, abstractmethod
from collections import deque
from typing import TYPE_CHECKING

from overshoot_testkit.faults import Bandwidth, Latency, Slice, SlowClose

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterable, Iterator

    from overshoot_testkit.clock import Timer
    from overshoot_testkit.fakes.base._work import Work
    from overshoot_testkit.faults import Action

_TICK = 0.1
"""Seconds of a narrow connection's time that one piece takes; as Toxiproxy's bandwidth has it."""
_ROUNDING = 1e-6
"""Seconds by which a timer may be early."""


class Mark(enum.Enum):
    """What travels behind the bytes."""

    END = "end of stream"
    RESET = "reset"


Item = bytes | Mark


class Stage(ABC):
    """What one fault does to the time at which bytes of one connection arrive."""

    free_at = 0.0
    """From when it lets bytes through that come one after the other, in seconds of the clock."""

    @abstractmethod
    def through(self, when: float, item: Item) -> Iterator[tuple[float, Item]]:
        """What comes out, and when, of what goes in at `when` seconds of the clock."""

    def start_over(self, now: float) -> None:
        """What is held will come in again, from `now` on."""
        self.free_at = now


class Late(Stage):
    """See `faults.Latency`."""

    def __init__(self, action: Latency, source: random.Random) -> None:
        self._action = action
        self._random = source

    def through(self, when: float, item: Item) -> Iterator[tuple[float, Item]]:
        seconds, jitter = self._action.seconds, self._action.jitter
        if jitter:
            seconds = round(self._random.uniform(seconds - jitter, seconds + jitter), 6)
        yield when + seconds, item


class Narrow(Stage):
    """See `faults.Bandwidth`."""

    def __init__(self, action: Bandwidth) -> None:
        self._rate = action.bytes_per_second
        self._piece = max(1, int(self._rate * _TICK))

    def through(self, when: float, item: Item) -> Iterator[tuple[float, Item]]:
        self.free_at = max(self.free_at, when)
        if isinstance(item, Mark):
            yield self.free_at, item
            return
        for at in range(0, len(item), self._piece):
            piece = item[at : at + self._piece]
            self.free_at += len(piece) / self._rate
            yield self.free_at, piece


class Sliced(Stage):
    """See `faults.Slice`."""

    def __init__(self, action: Slice, source: random.Random) -> None:
        self._action = action
        self._random = source

    def through(self, when: float, item: Item) -> Iterator[tuple[float, Item]]:
        if isinstance(item, Mark):
            yield max(when, self.free_at - self._action.gap), item
            return
        size, variation = self._action.size, self._action.variation
        at = 0
        while at < len(item):
            count = size + (self._random.randint(-variation, variation) if variation else 0)
            self.free_at = max(self.free_at, when)
            yield self.free_at, item[at : at + count]
            self.free_at += self._action.gap
            at += count


class SlowEnd(Stage):
    """See `faults.SlowClose`."""

    def __init__(self, action: SlowClose) -> None:
        self._seconds = action.seconds

    def through(self, when: float, item: Item) -> Iterator[tuple[float, Item]]:
        yield when + (self._seconds if item is Mark.END else 0.0), item


def stage(action: Action, source: random.Random) -> Stage | None:
    """The stage of an action; None for one that leaves the time of arrival alone."""
    match action:
        case Latency():
            return Late(action, source)
        case Bandwidth():
            return Narrow(action)
        case Slice():
            return Sliced(action, source)
        case SlowClose():
            return SlowEnd(action)
        case _:
            return None


class Allowance:
    """Bytes that may still pass; see `faults.LimitData`."""

    def __init__(self, left: int) -> None:
        self.left = left


class Lane:
    """A queue of bytes with the moments at which they are let out, on the clock."""

    def __init__(self, work: Work, let_out: Callable[[Item], object], used_up: Callable[[], object]) -> None:
        """`used_up` is called when an allowance is."""
        self._work = work
        self._let_out = let_out
        self._used_up = used_up
        self._stages: list[Stage] = []
        self._allowances: list[Allowance] = []
        self._items: deque[tuple[float, float, Item]] = deque()
        self._timer: Timer | None = None
        self._turn: asyncio.Handle | None = None
        self.blocked = False
        """Nothing is let out."""

    @property
    def busy(self) -> bool:
        """Whether it holds anything."""
        return bool(self._items)

    def fit(self, stages: list[Stage], allowances: list[Allowance], *, blocked: bool) -> None:
        """Let these be its conditions from now on, also for what it holds: time already waited counts."""
        changed = stages != self._stages
        self._stages, self._allowances, self.blocked = stages, allowances, blocked
        if changed:
            held, self._items = self._items, deque()
            now = self._work.clock.now()
            for each in stages:
                each.start_over(now)
            for _, entered, item in held:
                self._enter(entered, item)
        self._pump()

    def put(self, item: Item) -> None:
        """Take something in; it may be let out before this returns."""
        self._enter(self._work.clock.now(), item)
        if self._turn is None and self._timer is None:
            self._pump()

    def clear(self) -> None:
        """Lose all that is held."""
        self._items.clear()
        self._rest()

    def _enter(self, entered: float, item: Item) -> None:
        for when, piece in _through(self._stages, entered, item):
            self._items.append((when, entered, piece))

    def _rest(self) -> None:
        self._work.cancel(self._timer)
        if self._turn is not None:
            self._turn.cancel()
        self._timer = self._turn = None

    def _pump(self) -> None:
        """Let out what is due, one piece in each turn of the loop, so that pieces stay pieces.

        What would overtake waits for what is in front of it.
        """
        self._rest()
        if not self._items or self.blocked:
            return
        due, _, item = self._items[0]
        if due > self._work.clock.now() + _ROUNDING:
            self._timer = self._work.call_at(due, self._pump)
            return
        self._items.popleft()
        self._work.traffic.activity += 1
        if self._items:
            self._turn = asyncio.get_running_loop().call_soon(self._pump)
        self._pass(item)

    def _pass(self, item: Item) -> None:
        if isinstance(item, Mark) or not self._allowances:
            self._let_out(item)
            return
        room = min(each.left for each in self._allowances)
        passed = item[:room]
        for each in self._allowances:
            each.left -= len(passed)
        if passed:
            self._let_out(passed)
        if room <= len(item):
            self._used_up()


def _through(stages: Iterable[Stage], when: float, item: Item) -> Iterable[tuple[float, Item]]:
    pieces: Iterable[tuple[float, Item]] = [(when, item)]
    for each in stages:
        pieces = [out for moment, piece in pieces for out in each.through(moment, piece)]
    return pieces
