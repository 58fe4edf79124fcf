"""What can happen, one class each. Times are seconds of the journal's clock; money is in cents."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

Outcome = Literal["answered", "truncated", "dropped", "reset", "abandoned"]
"""How a request ended: answered in full, answered in part, connection closed or reset without an answer,
or given up by the client before the answer."""

Direction = Literal["in", "out"]
"""Of a socket message, from the server's point of view."""


@dataclass(slots=True)
class Event:
    """Something that happened. `seq` counts from 0; `at` is in seconds. The journal sets both."""

    seq: int = field(init=False, default=-1)
    at: float = field(init=False, default=0.0)

    registry: ClassVar[dict[str, type[Event]]] = {}

    def as_dict(self) -> dict[str, Any]:
        """As JSON would have it, with the event's class name under `event`."""
        values = {each.name: getattr(self, each.name) for each in dataclasses.fields(self)}
        values["at"] = round(self.at, 6)
        return {"event": type(self).__name__, **values}

    @staticmethod
    def from_dict(values: dict[str, Any]) -> Event:
        """The event that `as_dict` described. Raises KeyError for a class that does not exist."""
        rest = dict(values)
        kind = Event.registry[rest.pop("event")]
        seq, at = rest.pop("seq"), rest.pop("at")
        event = kind(**rest)
        event.seq, event.at = seq, at
        return event


def _register(kind: type[Event]) -> None:
    Event.registry[kind.__name__] = kind


# --- the wire ---------------------------------------------------------------------------------------


@dataclass(slots=True)
class Request(Event):
    """An HTTP request was received whole. `route` is the endpoint's short name, None when nothing matched."""

    request_id: str
    method: str
    path: str
    route: str | None
    stream_id: str | None = None
    key: str | None = None
    content_type: str | None = None
    body: Any = None


@dataclass(slots=True)
class Response(Event):
    """The request ended. `status` is None when no answer left the server."""

    request_id: str
    route: str | None
    stream_id: str | None
    status: int | None
    outcome: Outcome = "answered"
    body: Any = None


@dataclass(slots=True)
class SocketOpened(Event):
    """A WebSocket was accepted. `socket` numbers them from 1."""

    socket: int
    stream_id: str | None


@dataclass(slots=True)
class SocketMessage(Event):
    """A text message (JSON parsed where it is JSON) or `{"binary": n}` for n bytes went `direction`."""

    socket: int
    stream_id: str | None
    direction: Direction
    data: Any


@dataclass(slots=True)
class SocketClosed(Event):
    """A WebSocket ended. `by` is server, client, fault, or lost (no close frame: code 1006)."""

    socket: int
    stream_id: str | None
    by: Literal["server", "client", "fault", "lost"]
    code: int
    reason: str = ""


# --- the server's state -----------------------------------------------------------------------------


@dataclass(slots=True)
class StateChanged(Event):
    """A state machine made a transition; `entity` names the machine (stream, room, model, server)."""

    entity: str
    id: str
    before: str | None
    after: str
    reason: str | None = None


@dataclass(slots=True)
class LeaseRenewed(Event):
    """The lease of `stream_id` now ends at `expires_at` seconds, unless renewed before."""

    stream_id: str
    ttl: float
    expires_at: float


@dataclass(slots=True)
class Charged(Event):
    """`seconds` of streaming cost `cents`; the account has `balance` cents left.

    `cause` is keepalive, close or expiry.
    """

    stream_id: str
    account: str
    seconds: float
    cents: float
    balance: float
    cause: str


@dataclass(slots=True)
class TokenIssued(Event):
    """A transport token was minted; `token` is its label, never itself. Expiry in seconds of the clock."""

    token: str
    stream_id: str
    expires_at: float


# --- faults -----------------------------------------------------------------------------------------


@dataclass(slots=True)
class FaultFired(Event):
    """A fault took effect, on the request, socket or stream that it names."""

    fault: str
    action: str
    request_id: str | None = None
    socket: int | None = None
    stream_id: str | None = None


# --- the client under test --------------------------------------------------------------------------


@dataclass(slots=True)
class ClientCalled(Event):
    """The harness called a method of the client. `call` numbers the calls from 1."""

    call: int
    method: str
    arguments: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class ClientReturned(Event):
    """A call came back; `error` tells how when it raised."""

    call: int
    method: str
    error: dict[str, Any] | None = None


@dataclass(slots=True)
class ResultDelivered(Event):
    """The client's result callback ran."""

    result: Any


@dataclass(slots=True)
class ErrorReported(Event):
    """The client's error callback ran. Kinds are those of rule ERR-01."""

    kind: str
    message: str
    status: int | None = None
    close_code: int | None = None
    reason: str | None = None


@dataclass(slots=True)
class ClientProbed(Event):
    """What the client said of itself when asked; `moment` names why it was asked then."""

    moment: str
    is_active: bool | None
    stream_id: str | None


@dataclass(slots=True)
class Inventory(Event):
    """What the client still holds: descriptions, or counts where only a count is known."""

    moment: str
    tasks: list[str] = field(default_factory=list)
    timers: list[str] = field(default_factory=list)
    connections: list[str] = field(default_factory=list)
    threads: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    media: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Checked(Event):
    """A scenario looked whether something is as it should be."""

    check: str
    passed: bool
    expected: str
    seen: str


@dataclass(slots=True)
class Note(Event):
    """A remark of the scenario or the harness; part of the timeline a failure shows."""

    text: str


for _kind in (
    Request, Response, SocketOpened, SocketMessage, SocketClosed, StateChanged, LeaseRenewed, Charged,
    TokenIssued, FaultFired, ClientCalled, ClientReturned, ResultDelivered, ErrorReported, ClientProbed,
    Inventory, Checked, Note,
):  # fmt: skip
    _register(_kind)
