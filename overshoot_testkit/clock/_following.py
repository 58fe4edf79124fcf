"""A clock that goes where a test sets wall time with freezegun or time-machine."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING, Any

from overshoot_testkit.clock import _faked
from overshoot_testkit.clock._clock import Mode, _few_turns, _Waiting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from overshoot_testkit.clock._clock import Timer

_A_DAY = 86_400.0
_NEAR = 1e-6
"""Seconds by which a loop may be early."""


class FollowingClock(_Waiting):
    """The time of an asyncio loop, and the wall time that the test sets on top of it.

    With nothing faked it is a `LoopClock`. While freezegun or time-machine is active:

    - `unix()` is the faked wall time.
    - On a real loop, the time that passes is the faked one: none while it stands still, all of it when it is
      moved (`tick`, `shift`, `move_to`) or ticks.
    - On a virtual loop, virtual time passes too, and each move of the faked time comes on top.
    - Time does not run backwards: a move into the past sets `unix()` and nothing else.
    - Entering is a move if it leads ahead of the wall time before by at most a day (`timedelta(seconds=46)`);
      otherwise the test just lives at another date, and no lease lapses of that. Leaving moves nothing.

    Timers that a move has passed fire in order, each at its own moment: in `catch_up()`, which lets the loop
    do what follows from each, or in `sync()`, which does not. One of them is to be called before the time is
    acted on; `watch()` does so by itself, as long as the loop's own timers are not frozen.

    Limits: to be used on the loop's thread only. A move between entering and the first look is not seen where
    the date is another, since nobody tells what it was before; nor is a freeze that is over by then.
    """

    mode: Mode

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self._loop = loop or asyncio.get_running_loop()
        self._virtual_origin: float | None = getattr(self._loop, "virtual_origin", None)
        self.mode = "real" if self._virtual_origin is None else "virtual"
        self._source = _faked.Real.monotonic if self._virtual_origin is None else self._loop.time
        self._shift = 0.0
        """Added to the source's time it gives this clock's, while that passes by itself."""
        self._held: float | None = 0.0
        """Where this clock stands, while it does not."""
        self._target: float | None = None
        """Where it is on its way to, while it is moved."""
        self._ahead = 0.0
        """Seconds by which `advance` has put it ahead of wall time."""
        self._timers: dict[_Timer, None] = {}
        self._numbers = itertools.count()
        self._moving = asyncio.Lock()
        self._watch: asyncio.TimerHandle | None = None
        self._catching_up: asyncio.Task[None] | None = None
        self._stack = _faked.active()
        """What was active at the last look."""
        self._wall = self.origin = self._shown(self._stack)
        """What it showed then."""
        self._left: float | None = None
        """What the last one showed that was left."""
        self._hold()

    # --- time

    def now(self) -> float:
        return self._source() + self._shift if self._held is None else self._held

    def call_at(self, when: float, callback: Callable[..., object], *args: object) -> Timer:
        timer = _Timer(self, float(when), next(self._numbers), callback, args)
        self._timers[timer] = None
        self._arm(timer)
        return timer

    def sync(self) -> None:
        """Take notice of the time, and fire what is due."""
        if self._target is not None:
            for _ in self._jump(self._target):
                pass
        for _ in self._moves():
            pass

    async def catch_up(self) -> None:
        """As `sync`, letting the loop do what follows from each timer before time goes on."""
        if self._moving.locked() or self._behind():
            async with self._moving:
                for _ in self._moves():
                    await _few_turns()

    async def advance(self, seconds: float) -> None:
        """Let `seconds` pass for this clock alone. Raises ValueError for a negative number."""
        await self.advance_to(self.now() + seconds)

    async def advance_to(self, when: float) -> None:
        """As `advance`, to a moment of this clock."""
        await self.catch_up()
        if when < self.now():
            raise ValueError(f"time does not run backwards: now is {self.now():g} s, asked for {when:g} s")
        async with self._moving:
            await _few_turns()
            self._ahead += when - self.now()
            for _ in self._jump(when):
                await _few_turns()

    # --- following

    def watch(self, seconds: float) -> None:
        """Look at the time every so many seconds of the loop while there are timers; until `unwatch`."""
        self._watch = self._loop.call_later(seconds, self._watched, seconds)

    def unwatch(self) -> None:
        if self._watch is not None:
            self._watch.cancel()

    def _watched(self, seconds: float) -> None:
        self.watch(seconds)
        self.begin_to_catch_up()

    def begin_to_catch_up(self) -> bool:
        """Start `catch_up` on the loop if there is anything to be done; whether there is."""
        if self._moving.locked() or not (self._timers and self._behind()):
            return False
        self._catching_up = self._loop.create_task(self.catch_up())
        return True

    def _unfaked(self) -> float:
        return _faked.Real.time() if self._virtual_origin is None else self._virtual_origin + self._source()

    def _behind(self) -> bool:
        stack = _faked.active()
        return stack != self._stack or bool(stack and self._shown(stack) != self._wall)

    def _shown(self, stack: list[Any]) -> float:
        """Wall time now. On a virtual loop what ticks there ticks in real time, and is not looked at."""
        if not stack:
            return self._unfaked()
        return _faked.shown(stack[-1]) if self._virtual_origin is None else _faked.set_to(stack[-1])

    def _moves(self) -> Iterator[None]:
        """Go where wall time has gone since the last look; yields after each timer that has fired."""
        moved = self._look()
        if moved > 0:
            yield from self._jump(self.now() + moved)

    def _look(self) -> float:
        """Take notice of what is faked; returns the seconds that it was moved by."""
        stack, known = _faked.active(), self._stack
        wall = self._shown(stack)
        if stack == known:
            moved = wall - self._wall if stack else 0.0
        else:
            moved = self._on_change(stack, wall)
            self._stack = stack
            self._hold()
        self._wall = wall
        moved = max(moved, 0.0)
        if stack or known:
            self.origin = wall + self._ahead - self.now() - moved
        return moved

    def _on_change(self, stack: list[Any], wall: float) -> float:
        """Seconds by which a test has moved time that has entered or left something since the last look."""
        moved = 0.0
        before = [self._unfaked()]
        if self._stack:
            # How far it has come since then can be told even if it has been left.
            self._left = self._shown(self._stack)
            moved = max(self._left - self._wall, 0.0)
            if self._stack[-1] in stack:
                before = []
        if self._left is not None:
            before.append(self._left)
        if not self._timers or stack == self._stack[: len(stack)]:
            return moved  # nobody waits for anything; or something was left, and nothing entered
        return moved + min((wall - each for each in before if 0 < wall - each <= _A_DAY), default=0.0)

    def _hold(self) -> None:
        """From where this clock is now: stand still, or go with the source."""
        now = self.now()
        self._held = now if self._stack and self._virtual_origin is None else None
        if self._held is None:
            self._shift = now - self._source()
        for timer in self._timers:
            self._arm(timer)

    def _jump(self, to: float) -> Iterator[None]:
        """Fire what is due up to a moment, and be there; yields after each timer."""
        self._target = to
        while self._timers:
            timer = min(self._timers, key=_Timer.rank)
            if timer.when() > to + _NEAR:
                break
            self._held = max(self.now(), timer.when())
            timer.fire()
            yield
        self._held = max(self.now(), to)
        self._target = None
        self._hold()

    def _arm(self, timer: _Timer) -> None:
        """Let the loop fire a timer if time passes by itself."""
        timer.disarm()
        if self._held is None:
            at = timer.when() - self._shift
            if self._virtual_origin is None:
                # A frozen loop's time is not the source's.
                at += self._loop.time() - self._source()
            timer.handle = self._loop.call_at(at, self._due, timer)

    def _due(self, timer: _Timer) -> None:
        # A loop whose time was frozen at a date finds everything due.
        self.sync()
        if timer in self._timers and self._held is None:
            if timer.when() <= self.now() + _NEAR:
                timer.fire()
            else:
                self._arm(timer)

    def forget(self, timer: _Timer) -> None:
        """A timer has fired or is cancelled."""
        self._timers.pop(timer, None)
        timer.disarm()


class _Timer:
    __slots__ = ("_args", "_callback", "_cancelled", "_clock", "_number", "_when", "handle")

    def __init__(
        self,
        clock: FollowingClock,
        when: float,
        number: int,
        callback: Callable[..., object],
        args: tuple[object, ...],
    ) -> None:
        self._clock = clock
        self._when = when
        self._number = number
        self._callback = callback
        self._args = args
        self._cancelled = False
        self.handle: asyncio.TimerHandle | None = None

    def when(self) -> float:
        return self._when

    def rank(self) -> tuple[float, int]:
        return self._when, self._number

    def cancel(self) -> None:
        self._cancelled = True
        self._clock.forget(self)

    def cancelled(self) -> bool:
        return self._cancelled

    def disarm(self) -> None:
        if self.handle is not None:
            self.handle.cancel()
            self.handle = None

    def fire(self) -> None:
        self._clock.forget(self)
        self._callback(*self._args)
