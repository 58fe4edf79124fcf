"""A rule: what a client must do, how it is put to the test, and how the journal is judged."""

from __future__ import annotations

import fnmatch
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from overshoot_testkit.journal import Recording
    from overshoot_testkit.lab._lab import Lab
    from overshoot_testkit.lab._verdict import Finding, Level

ALL_TRANSPORTS = frozenset({"native", "webrtc", "livekit"})
L = TypeVar("L", bound="Lab[Any]")


@dataclass(frozen=True, slots=True)
class Source:
    """What a rule rests on: a document and its heading, or harm to the user where no document says so."""

    document: str
    heading: str = ""

    def __str__(self) -> str:
        return f"{self.document} › {self.heading}" if self.heading else self.document


CONTRACT = Source("contract")
"""The vendor's published OpenAPI description."""
USER_HARM = Source("user harm")
"""No document says so, but the user loses money, a stream or an error without it."""


@dataclass(frozen=True, slots=True)
class Case:
    """One run of a rule's scenario, in a laboratory of its own."""

    name: str = "default"
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """What the scenario makes of this case."""
    server: Mapping[str, Any] = field(default_factory=dict)
    """Settings of the fake that differ from its defaults."""


class Rule(ABC, Generic[L]):
    """One requirement on a client.

    The scenario drives a client through a situation; the judgement is a pure function of what was recorded,
    so that it can be tested on recordings. A rule's docstring is its rationale.
    """

    id: ClassVar[str]
    level: ClassVar[Level] = "MUST"
    statement: ClassVar[str]
    sources: ClassVar[tuple[Source, ...]]
    transports: ClassVar[frozenset[str]] = ALL_TRANSPORTS
    needs: ClassVar[frozenset[str]] = frozenset()
    """Capabilities of the client without which the rule is not applicable."""
    cases: ClassVar[Sequence[Case]] = (Case(),)
    tolerances: ClassVar[Mapping[str, float]] = {}
    """Named allowances that the judgement makes, with their units in the name."""

    @abstractmethod
    async def scenario(self, lab: L, case: Case) -> None:
        """Drive the client. Time is the lab's; exceptions are the harness's own failures."""

    @abstractmethod
    def judge(self, seen: Recording, case: Case) -> Iterable[Finding]:
        """What the client did wrong, by the recording of the scenario."""

    @classmethod
    def theme(cls) -> str:
        return cls.id.partition("-")[0]

    @classmethod
    def rationale(cls) -> str:
        return (cls.__doc__ or "").strip()


def select(rules: Sequence[Rule[Any]], patterns: str) -> list[Rule[Any]]:
    """Rules whose id matches one of the comma-separated glob patterns.

    Raises ValueError for a pattern that matches none.
    """
    chosen: list[Rule[Any]] = []
    for pattern in (each.strip() for each in patterns.split(",")):
        found = [rule for rule in rules if fnmatch.fnmatchcase(rule.id.upper(), pattern.upper())]
        if not found:
            themes = ", ".join(sorted({rule.theme() for rule in rules}))
            raise ValueError(
                f"no rule matches {pattern!r}. Patterns are ids or globs such as KEEP-05 or 'KEEP-*'; "
                f"themes: {themes}. List all with: overshoot-testkit rules"
            )
        chosen += [rule for rule in found if rule not in chosen]
    return [rule for rule in rules if rule in chosen]
