"""The systems whose clients can be judged: how to make a fake of each, and its name on the network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from overshoot_testkit.fakes.overshoot import OvershootFake, Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from overshoot_testkit.clock import Clock
    from overshoot_testkit.journal import Journal

F = TypeVar("F")


@dataclass(frozen=True, slots=True)
class System(Generic[F]):
    """A vendor's API, version by version."""

    name: str
    host: str
    """Its public name, under which the fake answers in memory."""
    make_fake: Callable[[Clock, Journal, Mapping[str, Any]], F]


def _overshoot(clock: Clock, journal: Journal, changes: Mapping[str, Any]) -> OvershootFake:
    return OvershootFake(clock=clock, journal=journal, settings=Settings(**changes))


OVERSHOOT = System("overshoot v0.2", "api.overshoot.ai", _overshoot)
