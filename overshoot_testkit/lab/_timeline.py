"""A journal as people read it: one line an event, in virtual seconds, around the moment that matters."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING

from overshoot_testkit import journal as j
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


def describe(event: Event) -> str | None:  # noqa: C901, PLR0911, PLR0912 - one short branch an event
    """One line for an event; None for those that only repeat what another line says."""
    match event:
        case j.Request():
            return f"→ {event.method} {event.path}"
        case j.Response(status=None):
            return f"← {_name(event.route)}: no answer ({event.outcome})"
        case j.Response():
            how = "" if event.outcome == "answered" else f" ({event.outcome})"
            return f"← {event.status} {_name(event.route)}{how}"
        case j.SocketOpened():
            return f"socket {event.socket} opened"
        case j.SocketMessage(direction="in"):
            return f"socket {event.socket} → {_short(event.data)}"
        case j.SocketMessage():
            return f"socket {event.socket} ← {_short(event.data)}"
        case j.SocketClosed():
            reason = f" {event.reason!r}" if event.reason else ""
            return f"socket {event.socket} closed by {event.by}: {event.code}{reason}"
        case j.StateChanged():
            why = f" ({event.reason})" if event.reason else ""
            return f"{event.entity}: {event.before or 'new'} → {event.after}{why}"
        case j.LeaseRenewed():
            return f"lease runs to {event.expires_at:g} s"
        case j.Charged():
            return f"charged {event.cents:g} cents for {event.seconds:g} s ({event.cause})"
        case j.FaultFired():
            return f"fault {event.fault}: {event.action}"
        case j.ClientCalled():
            return f"client.{event.method}() called"
        case j.ClientReturned(error=None):
            return f"client.{event.method}() returned"
        case j.ClientReturned():
            error = event.error or {}
            return f"client.{event.method}() raised: {error.get('kind')}: {error.get('message')}"
        case j.ErrorReported():
            return f"error callback: {event.kind}: {event.message}"
        case j.ResultDelivered():
            return f"result callback: {_short(event.result)}"
        case j.ClientProbed():
            return f"{event.moment}: is_active() is {event.is_active}, stream_id() is {event.stream_id!r}"
        case j.Note():
            return f"- {event.text}"
        case _:
            return None


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
            sent = sum(isinstance(event, j.SocketMessage) for event, _ in run)
            until = run[-1][0].at
            folded.append(
                (run[0][0].at, f"… {sent} results sent, {len(run) - sent} delivered, until {until:g} s")
            )
        else:
            folded += [(event.at, text) for event, text in run]
    return [line for i, line in enumerate(folded) if i == 0 or line != folded[i - 1]]


def _is_result(event: Event) -> bool:
    if isinstance(event, j.SocketMessage):
        return event.direction == "out" and isinstance(event.data, dict) and "result" in event.data
    return isinstance(event, j.ResultDelivered)


def _name(route: str | None) -> str:
    return route or "unknown route"


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= 60 else f"{text[:59]}…"
