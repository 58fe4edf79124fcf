"""The rules for clients of Overshoot v0.2."""

from __future__ import annotations

from typing import TYPE_CHECKING

from overshoot_testkit.conformance.overshoot import cleanup, keepalive, lifecycle, socket

if TYPE_CHECKING:
    from overshoot_testkit.conformance.overshoot._reading import OvershootLab
    from overshoot_testkit.lab import Rule

RULES: tuple[Rule[OvershootLab], ...] = (
    *lifecycle.RULES,
    *keepalive.RULES,
    *socket.RULES,
    *cleanup.RULES,
)
"""The catalogue, in the order in which it is judged and shown."""

__all__ = ["RULES"]
