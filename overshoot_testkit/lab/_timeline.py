"""A journal as people read it: one line an event, in virtual seconds, around the moment that matters."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from overshoot_testkit.journal import ResultDelivered, SocketMessage, describe
from overshoot_testkit.lab._verdict import TimelineEntry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from overshoot_testkit.journal import Event, Recording
    from overshoot_testkit.lab._verdict import Finding

BEFORE, AFTER = 8, 4
"""How many lines to show before and after the moment of the finding, itself shown whole."""
LONGEST_RUN = 4
"""Lines of results in a row that are still shown one by one."""
EXACT = 1e-6
"""Seconds by which two moments may differ and be the same."""


def timeline(seen: Recording, findings: Sequence[Finding]) -> tuple[TimelineEntry, ...]:
    """The lines around the first finding that has a moment; the last ones where none has.

    Where that moment begins is marked.
    """
    lines = _folded([(event, text) for event in seen if (text := describe(event)) is not None])
    moment = next((finding.at for finding in findings if finding.at is not None), None)
    if moment is None:
        return tuple(TimelineEntry(at, text) for at, text in lines[-(BEFORE + AFTER) :])
    ends = sum(at <= moment + EXACT for at, _ in lines)
    begins = sum(at < moment - EXACT for at, _ in lines)
    first = max(0, begins - BEFORE)
    kept = lines[first : ends + AFTER]
    return tuple(
        TimelineEntry(at, text, marked=begins == i < ends) for i, (at, text) in enumerate(kept, first)
    )


def _folded(lines: list[tuple[Event, str]]) -> list[tuple[float, str]]:
    """Lines with their moments; a run of results is one line, and repetitions at one moment are dropped."""
    folded: list[tuple[float, str]] = []
    for is_flow, group in itertools.groupby(lines, key=lambda line: _is_result(line[0])):
        run = list(group)
        if is_flow and len(run) > LONGEST_RUN:
            sent = sum(isinstance(event, SocketMessage) for event, _ in run)
            until = run[-1][0].at
            folded.append(
                (run[0][0].at, f"… {sent} results sent, {len(run) - sent} delivered, until {until:g} s")
            )
        else:
            folded += [(event.at, text) for event, text in run]
    return [line for i, line in enumerate(folded) if i == 0 or line != folded[i - 1]]


def _is_result(event: Event) -> bool:
    if isinstance(event, SocketMessage):
        return event.direction == "out" and isinstance(event.data, dict) and "result" in event.data
    return isinstance(event, ResultDelivered)
