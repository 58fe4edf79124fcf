"""When a stream's results are due."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from overshoot_testkit.clock import Timer
    from overshoot_testkit.fakes.base import Service

# Moments are computed, never added up, and compared with room for a float's last digits.
_GRAIN = 1e-9


class InferenceKept(NamedTuple):
    """What a snapshot has of it. `anchor` in seconds of the clock."""

    running: bool
    ran_before: bool
    anchor: float
    position: int
    before: int


class Inference:
    """Produces at an interval while it runs: stopped → running → stopped.

    Results that nobody listens to are counted, not made: without an audience no timer is set, so that
    thousands of quiet streams cost nothing.
    """

    def __init__(
        self,
        service: Service,
        interval: float,
        late: Callable[[int], float],
        produce: Callable[[int, float], float],
    ) -> None:
        """Of a stream with results each `interval` seconds.

        late: by how many seconds a result, by its number, comes later than the interval says; earlier, if
        negative. None overtakes another.
        produce: called with a result's number and when it was usually due, once it comes; returns by how many
        seconds it wants to be called again, with the same, or 0 if it is done.
        """
        self._service = service
        self._interval = interval
        self._late = late
        self._produce = produce
        self._audience = False
        self._running = False
        self._ran_before = False
        self._anchor = 0.0
        self._index = 0
        """Of the next result since the anchor."""
        self._before = 0
        """Results of earlier runs."""
        self._timer: Timer | None = None

    @property
    def running(self) -> bool:
        """Whether results become due."""
        return self._running

    @property
    def ran_before(self) -> bool:
        """Whether it ever ran: the first result takes longer."""
        return self._ran_before

    def completed(self) -> int:
        """How many results there were, heard or not."""
        self._catch_up()
        return self._before + self._index

    def start(self, first_in: float) -> None:
        """Run; the first result is due in `first_in` seconds, the others at the interval."""
        if not self._running:
            self._running = self._ran_before = True
            self._anchor = self._service.clock.now() + first_in
            self._arm()

    def stop(self) -> None:
        """Run no more."""
        if self._running:
            self._before = self.completed()
            self._index = 0
            self._running = False
            self._service.cancel(self._timer)
            self._timer = None

    def set_audience(self, present: bool) -> None:
        """Whether anybody listens."""
        if present and not self._audience:
            self._catch_up()
        self._audience = present
        if not present:
            self._service.cancel(self._timer)
            self._timer = None
        self._arm()

    def keep(self) -> InferenceKept:
        """For `put_back`."""
        self._catch_up()
        return InferenceKept(self._running, self._ran_before, self._anchor, self._index, self._before)

    def put_back(self, kept: InferenceKept, shift: float) -> None:
        """Be where it was then, all moments `shift` seconds later."""
        self._service.cancel(self._timer)
        self._timer = None
        self._running, self._ran_before, anchor, self._index, self._before = kept
        self._anchor = anchor + shift
        self._arm()

    def _due(self) -> float:
        return self._anchor + self._index * self._interval

    def _catch_up(self) -> None:
        if self._running and not self._audience:
            passed = (self._service.clock.now() - self._anchor) / self._interval
            self._index = max(self._index, math.ceil(passed - _GRAIN))

    def _arm(self) -> None:
        if self._running and self._audience and self._timer is None:
            self._wait_until(self._due() + self._late(self._before + self._index))

    def _wait_until(self, moment: float) -> None:
        self._timer = self._service.call_at(moment, self._tick)

    def _tick(self) -> None:
        self._timer = None
        if not (self._running and self._audience):
            return
        index, due = self._index, self._due()
        self._index += 1
        more = self._produce(self._before + index, due)
        if more > 0 and self._running:
            self._index = index
            self._wait_until(self._service.clock.now() + more)
        else:
            self._arm()
