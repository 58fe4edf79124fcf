"""A broken client for every rule: a rule that nobody can break is not a rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from overshoot_testkit.conformance.overshoot.broken import cleanup, keepalive, lifecycle, socket
from overshoot_testkit.conformance.overshoot.broken._broken import Broken

if TYPE_CHECKING:
    from collections.abc import Mapping

BROKEN: Mapping[str, Broken] = {
    broken.rule: broken
    for broken in (
        *lifecycle.BROKEN,
        *keepalive.BROKEN,
        *socket.BROKEN,
        *cleanup.BROKEN,
    )
}
"""By the id of the rule that each breaks."""

__all__ = ["BROKEN", "Broken"]
