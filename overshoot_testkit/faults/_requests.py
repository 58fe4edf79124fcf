"""What can happen to one HTTP exchange."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping  # noqa: TC003 - whoever reads a scenario resolves the annotations
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from overshoot_testkit.faults._action import Action, Kind, Moment, Turn, not_negative, positive
from overshoot_testkit.faults._distributions import Seconds, sample

_A_HAIR = 1e-6
"""Seconds: moments are sums of floats, and who waits as long as it was told is not too early."""


@dataclass(frozen=True, slots=True)
class Answer(Action):
    """Answer `status` instead of processing the request.

    status: HTTP status, from 200 to 599.
    body: the vendor's documented error body for that status if not given; a mapping or list is sent as JSON;
        text as it is, as text/html, the way a proxy's error page comes.
    headers: more of them, by name.
    """

    status: int
    body: Mapping[str, object] | list[object] | str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    kind: ClassVar[Kind] = "request"
    ends: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not 200 <= self.status <= 599:
            raise ValueError(f"Answer.status: {self.status} is not an HTTP status from 200 to 599")


@dataclass(frozen=True, slots=True)
class Delay(Action):
    """Process the request as ever, but later; or answer it later.

    seconds: how much later, always the same or drawn anew each time.
    when: before the request is processed, or after: then only its answer is late.
    """

    seconds: Seconds
    when: Moment = "before"
    kind: ClassVar[Kind] = "request"

    def __post_init__(self) -> None:
        not_negative(self, "seconds")

    def resolve(self, turn: Turn) -> Action:
        """The delay of this time."""
        if isinstance(self.seconds, int | float):
            return self
        return dataclasses.replace(self, seconds=round(sample(self.seconds, turn.random), 6))


@dataclass(frozen=True, slots=True)
class Hang(Action):
    """Hold the request and never answer it.

    when: before it is processed, which it never is then, or after.
    """

    when: Moment = "before"
    kind: ClassVar[Kind] = "request"
    ends: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Drop(Action):
    """Close the connection (FIN) without an answer.

    when: before the request is processed (the request is lost) or after (its answer is lost).
    """

    when: Moment = "before"
    kind: ClassVar[Kind] = "request"
    ends: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Reset(Action):
    """Reset the connection (RST) without an answer.

    when: before the request is processed (the request is lost) or after (its answer is lost).
    """

    when: Moment = "before"
    kind: ClassVar[Kind] = "request"
    ends: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Truncate(Action):
    """Process the request, send the headers and a part of the body, close the connection.

    body_bytes: how much of the body is sent, in bytes.
    """

    body_bytes: int = 10
    kind: ClassVar[Kind] = "request"
    ends: ClassVar[bool] = True

    def __post_init__(self) -> None:
        not_negative(self, "body_bytes")


@dataclass(frozen=True, slots=True)
class Dribble(Action):
    """Process the request, and send the answer's body in pieces, spread evenly over some time.

    seconds: from the first piece to the last.
    pieces: how many.
    """

    seconds: float
    pieces: int = 5
    kind: ClassVar[Kind] = "request"
    ends: ClassVar[bool] = True

    def __post_init__(self) -> None:
        not_negative(self, "seconds")
        positive(self, "pieces")


@dataclass(frozen=True, slots=True)
class Malform(Action):
    """Process the request, and spoil the answer.

    part: body: status and headers are right, the body breaks off in the middle of its JSON, its length
        declared as what it is. chunk: the body is sent chunked, and after the first chunk comes noise, then
        the connection closes. response: noise comes in the answer's place, then the connection closes.
    """

    part: Literal["body", "chunk", "response"] = "body"
    kind: ClassVar[Kind] = "request"
    ends: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class RateLimit(Action):
    """Let `requests` pass in any `seconds`, and answer `status` with Retry-After to those beyond.

    The window slides; what was refused does not count. Retry-After is in whole seconds, rounded up (RFC 9110
    section 10.2.3), to when the oldest that counts leaves the window.

    requests: how many pass.
    seconds: length of the window.
    status: HTTP status of the others.
    """

    requests: int
    seconds: float
    status: int = 429
    kind: ClassVar[Kind] = "request"
    ends: ClassVar[bool] = True

    def __post_init__(self) -> None:
        not_negative(self, "requests")
        positive(self, "seconds")
        Answer(self.status)

    def resolve(self, turn: Turn) -> Action | None:
        """Nothing within the quota; an answer beyond it."""
        passed: list[float] = turn.memory
        while passed and turn.now - passed[0] > self.seconds - _A_HAIR:
            passed.pop(0)
        if len(passed) < self.requests:
            passed.append(turn.now)
            return None
        wait = passed[0] + self.seconds - turn.now if passed else self.seconds
        return Answer(self.status, headers={"Retry-After": str(max(1, math.ceil(wait - _A_HAIR)))})


@dataclass(frozen=True, slots=True)
class CloseOrder(Action):
    """Force the order in which a client that ends something hears of it.

    A request that ends a WebSocket has two messengers, its answer and the close frame, on two connections.
    The one that is not `first` comes `gap` seconds later.

    first: what comes first, the answer or the close frame on the socket.
    gap: seconds between the two.
    """

    first: Literal["answer", "socket"]
    gap: float = 0.05
    kind: ClassVar[Kind] = "request"

    def __post_init__(self) -> None:
        positive(self, "gap")


@dataclass(frozen=True, slots=True)
class Pass(Action):
    """Nothing: in `Steps`, an opportunity at which all goes well."""

    kind: ClassVar[Kind] = "request"

    def resolve(self, turn: Turn) -> None:
        """Nothing happens."""


@dataclass(frozen=True, slots=True)
class Steps(Action):
    """A different action at each opportunity, in turn; after the last all goes well, or it starts again.

    actions: request and state actions, one for each opportunity.
    repeat: start again after the last.
    """

    actions: tuple[Action, ...]
    repeat: bool = False
    kind: ClassVar[Kind] = "request"

    def __post_init__(self) -> None:
        object.__setattr__(self, "actions", tuple(self.actions))
        if not self.actions:
            raise ValueError("Steps.actions: at least one is needed")
        for index, action in enumerate(self.actions):
            if action.kind not in {"request", "state"} or isinstance(action, Steps):
                raise ValueError(
                    f"Steps.actions[{index}]: {action} does not happen to a request; "
                    "request and state actions can be steps"
                )

    def resolve(self, turn: Turn) -> Action | None:
        """The step whose turn it is."""
        index = turn.index % len(self.actions) if self.repeat else turn.index
        return self.actions[index].resolve(turn) if index < len(self.actions) else None
