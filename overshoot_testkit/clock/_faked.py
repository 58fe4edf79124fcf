"""Wall time that a test has set: what freezegun and time-machine show, and the real time below them.

Neither is imported here: whoever uses one has imported it. Both keep a list of what is active, the innermost
last, and that is all that is read.
"""

from __future__ import annotations

import calendar
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

OURS: list[Any] = []
"""Travels of `WallClock`, which follow a clock and are not to be followed."""


class Real:
    """Time that nobody has set. freezegun replaces functions in modules, not in classes."""

    _freezegun: Any = sys.modules.get("freezegun.api", time)
    monotonic: Callable[[], float] = staticmethod(getattr(_freezegun, "real_monotonic", time.monotonic))
    """Seconds since some moment."""
    monotonic_ns: Callable[[], int] = staticmethod(
        getattr(_freezegun, "real_monotonic_ns", time.monotonic_ns)
    )
    _time: Callable[[], float] = staticmethod(getattr(_freezegun, "real_time", time.time))

    @classmethod
    def time(cls) -> float:
        """Unix seconds; past time-machine too, which works below Python."""
        return float(_real_ns(sys.modules["_time_machine"])) / 1e9 if travels() else cls._time()


def frozen() -> list[Any]:
    """What freezegun has active: its factories of time, the innermost last."""
    api = sys.modules.get("freezegun.api")
    return getattr(api, "freeze_factories", [])


def travels() -> list[Any]:
    """What time-machine has active: its travellers (coordinates before 3.0), the innermost last."""
    module = sys.modules.get("time_machine")
    found = getattr(module, "traveller_stack", None)
    return getattr(module, "coordinates_stack", []) if found is None else found


def active() -> list[Any]:
    """All that sets wall time now, the innermost last; the virtual loop's own travels are left out.

    freezegun may be started while time-machine is active, and not the other way round.
    """
    stack = travels()
    return [*(each for each in stack if each not in OURS), *frozen()] if stack else [*frozen()]


def shown(source: Any) -> float:
    """Unix seconds that a source of faked time shows now, without touching it: some move on being asked."""
    if hasattr(source, "_destination_timestamp_ns"):
        return _travelled(source)
    # A ticking factory is a base and a start; the base alone stands still.
    moment = source() if hasattr(source, "start") else source.time_to_freeze
    return _unix(moment)


def set_to(source: Any) -> float:
    """As `shown`, without what has ticked since the test set it."""
    if hasattr(source, "_destination_timestamp_ns"):
        return float(source._destination_timestamp_ns) / 1e9  # noqa: SLF001 - it has no other way to ask
    return _unix(source.time_to_freeze)


def _travelled(source: Any) -> float:
    # Its own time_ns() would start the ticking, which is for the test's first look at the time.
    passed = 0
    if source._tick and source._requested:  # noqa: SLF001
        passed = _real_ns(sys.modules["_time_machine"]) - source._real_start_timestamp_ns  # noqa: SLF001
    return float(source._destination_timestamp_ns + passed) / 1e9  # noqa: SLF001


def _real_ns(below: Any) -> int:
    """time-machine's own way past itself; it is there only while something is patched."""
    try:
        nanoseconds: int = below.original_time_ns()
    except ValueError:  # nobody travels: then the ordinary one is the real one
        return time.time_ns()
    return nanoseconds


def _unix(moment: Any) -> float:
    """A naive datetime, in UTC, as unix seconds."""
    return float(calendar.timegm(moment.timetuple()) + moment.microsecond / 1e6)
