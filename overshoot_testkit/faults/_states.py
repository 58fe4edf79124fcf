"""What can happen to the server itself."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - whoever reads a scenario resolves the annotations
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from overshoot_testkit.faults._action import Action, Kind, not_negative, positive


@dataclass(frozen=True, slots=True)
class ExpireToken(Action):
    """The transport token that the server issued last is expired from now on."""

    kind: ClassVar[Kind] = "state"


@dataclass(frozen=True, slots=True)
class ExpireLease(Action):
    """The lease lapses now."""

    kind: ClassVar[Kind] = "state"


@dataclass(frozen=True, slots=True)
class EndStream(Action):
    """The server ends the stream, for a reason that the vendor documents.

    reason: in the vendor's words.
    """

    reason: str
    kind: ClassVar[Kind] = "state"


@dataclass(frozen=True, slots=True)
class ExhaustCredits(Action):
    """The account is empty from now on."""

    kind: ClassVar[Kind] = "state"


@dataclass(frozen=True, slots=True)
class TopUp(Action):
    """The account gets credits.

    cents: how many.
    """

    cents: float
    kind: ClassVar[Kind] = "state"

    def __post_init__(self) -> None:
        positive(self, "cents")


@dataclass(frozen=True, slots=True)
class RevokeKey(Action):
    """The account's API key is not valid any more."""

    kind: ClassVar[Kind] = "state"


@dataclass(frozen=True, slots=True)
class RestoreKey(Action):
    """The account's API key is valid again."""

    kind: ClassVar[Kind] = "state"


@dataclass(frozen=True, slots=True)
class SetModel(Action):
    """The catalogue has a model with this status from now on.

    model: its name.
    status: in the vendor's words.
    """

    model: str
    status: str
    kind: ClassVar[Kind] = "state"


@dataclass(frozen=True, slots=True)
class Change(Action):
    """The server's settings are these from now on, as with a new release; those not named stay.

    settings: values by name.
    """

    settings: Mapping[str, Any]
    kind: ClassVar[Kind] = "state"


@dataclass(frozen=True, slots=True)
class SkewClock(Action):
    """The server's wall clock is `seconds` ahead of the client's; behind, if negative.

    It shows in what carries a date: the Date header, token validity, creation times. Durations are true.

    seconds: how far ahead; negative is behind.
    """

    seconds: float
    kind: ClassVar[Kind] = "state"


@dataclass(frozen=True, slots=True)
class Refuse(Action):
    """For `seconds`, new connections are refused and idle ones, kept alive for later, are ended.

    The way to the server is broken, the server is not: its state goes on, and with `open="keep"` so do
    requests under way and WebSockets. With `open="cut"` they are reset too.

    seconds: for how long.
    open: what becomes of requests under way and WebSockets.
    """

    seconds: float
    open: Literal["keep", "cut"] = "keep"
    kind: ClassVar[Kind] = "state"

    def __post_init__(self) -> None:
        not_negative(self, "seconds")


@dataclass(frozen=True, slots=True)
class Deploy(Action):
    """The server restarts: WebSockets end, and for `seconds` requests meet 503 or refused connections.

    seconds: for how long it is away.
    by: what requests meet: 503, or refusal of the connection.
    sockets: "cut" ends them without a word, "close" with close code 1012 (service restart), first.
    times: how often it happens; more than once is a deploy that flaps.
    pause: seconds for which it is up in between.
    """

    seconds: float
    by: Literal["503", "refusal"] = "503"
    sockets: Literal["cut", "close"] = "cut"
    times: int = 1
    pause: float = 0.0
    kind: ClassVar[Kind] = "state"

    def __post_init__(self) -> None:
        not_negative(self, "seconds", "pause")
        positive(self, "times")


@dataclass(frozen=True, slots=True)
class RollingDeploy(Action):
    """The server's `instances` restart one after the other, each away for `seconds / instances`.

    A stream lives on one instance: while that is away, its WebSockets end, as `sockets` says (see `Deploy`),
    and requests about it meet 503. All other requests are answered by an instance that is up.

    seconds: from the first instance to the last.
    instances: how many there are.
    sockets: "cut" ends them without a word, "close" with close code 1012 (service restart).
    """

    seconds: float
    instances: int = 3
    sockets: Literal["cut", "close"] = "close"
    kind: ClassVar[Kind] = "state"

    def __post_init__(self) -> None:
        not_negative(self, "seconds")
        if self.instances < 2:
            raise ValueError(
                f"RollingDeploy.instances: {self.instances} must be at least 2; see Deploy for one"
            )
