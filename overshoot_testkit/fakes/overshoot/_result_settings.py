"""What may be odd about results."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - whoever reads a profile resolves the annotations
from dataclasses import dataclass, field
from typing import Any

from overshoot_testkit.faults import Seconds  # noqa: TC001 - whoever reads a profile resolves the annotations

_SHARES = ("failed", "filtered", "cut", "duplicated", "reordered")


@dataclass(frozen=True, slots=True)
class ResultSettings:
    """What may be odd about results that the fake makes itself; unless asked, nothing is.

    A share is from 0 (none) to 1 (all), drawn for each result in a way that is the same in every run. How
    often the real service does any of it is unpublished: where no source is named, a default is *assumed*.
    """

    failed: float = 0.0
    """Share with `ok: false`, no text and one of `errors`. Source for the members: docs › Result."""
    errors: tuple[str, ...] = ("model overloaded", "inference timed out")
    """What failed results say. *assumed*"""
    filtered: float = 0.0
    """Share without text and with finish_reason content_filter. Source for the reason: docs › Result."""
    filtered_prompts: tuple[str, ...] = ()
    """Such are also all results to a prompt with one of these words in it, in whatever case."""
    cut: float = 0.0
    """Share that ends in the middle, with finish_reason length; what was JSON is none any more."""
    characters_per_token: float = 4.0
    """Text longer than max_output_tokens is cut too, counted like this; 0 for never. *assumed*"""
    duplicated: float = 0.0
    """Share that comes twice, with the same id."""
    reordered: float = 0.0
    """Share that comes after the result that follows it."""
    burst: int = 1
    """So many results come at once, after a gap as long as theirs together."""
    jitter: Seconds = 0.0
    """Seconds by which an inference begins later than the interval says: always, or drawn each time. That
    gaps vary: docs › Cadence."""
    padding: int = 0
    """Characters by which each text is longer. A result with an output schema is followed by blanks."""
    extra_members: Mapping[str, Any] = field(default_factory=dict)
    """Members that no documentation has, in every result: a client must not mind."""

    def __post_init__(self) -> None:
        for name in _SHARES:
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(
                    f"ResultSettings.{name}: {getattr(self, name)} is no share; give one from 0 to 1"
                )
        for name, least in (("characters_per_token", 0), ("padding", 0), ("burst", 1)):
            if getattr(self, name) < least:
                raise ValueError(f"ResultSettings.{name}: {getattr(self, name)} must be at least {least}")
        if isinstance(self.jitter, int | float) and self.jitter < 0:
            raise ValueError(f"ResultSettings.jitter: {self.jitter} is negative; a result cannot come early")
        for name in ("errors", "filtered_prompts"):
            if isinstance(getattr(self, name), str):
                raise ValueError(f"ResultSettings.{name}: {getattr(self, name)!r} is one text; give a list")  # noqa: TRY004
        if self.failed and not self.errors:
            raise ValueError("ResultSettings.errors: results that fail need at least one")

    @property
    def has_shares(self) -> bool:
        """Whether anything is drawn for each result, beside its time."""
        return any(getattr(self, name) for name in _SHARES)

    @property
    def plain(self) -> bool:
        """Whether each result is as ever, but perhaps for its time."""
        return not (self.has_shares or self.filtered_prompts or self.padding or self.extra_members)
