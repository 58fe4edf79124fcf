"""Durations that vary: drawn anew each time, from a seeded source."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random


@dataclass(frozen=True, slots=True)
class Uniform:
    """Any duration between two is as likely as any other.

    low, high: in seconds.
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        if not 0 <= self.low <= self.high:
            raise ValueError(f"Uniform: 0 <= low <= high is needed, not low={self.low}, high={self.high}")

    def sample(self, source: random.Random) -> float:
        """One duration, in seconds."""
        return source.uniform(self.low, self.high)


@dataclass(frozen=True, slots=True)
class LogNormal:
    """Half of the durations are below the median, and the tail is long: as the latency of most servers.

    median: in seconds.
    sigma: how long the tail is: about one in six exceeds `median × e^sigma`.
    """

    median: float
    sigma: float

    def __post_init__(self) -> None:
        if self.median <= 0 or self.sigma < 0:
            raise ValueError(
                "LogNormal: median > 0 and sigma >= 0 are needed, "
                f"not median={self.median}, sigma={self.sigma}"
            )

    def sample(self, source: random.Random) -> float:
        """One duration, in seconds."""
        return source.lognormvariate(math.log(self.median), self.sigma)


Distribution = Uniform | LogNormal
Seconds = float | Distribution
"""A duration: always the same, or drawn anew each time."""


def sample(seconds: Seconds, source: random.Random) -> float:
    """The duration this time."""
    return seconds.sample(source) if isinstance(seconds, Uniform | LogNormal) else seconds
