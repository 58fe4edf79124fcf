"""Interleaved rounds, medians, ratios: what every benchmark is made of.

All contenders of a benchmark are measured in turn in each round (A B C, then C B A, …), so that whatever else
the machine does hits all of them. A ratio is taken within a round; what is reported is the median of the
rounds' ratios with their quartiles.
"""

from __future__ import annotations

import gc
import statistics
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

processor_seconds = time.process_time
"""What programs are measured by that never wait: on a quiet machine the same as real time, and not stretched
by what else runs on a busy one. Threads of the process are counted together."""

Samples = dict[str, list[float]]
"""By contender, one value a round: seconds for one operation."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much to measure."""

    rounds: int = 7
    quick: bool = False
    """As little of everything as there is; the figures mean nothing then."""
    peer_python: str | None = None
    """Interpreter for peers that need another one; None: find one."""
    install: bool = True
    """Whether an environment for such an interpreter may be made, with pip."""


@dataclass(frozen=True, slots=True)
class Contender:
    """Something that is measured. `measure(count)` does so many operations and returns their seconds.

    It sets everything up and takes it down itself, outside the time it returns; it raises if an operation
    did not do what it should, so that nothing is measured that does not work.
    """

    name: str
    measure: Callable[[int], float]
    ours: bool = False
    """Ours may not fail; a peer that does is reported with the reason."""


@dataclass(frozen=True, slots=True)
class Aim:
    """What a figure should be."""

    bound: Literal["≥", "≤"]
    value: float

    def met(self, value: float) -> bool:
        return value >= self.value if self.bound == "≥" else value <= self.value


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that the benchmark is about: one value a round, reported as median and quartiles."""

    label: str
    values: Sequence[float]
    unit: Literal["×", "ms", "kB"] = "×"
    aim: Aim | None = None

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def met(self) -> bool | None:
        """None where there is no aim."""
        return None if self.aim is None else self.aim.met(self.median)


@dataclass(slots=True)
class Outcome:
    """What one benchmark found."""

    name: str
    title: str
    show: Literal["per second", "ms", "s"]
    """How the contenders' own values are shown."""
    samples: Samples
    figures: list[Figure] = field(default_factory=list)
    not_run: dict[str, str] = field(default_factory=dict)
    """Contenders that could not be measured, with the reason."""
    versions: Mapping[str, str] = field(default_factory=dict)

    def compare(
        self,
        ours: str,
        peer: str,
        what: Literal["rate", "time"],
        aim: Aim | None = None,
    ) -> None:
        """Add the ratio of ours to a peer, of rates or of times; nothing where the peer did not run."""
        if ours not in self.samples or peer not in self.samples:
            return
        pairs = list(zip(self.samples[ours], self.samples[peer], strict=True))
        values = [theirs / own if what == "rate" else own / theirs for own, theirs in pairs]
        self.figures.append(Figure(f"{ours}  ÷  {peer}", values, "×", aim))


def quartiles(values: Sequence[float]) -> tuple[float, float]:
    """Lower and upper; the value itself where there is only one."""
    if len(values) < 2:
        return values[0], values[0]
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, high


def take_turns(
    name: str, contenders: Sequence[Contender], count: int, plan: Plan
) -> tuple[Samples, dict[str, str]]:
    """Measure all, round by round; returns seconds for one operation, and who did not run and why.

    A first round, not counted, warms up and finds out who runs at all. Raises what one of ours raises.
    """
    not_run: dict[str, str] = {}
    for contender in contenders:
        try:
            contender.measure(max(1, count // 10))
        except Exception as error:
            if contender.ours:
                raise
            not_run[contender.name] = reason(error)
    runners = [contender for contender in contenders if contender.name not in not_run]
    samples: Samples = {contender.name: [] for contender in runners}
    for number in range(plan.rounds):
        progress(f"{name}: round {number + 1} of {plan.rounds}")
        for contender in runners if number % 2 == 0 else reversed(runners):
            gc.collect()
            samples[contender.name].append(contender.measure(count) / count)
    return samples, not_run


def reason(error: BaseException) -> str:
    """An exception in one line."""
    if isinstance(error, ModuleNotFoundError):
        return f"{error.name} is not installed (pip install -r benchmarks/requirements.txt)"
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:300]}" if text else type(error).__name__


def progress(text: str) -> None:
    """Say on stderr what is going on."""
    print(text, file=sys.stderr, flush=True)
