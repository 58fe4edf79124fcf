"""What a test looks at on its own loop: the fake and its journal, at the time that the test has set."""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any

from overshoot_testkit.fakes.overshoot import OvershootFake
from overshoot_testkit.journal import Recording

if TYPE_CHECKING:
    from collections.abc import Callable

    from overshoot_testkit.clock import FollowingClock
    from overshoot_testkit.journal import Event, Journal

_OF_THE_SERVER = frozenset({"error", "identify", "carry_out", "base_url", "api_key", "traffic"})
"""What the fake itself asks, in the middle of something, and what time does not change."""


def _after_sync(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def synced(self: Any, *args: Any, **named: Any) -> Any:
        self.clock.sync()
        return function(self, *args, **named)

    return synced


def _synced(of: type, spared: frozenset[str] = frozenset()) -> dict[str, Any]:
    """The public methods and properties of a class, each preceded by a look at the time."""
    members: dict[str, Any] = {}
    for name, member in vars(of).items():
        if name.startswith("_") or name in spared or inspect.iscoroutinefunction(member):
            continue
        if inspect.isfunction(member):
            members[name] = _after_sync(member)
        elif isinstance(member, property) and member.fget is not None:
            members[name] = property(_after_sync(member.fget), member.fset, doc=member.__doc__)
    return members


SyncedFake: type[OvershootFake] = type(
    "OvershootFake", (OvershootFake,), _synced(OvershootFake, _OF_THE_SERVER)
)


class SyncedJournal(Recording):
    """The journal of a fake on the same loop: each question is asked of all that has happened by then."""

    def __init__(self, journal: Journal, clock: FollowingClock) -> None:
        self._journal = journal
        self._clock = clock

    @property
    def events(self) -> list[Event]:  # type: ignore[override] # as in Recording, where it is an attribute
        self._clock.sync()
        return self._journal.events

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)
