"""What differs from result to result: how long it takes, and what is odd about it. The same in every run."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from overshoot_testkit.faults import LogNormal, Seconds, Uniform, sample

if TYPE_CHECKING:
    from overshoot_testkit.fakes.overshoot.settings import Settings


@dataclass(frozen=True, slots=True)
class Timing:
    """Of one result. `late` and `began` are seconds from the moment at which it is usually due."""

    inference_ms: float
    total_ms: float
    late: float
    """When it is sent."""
    began: float
    """When its inference began: usually before."""


@dataclass(frozen=True, slots=True)
class Oddity:
    """What is odd about one result, by the shares of `ResultSettings`."""

    error: str | None = None
    filtered: bool = False
    cut: bool = False
    duplicated: bool = False
    reordered: bool = False


_NOTHING = Oddity()


def usual(value: Seconds) -> float:
    """The middle of what is drawn; half of it is less."""
    if isinstance(value, Uniform):
        return (value.low + value.high) / 2
    return value.median if isinstance(value, LogNormal) else value


class Variation:
    """Draws for one state of the settings. Each result has a source of its own: none disturbs another."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        inference, total = usual(settings.inference_latency_ms), usual(settings.total_latency_ms)
        self.usual = Timing(inference, total, 0.0, -inference / 1000)
        """Of results that come when they are usually due."""
        drawn = (settings.inference_latency_ms, settings.total_latency_ms)
        self._steady = not settings.results.jitter and all(isinstance(each, int | float) for each in drawn)
        self.constant = self._steady and settings.results.burst == 1
        """Whether the timing is `usual` for every result."""
        self._odd = settings.results.has_shares

    def timing(self, stream: int, index: int, interval: float) -> Timing:
        """Of a stream's result, both counted; `interval` in seconds."""
        if self.constant:
            return self.usual
        burst = self._settings.results.burst
        held = (burst - 1 - index % burst) * interval
        if self._steady:
            base = self.usual
            return Timing(base.inference_ms, base.total_ms + round(held * 1000, 3), held, base.began)
        source = self._source("timing", stream, index)
        settings, base = self._settings, self.usual
        inference = round(sample(settings.inference_latency_ms, source), 3)
        slower = inference - base.inference_ms
        total = max(round(sample(settings.total_latency_ms, source) + slower, 3), inference)
        later = round(sample(settings.results.jitter, source), 6)
        late = later + (total - base.total_ms) / 1000
        return Timing(inference, round(total + held * 1000, 3), late + held, later + base.began)

    def first(self, stream: int) -> float:
        """Seconds from the first frame to the first result."""
        latency = self._settings.first_result_latency
        return round(sample(latency, self._source("first", stream)), 6) if _drawn(latency) else usual(latency)

    def oddity(self, stream: int, index: int) -> Oddity:
        """What is odd about a stream's result. A share that changes leaves what the others draw as it is."""
        if not self._odd:
            return _NOTHING
        results = self._settings.results
        source = self._source("oddity", stream, index)
        failed, filtered, cut, duplicated, reordered, which = (source.random() for _ in range(6))
        error = results.errors[int(which * len(results.errors))] if failed < results.failed else None
        return Oddity(
            error,
            filtered < results.filtered,
            cut < results.cut,
            duplicated < results.duplicated,
            reordered < results.reordered,
        )

    def _source(self, *path: str | int) -> random.Random:
        name = "/".join(map(str, (self._settings.seed, *path)))
        return random.Random(name)  # noqa: S311 - reproducible, not secret


def _drawn(value: Seconds) -> bool:
    return isinstance(value, Uniform | LogNormal)
