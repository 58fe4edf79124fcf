"""What a broken client is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from overshoot_testkit.clients import Client


@dataclass(frozen=True, slots=True)
class Broken:
    """The reference client with one defect, which proves that a rule catches it."""

    rule: str
    """Id of the rule that it breaks."""
    defect: str
    """What it does wrong, in one sentence."""
    reason: str
    """The `Finding.reason` that it must be caught for."""
    factory: Callable[[], Client]
    also_trips: Mapping[str, str] = field(default_factory=dict)
    """Other rules that the same defect breaks, each with why it cannot be otherwise."""
