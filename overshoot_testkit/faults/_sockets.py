"""What can happen to an open WebSocket."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from overshoot_testkit.faults._action import Action, Kind


@dataclass(frozen=True, slots=True)
class CloseSocket(Action):
    """Close a WebSocket with a close frame.

    code: close code, from 1000 to 4999 (RFC 6455 section 7.4).
    reason: text of at most 123 bytes.
    """

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
        if len(self.reason.encode()) > 123:
            raise ValueError(
                "CloseSocket.reason: a close frame has room for 123 bytes (RFC 6455 section 5.5)"
            )


@dataclass(frozen=True, slots=True)
class CutSocket(Action):
    """End a WebSocket's connection without a close frame. A client sees 1006.

    how: by a reset, or by an end of stream.
    """

    how: Literal["reset", "eof"] = "reset"
    kind: ClassVar[Kind] = "socket"
    ends: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class StallSocket(Action):
    """Leave a WebSocket half open: its connection stands, and nothing is sent on it or read from it any more.

    No results, no pongs, no close frame, not even when its stream ends: what a client sees when a middlebox
    forgot the connection.
    """

    kind: ClassVar[Kind] = "socket"
    ends: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class SendGarbage(Action):
    """Send a message nobody expects.

    payload: text, which is not JSON by default; bytes are sent as a binary message.
    """

    payload: str | bytes = "{not json"
    kind: ClassVar[Kind] = "socket"
