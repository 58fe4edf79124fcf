"""What a test can have the results say, in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from overshoot_testkit.fakes.overshoot.settings import ResultRequest

ABSENT: Any = object()
"""In a script, the value of a member that the result shall not have at all."""


@dataclass(frozen=True, slots=True)
class Say:
    """A line of a script for a result that comes at another time, twice, cut short and the like.

    Text that is not given is made as ever.
    """

    result: str | None = None
    members: Mapping[str, Any] = field(default_factory=dict)
    """Replace the usual ones; `ABSENT` for none."""
    late: float = 0.0
    """Seconds after it is due. Those that become due meanwhile wait for it, and come with it."""
    copies: int = 1
    """How often it is sent, with the same id."""
    after_next: bool = False
    """It comes after the result that follows it."""
    cut: float | None = None
    """So much of the text is left, and finish_reason is length: characters, or below 1 a share."""
    filtered: bool = False
    """No text, and finish_reason content_filter."""
    error: str | None = None
    """No text, and `ok: false` with this error."""
    padding: int = 0
    """Characters by which the text is longer."""

    def __post_init__(self) -> None:
        for name, least in (("late", 0), ("copies", 0), ("padding", 0), ("cut", 0)):
            value = getattr(self, name)
            if value is not None and value < least:
                raise ValueError(f"Say.{name}: {value} must be at least {least}")


Line = str | Mapping[str, Any] | Say | None
"""Of a script: the `result` text, members that replace the usual ones, or None for no result this time."""
ScriptLine = Line | Callable[[ResultRequest], Line]
Script = Iterable[ScriptLine]
