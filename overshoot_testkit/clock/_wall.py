"""Wall time and monotonic time that follow a clock."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from overshoot_testkit.clock._globals import Replacements

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from overshoot_testkit.clock._clock import Clock

_monotonic = time.monotonic
_monotonic_ns = time.monotonic_ns

# Clocks that are active, the innermost last, by the thread that they are for.
_active: dict[int, list[Clock]] = {}

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
    clocks = _active.get(threading.get_ident())
    return clocks[-1].now() if clocks else _monotonic()


def _virtual_monotonic_ns() -> int:
    clocks = _active.get(threading.get_ident())
    return round(clocks[-1].now() * 1_000_000_000) if clocks else _monotonic_ns()


_replacements = Replacements(
    [(_monotonic, _virtual_monotonic), (_monotonic_ns, _virtual_monotonic_ns)], keep=_KEEP
)


class WallClock:
    """While active, wall time is the clock's `unix()` and `time.monotonic` its `now()`.

    Wall time is `time.time`, `datetime.now` and the like. It does not move by itself: `sync()` sets it to
    where the clock is. It is that of the whole process (time-machine works below Python); monotonic
    time is the clock's only in the thread that entered, so other threads' timeouts go on working. Entering
    again, in the same thread, is allowed.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._travels: list[tuple[Any, Any]] = []

    def __enter__(self) -> Self:
        import time_machine  # noqa: PLC0415  (it imports much, and only those who travel need it)

        travel = time_machine.travel(self._clock.unix(), tick=False)
        self._travels.append((travel, travel.start()))
        if not _active:
            _replacements.put()
        _active.setdefault(threading.get_ident(), []).append(self._clock)
        return self

    def sync(self) -> None:
        """Set wall time to where the clock is now."""
        if self._travels:
            self._travels[-1][1].move_to(self._clock.unix())

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        thread = threading.get_ident()
        _active[thread].pop()
        if not _active[thread]:
            del _active[thread]
        if not _active:
            _replacements.take()
        self._travels.pop()[0].stop()
