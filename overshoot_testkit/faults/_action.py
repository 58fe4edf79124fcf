"""What an action is. No vendor's names appear in this package.

Four kinds, by what they act on. A *request* action ends, delays or spoils one HTTP exchange (a WebSocket's
opening handshake is one too). A *socket* action acts on an open WebSocket. A *connection* action shapes the
bytes of a TCP connection, whatever they mean. A *state* action changes the server itself; each fake carries
out those that mean something to it.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

if TYPE_CHECKING:
    import random

Kind = Literal["request", "socket", "connection", "state"]
Moment = Literal["before", "after"]
"""Before or after the server processed the request: a request lost, or its answer lost."""


@dataclass(slots=True)
class Turn:
    """One opportunity of one fault, for actions that do something else each time."""

    index: int
    """Opportunities count from 0; those that `skip` lets pass are not counted."""
    now: float
    """Seconds of the clock."""
    random: random.Random
    """The fault's own, seeded: what one fault draws changes nothing for another."""
    memory: list[Any] = field(default_factory=list)
    """What the fault remembers from turn to turn."""


@dataclass(frozen=True, slots=True)
class Action:
    """Something that can go wrong."""

    kind: ClassVar[Kind]
    ends: ClassVar[bool] = False
    """Whether nothing can follow it on the same request."""

    def resolve(self, turn: Turn) -> Action | None:  # noqa: ARG002 - most are the same every time
        """What happens this time: something definite, or None for nothing."""
        return self

    def __str__(self) -> str:
        """As it would be written: what is as usual is left out."""
        said = [(each, getattr(self, each.name)) for each in dataclasses.fields(self)]
        parts = [f"{each.name}={_written(value)}" for each, value in said if not _is_usual(each, value)]
        return f"{type(self).__name__}({', '.join(parts)})"


def _written(value: object) -> str:
    if isinstance(value, tuple) and all(isinstance(each, Action) for each in value):
        return f"[{', '.join(map(str, value))}]"
    return repr(value)


def _is_usual(each: dataclasses.Field[Any], value: object) -> bool:
    usual = each.default
    if each.default_factory is not dataclasses.MISSING:
        usual = each.default_factory()
    return usual is not dataclasses.MISSING and bool(value == usual)


def not_negative(owner: Action, *names: str) -> None:
    """Raise ValueError for the first of these fields that is below zero."""
    for name in names:
        value = getattr(owner, name)
        if isinstance(value, int | float) and value < 0:
            raise ValueError(f"{type(owner).__name__}.{name}: {value} is negative")


def positive(owner: Action, *names: str) -> None:
    """Raise ValueError for the first of these fields that is not above zero."""
    for name in names:
        value = getattr(owner, name)
        if isinstance(value, int | float) and value <= 0:
            raise ValueError(f"{type(owner).__name__}.{name}: {value} must be greater than 0")
