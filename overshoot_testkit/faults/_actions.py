"""The vocabulary: everything that can be made to go wrong. No vendor's names appear here.

Three kinds, by what they act on. A *request* action ends or delays one HTTP request (a WebSocket's opening
handshake is one too). A *socket* action acts on an open WebSocket. A *state* action changes the server
itself; each fake carries out those that mean something to it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal["request", "socket", "state"]
Moment = Literal["before", "after"]
"""Before or after the server processed the request: a request lost, or its answer lost."""


@dataclass(frozen=True, slots=True)
class Action:
    """Something that can go wrong."""

    kind: ClassVar[Kind]
    ends: ClassVar[bool] = False
    """Whether nothing can follow it on the same request."""

    def __str__(self) -> str:
        return repr(self)


@dataclass(frozen=True, slots=True)
class Answer(Action):
    """Answer `status` instead of processing the request.

    `body` None is the vendor's documented error body for that status; a mapping or list is sent as JSON; a
    string as it is, as text/html, the way a proxy's error page comes.
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
    """Process the request as ever, `seconds` later (`when="before"`), or answer it that much later."""

    seconds: float
    when: Moment = "before"
    kind: ClassVar[Kind] = "request"

    def __post_init__(self) -> None:
        if self.seconds < 0:
            raise ValueError(f"Delay.seconds: {self.seconds} is negative")


@dataclass(frozen=True, slots=True)
class Hang(Action):
    """Hold the request and never answer it."""

    when: Moment = "before"
    kind: ClassVar[Kind] = "request"
    ends: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Drop(Action):
    """Close the connection (FIN) without an answer."""

    when: Moment = "before"
    kind: ClassVar[Kind] = "request"
    ends: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Reset(Action):
    """Reset the connection (RST) without an answer."""

    when: Moment = "before"
    kind: ClassVar[Kind] = "request"
    ends: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Truncate(Action):
    """Process the request, send the headers and the first `body_bytes` of the body, close the connection."""

    body_bytes: int = 10
    kind: ClassVar[Kind] = "request"
    ends: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.body_bytes < 0:
            raise ValueError(f"Truncate.body_bytes: {self.body_bytes} is negative")


@dataclass(frozen=True, slots=True)
class CloseSocket(Action):
    """Close a WebSocket with a close frame."""

    code: int = 1011
    reason: str = ""
    kind: ClassVar[Kind] = "socket"
    ends: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.code in {1004, 1005, 1006, 1015} or not 1000 <= self.code <= 4999:
            raise ValueError(
                f"CloseSocket.code: {self.code} cannot be sent in a close frame (RFC 6455 section 7.4); "
                "use CutSocket() for what a client sees as 1006"
            )


@dataclass(frozen=True, slots=True)
class CutSocket(Action):
    """End a WebSocket's connection without a close frame: reset, or an end of stream. A client sees 1006."""

    how: Literal["reset", "eof"] = "reset"
    kind: ClassVar[Kind] = "socket"
    ends: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class SendGarbage(Action):
    """Send a message nobody expects: text that is not JSON by default, bytes as a binary message."""

    payload: str | bytes = "{not json"
    kind: ClassVar[Kind] = "socket"


@dataclass(frozen=True, slots=True)
class ExpireToken(Action):
    """The transport token that the server issued last is expired from now on."""

    kind: ClassVar[Kind] = "state"


@dataclass(frozen=True, slots=True)
class ExpireLease(Action):
    """The lease lapses now."""

    kind: ClassVar[Kind] = "state"


@dataclass(frozen=True, slots=True)
class ExhaustCredits(Action):
    """The account is empty from now on."""

    kind: ClassVar[Kind] = "state"


@dataclass(frozen=True, slots=True)
class Refuse(Action):
    """For `seconds`, new connections are refused and idle ones, kept alive for later, are ended.

    The way to the server is broken, the server is not: requests under way, sockets and its state go on.
    """

    seconds: float
    kind: ClassVar[Kind] = "state"

    def __post_init__(self) -> None:
        if self.seconds < 0:
            raise ValueError(f"Refuse.seconds: {self.seconds} is negative")


@dataclass(frozen=True, slots=True)
class Deploy(Action):
    """The server restarts: sockets drop, and for `seconds` requests meet 503 or refused connections."""

    seconds: float
    by: Literal["503", "refusal"] = "503"
    kind: ClassVar[Kind] = "state"

    def __post_init__(self) -> None:
        if self.seconds < 0:
            raise ValueError(f"Deploy.seconds: {self.seconds} is negative")
