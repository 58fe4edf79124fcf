"""What a scenario is played on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from overshoot_testkit.clock import Clock
    from overshoot_testkit.faults import FaultPlan
    from overshoot_testkit.journal import Journal


class Scripted(Protocol):
    """Says what it is told to."""

    def script(self, lines: Iterable[Any]) -> None: ...


class Subject(Protocol):
    """A fake, as far as scenarios know one. No vendor's names appear here."""

    @property
    def clock(self) -> Clock: ...

    @property
    def journal(self) -> Journal: ...

    @property
    def faults(self) -> FaultPlan: ...

    @property
    def results(self) -> Scripted: ...

    def apply(self, settings: Mapping[str, Any], profile: str | None = None) -> object:
        """Behave by these settings, and by this profile, from now on.

        Raises ValueError ("name: what is wrong with it") for settings that do not exist or come too late.
        """
        ...

    def facts(self) -> Mapping[str, float]:
        """What is true of the server now, in numbers, such as `open_streams`."""
        ...
