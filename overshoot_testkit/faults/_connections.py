"""What can happen to the bytes of a connection, whatever they mean.

A connection action is in force while its fault is set and its time window lasts: on all connections, or on
those that carried a request which matches, from that request on. Removing the fault ends it, also on
connections that are open. `direction` is seen from the server: "down" to the client, "up" from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from overshoot_testkit.faults._action import Action, Kind, not_negative, positive

Direction = Literal["down", "up"]


@dataclass(frozen=True, slots=True)
class Latency(Action):
    """Whatever is sent arrives later; the order stays.

    seconds: how much later.
    jitter: seconds more or less, drawn anew each time.
    direction: down, from the server to the client, or up.
    """

    seconds: float
    jitter: float = 0.0
    direction: Direction = "down"
    kind: ClassVar[Kind] = "connection"

    def __post_init__(self) -> None:
        not_negative(self, "seconds", "jitter")
        if self.jitter > self.seconds:
            raise ValueError(f"Latency.jitter: {self.jitter} is more than the {self.seconds} s it varies")


@dataclass(frozen=True, slots=True)
class Bandwidth(Action):
    """No more than so many bytes a second pass.

    bytes_per_second: the most that passes.
    direction: down, from the server to the client, or up.
    """

    bytes_per_second: float
    direction: Direction = "down"
    kind: ClassVar[Kind] = "connection"

    def __post_init__(self) -> None:
        positive(self, "bytes_per_second")


@dataclass(frozen=True, slots=True)
class Slice(Action):
    """Data comes in small pieces.

    size: bytes of a piece.
    variation: bytes more or less, drawn anew each time.
    gap: seconds between pieces.
    direction: down, from the server to the client, or up.
    """

    size: int
    variation: int = 0
    gap: float = 0.0
    direction: Direction = "down"
    kind: ClassVar[Kind] = "connection"

    def __post_init__(self) -> None:
        positive(self, "size")
        not_negative(self, "variation", "gap")
        if self.variation >= self.size:
            raise ValueError(
                f"Slice.variation: {self.variation} must be less than size, which is {self.size}"
            )


@dataclass(frozen=True, slots=True)
class LimitData(Action):
    """The connection closes after so many bytes more have passed.

    data_bytes: how many.
    direction: down, from the server to the client, or up.
    """

    data_bytes: int
    direction: Direction = "down"
    kind: ClassVar[Kind] = "connection"

    def __post_init__(self) -> None:
        not_negative(self, "data_bytes")


@dataclass(frozen=True, slots=True)
class Blackhole(Action):
    """Nothing passes any more.

    seconds: after which the connection closes; never if not given.
    direction: down, from the server to the client, or up.
    """

    seconds: float | None = None
    direction: Direction = "down"
    kind: ClassVar[Kind] = "connection"

    def __post_init__(self) -> None:
        not_negative(self, "seconds")


@dataclass(frozen=True, slots=True)
class SlowClose(Action):
    """When the server closes a connection, the client hears of it later.

    seconds: how much later.
    """

    seconds: float
    kind: ClassVar[Kind] = "connection"

    def __post_init__(self) -> None:
        not_negative(self, "seconds")


@dataclass(frozen=True, slots=True)
class ResetConnection(Action):
    """The connection is reset (RST) some time after the fault took hold of it.

    seconds: how long after.
    """

    seconds: float = 0.0
    kind: ClassVar[Kind] = "connection"

    def __post_init__(self) -> None:
        not_negative(self, "seconds")
