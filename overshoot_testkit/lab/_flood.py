"""A client that asks without a pause: time cannot move, so the scenario would never end."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from overshoot_testkit.journal import Request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from overshoot_testkit.journal import Event, Journal

MOST = 1000
"""Requests at one moment: far more than any client sends that waits for anything but answers."""


@dataclass(slots=True)
class Flood:
    """Requests at one moment of the clock, in seconds."""

    at: float = -1.0
    requests: int = 0

    @property
    def came(self) -> bool:
        return self.requests >= MOST

    def __str__(self) -> str:
        return f"the client sent {self.requests} requests at {self.at:g} s without a pause between them"


@contextmanager
def cut_short(journal: Journal) -> Iterator[Flood]:
    """Ends the block, without an exception, when a flood came; tells of it afterwards."""
    flood, task = Flood(), asyncio.current_task()
    assert task is not None

    def look(event: Event) -> None:
        if not isinstance(event, Request) or flood.came:
            return
        if event.at != flood.at:
            flood.at, flood.requests = event.at, 0
        flood.requests += 1
        if flood.requests == MOST:
            task.cancel()

    unsubscribe = journal.subscribe(look)
    try:
        yield flood
    except asyncio.CancelledError:
        if not flood.came:
            raise
        task.uncancel()
    finally:
        unsubscribe()
