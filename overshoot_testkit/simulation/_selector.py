"""The selector that moves virtual time instead of waiting."""

from __future__ import annotations

import selectors
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from _typeshed import FileDescriptorLike

    from overshoot_testkit.simulation._loop import VirtualTimeLoop

Events = list[tuple[selectors.SelectorKey, int]]

_NOTHING: Events = []


class VirtualSelector(selectors.BaseSelector):
    """Asks the operating system only where there is something to ask about.

    Real descriptors may be registered beside the loop's own wake-up pipe (a subprocess, a native library):
    they are looked at on each turn and before each jump, but what happens outside between two looks takes
    no virtual time.
    """

    loop: VirtualTimeLoop

    def __init__(self) -> None:
        self._real = selectors.DefaultSelector()
        self._polls = False
        self.woken = False
        """Set by another thread after it queued a callback."""
        self.blocked = False
        """True while it waits for the operating system."""
        self.turns = 0
        """Turns of the loop since time last moved."""
        self.spin_limit = 1_000_000

    def select(self, timeout: float | None = None) -> Events:
        """Events of real descriptors; if there is nothing at all to do, time jumps to the next timer."""
        if timeout == 0:
            self.turns += 1
            if self.turns > self.spin_limit:
                turns, self.turns = self.turns, 0
                self.loop.outside.report_spinning(turns)
            return self._look() if self._polls or self.woken else _NOTHING
        loop = self.loop
        if self._polls or self.woken:
            events = self._look()
            if events or loop.has_ready():
                return events
        patience = loop.outside.patience(idle=timeout is None, descriptors=self._polls)
        if patience is None:
            self.turns = 0
            loop.jump()
            return _NOTHING
        return self._wait(patience)

    def _look(self) -> Events:
        self.woken = False
        return self._real.select(0)

    def _wait(self, seconds: float) -> Events:
        self.blocked = True
        try:
            # Whoever queued a callback before `blocked` was set did not write to the pipe.
            return self._real.select(0 if self.loop.has_ready() else seconds)
        finally:
            self.blocked = False

    def watch_always(self) -> None:
        """Look at the wake-up pipe on each turn: signal handlers write to it unseen."""
        self._polls = True

    def register(self, fileobj: FileDescriptorLike, events: int, data: Any = None) -> selectors.SelectorKey:
        key = self._real.register(fileobj, events, data)
        self._polls = self._polls or len(self._real.get_map()) > 1
        return key

    def unregister(self, fileobj: FileDescriptorLike) -> selectors.SelectorKey:
        key = self._real.unregister(fileobj)
        self._polls = len(self._real.get_map()) > 1
        return key

    def modify(self, fileobj: FileDescriptorLike, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.modify(fileobj, events, data)

    def get_key(self, fileobj: FileDescriptorLike) -> selectors.SelectorKey:
        return self._real.get_key(fileobj)

    def get_map(self) -> Mapping[FileDescriptorLike, selectors.SelectorKey]:
        return self._real.get_map()

    def close(self) -> None:
        self._real.close()
