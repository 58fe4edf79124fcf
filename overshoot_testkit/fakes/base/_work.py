from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple

from overshoot_testkit.fakes.base._traffic import Traffic
from overshoot_testkit.journal import Note

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from overshoot_testkit.clock import Clock, Timer
    from overshoot_testkit.journal import Journal


class Pending(NamedTuple):
    """A timer that has not fired: when, in seconds of the clock, and what it calls."""

    when: float
    callback: Callable[..., object]
    args: tuple[object, ...]

    @property
    def owner(self) -> object:
        """Whose method it calls."""
        return getattr(self.callback, "__self__", None)


class Work:
    """Tasks and timers that end with their owner, and whose failures come to light."""

    def __init__(self, clock: Clock, journal: Journal) -> None:
        self.clock = clock
        self.journal = journal
        self.traffic = Traffic()
        self.errors: list[Exception] = []
        """Our own defects, raised together by `aclose`."""
        self._tasks: set[asyncio.Task[None]] = set()
        # Plain tuples: a Pending is made for those who ask, and there are thousands of timers.
        self._timers: dict[Timer, tuple[float, Callable[..., object], tuple[object, ...]]] = {}

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Run `work` beside the requests; it ends with the service at the latest."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and isinstance(error := task.exception(), Exception):
            self.defect(error)

    def call_at(self, when: float, callback: Callable[..., object], *args: object) -> Timer:
        """As the clock's; ends with the service, and an exception counts as our defect."""

        def due() -> None:
            self._timers.pop(timer, None)
            self.traffic.activity += 1
            try:
                callback(*args)
            except Exception as error:  # noqa: BLE001 - whatever it is, it must come to light in aclose
                self.defect(error)

        timer = self.clock.call_at(when, due)
        self._timers[timer] = (when, callback, args)
        return timer

    def cancel(self, timer: Timer | None) -> None:
        """Cancel a timer of `call_at`."""
        if timer is not None:
            timer.cancel()
            self._timers.pop(timer, None)

    def due_at(self, timer: Timer | None) -> float | None:
        """When a pending timer of `call_at` is due, in seconds of the clock."""
        pending = None if timer is None else self._timers.get(timer)
        return None if pending is None else pending[0]

    def pending(self, owner: object) -> tuple[Pending, ...]:
        """The timers whose callbacks are methods of this object, in the order they were set."""
        return tuple(each for each in map(Pending._make, self._timers.values()) if each.owner is owner)

    def forget(self, owner: object) -> None:
        """Cancel what `pending` finds."""
        for timer, each in tuple(self._timers.items()):
            if Pending._make(each).owner is owner:
                self.cancel(timer)

    def defect(self, error: Exception) -> None:
        """Note down a failure of our own."""
        self.errors.append(error)
        self.journal.add(Note(f"defect of the fake: {type(error).__name__}: {error}"))

    def cancel_timers(self) -> None:
        """Cancel all that are pending."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()

    async def cancel_tasks(self) -> None:
        """Cancel all that run, and wait for them."""
        for task in tuple(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
