"""Wall time and monotonic time that follow a clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from overshoot_testkit.clock import _faked
from overshoot_testkit.clock._faked import Real
from overshoot_testkit.clock._globals import InThreads, Replacements

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from overshoot_testkit.clock._clock import Clock

_active: InThreads[Clock] = InThreads()

# The standard library's blocking calls measure their timeouts by it: with time that stands still they would
# never end.
_KEEP = (
    "asyncio",
    "concurrent",
    "multiprocessing",
    "queue",
    "sched",
    "selectors",
    "socketserver",
    "subprocess",
    "threading",
    __name__,
)


def _virtual_monotonic() -> float:
    clock = _active.current()
    return Real.monotonic() if clock is None else clock.now()


def _virtual_monotonic_ns() -> int:
    clock = _active.current()
    return Real.monotonic_ns() if clock is None else round(clock.now() * 1_000_000_000)


_replacements = Replacements(
    [(Real.monotonic, _virtual_monotonic), (Real.monotonic_ns, _virtual_monotonic_ns)], keep=_KEEP
)


class WallClock:
    """While active, wall time is the clock's `unix()` and `time.monotonic` its `now()`.

    Wall time is `time.time`, `datetime.now` and the like. It does not move by itself: `sync()` sets it to
    where the clock is. It is that of the whole process (time-machine works below Python); monotonic
    time is the clock's only in the thread that entered, so other threads' timeouts go on working. Entering
    again, in the same thread, is allowed. Wall time that a test has set itself, with freezegun or
    time-machine, before or after entering, stays as the test wants it.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._travels: list[tuple[Any, Any] | None] = []

    def __enter__(self) -> Self:
        self._travels.append(None if _faked.active() else _depart(self._clock))
        if not _active:
            _replacements.put()
        _active.push(self._clock)
        return self

    def sync(self) -> None:
        """Set wall time to where the clock is now."""
        if self._travels and self._travels[-1] is not None:
            self._travels[-1][1].move_to(self._clock.unix())

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _active.pop()
        if not _active:
            _replacements.take()
        travel = self._travels.pop()
        if travel is not None:
            _return(*travel)


def _depart(clock: Clock) -> tuple[Any, Any]:
    import time_machine  # noqa: PLC0415  (it imports much, and only those who travel need it)

    travel = time_machine.travel(clock.unix(), tick=False)
    traveller = travel.start()
    _faked.OURS.append(traveller)
    return travel, traveller


def _return(travel: Any, traveller: Any) -> None:
    _faked.OURS.remove(traveller)
    stack = _faked.travels()
    if stack[-1] is traveller:
        travel.stop()
    else:
        # A test has departed since, and not returned yet; which time-machine ends is always the last.
        stack.remove(traveller)
