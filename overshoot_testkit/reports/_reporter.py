"""What a reporter is, and how events reach several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from overshoot_testkit.lab import SuiteFinished

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from overshoot_testkit.lab import SuiteEvent, Summary


class Reporter(Protocol):
    """Anything that makes something of the events of one run."""

    def consume(self, event: SuiteEvent) -> None:
        """Take the next event; the last one is a `SuiteFinished` unless the run was broken off."""
        ...


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What a report says of a run beyond what the engine knows. Nothing of the machine or the day."""

    system: str
    """The API that the fake stands for, such as `overshoot v0.2`."""
    tool_version: str
    seed: int = 0
    strict: bool = False
    rules: str | None = None
    """The patterns that chose the rules; None for all."""


def tell(events: Iterable[SuiteEvent], reporters: Sequence[Reporter]) -> Summary:
    """Pass each event to each reporter as it comes, and return the summary of the run."""
    summary: Summary | None = None
    for event in events:
        for reporter in reporters:
            reporter.consume(event)
        if isinstance(event, SuiteFinished):
            summary = event.summary
    if summary is None:
        raise ValueError("the run ended without a SuiteFinished event")
    return summary
