"""/scenario: a schedule of faults and checks, from a file's text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from overshoot_testkit.admin._hosted import Hosted
    from overshoot_testkit.admin._operation import Operation


class ScenarioPart:
    """Its operations."""

    def __init__(self, fake: Hosted) -> None:
        self._fake = fake

    def operations(self) -> list[Operation]:
        """What can be asked."""
        return []

    def drop(self) -> None:
        """Let it go, with its checks."""
