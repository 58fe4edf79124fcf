"""What a driver says of itself and of its client, read strictly: a missing field is a broken driver."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from overshoot_testkit.clients._process import DriverError
from overshoot_testkit.clients._protocol import CAPABILITIES, ERROR_KINDS, ErrorReport

PROTOCOL = 1
"""Version of docs/driver-protocol.md that this harness speaks."""

MODES = frozenset({"frame", "clip"})


@dataclass(frozen=True, slots=True)
class Hello:
    """Who drives what: the answer to `hello`."""

    name: str
    version: str
    capabilities: frozenset[str]
    modes: frozenset[str]
    """Processing modes that the client can ask for: `frame`, `clip` or both."""
    sdk: dict[str, Any]
    """Whatever helps a reader of the report: file, runtime."""
    notes: tuple[str, ...]
    """What about this driver qualifies a verdict, such as stand-ins."""

    @classmethod
    def read(cls, answer: Any) -> Self:
        """From the wire. Raise `DriverError` for another version or a field that is not as documented."""
        fields = _Fields("hello", answer)
        protocol = fields.get("protocol", int)
        if protocol != PROTOCOL:
            raise DriverError(
                f"the driver speaks version {protocol} of the protocol, this harness version {PROTOCOL}: "
                "take a driver and a testkit of the same release"
            )
        if (clock := fields.get("clock", str)) != "driver":
            raise DriverError(
                f"the driver's clock is {clock!r}; version {PROTOCOL} of the protocol knows only 'driver'"
            )
        capabilities = frozenset(fields.texts("capabilities"))
        if unknown := capabilities - CAPABILITIES.keys():
            raise DriverError(
                f"the driver claims capabilities that do not exist: {', '.join(sorted(unknown))}. "
                f"There are: {', '.join(sorted(CAPABILITIES))}"
            )
        modes = frozenset(fields.texts("modes"))
        if not modes or modes - MODES:
            raise DriverError(f"the driver's modes are {sorted(modes)}: name frame, clip or both")
        return cls(
            name=fields.get("name", str),
            version=fields.get("version", str),
            capabilities=capabilities,
            modes=modes,
            sdk=fields.get("sdk", dict, default={}),
            notes=tuple(fields.texts("notes", default=[])),
        )


@dataclass(frozen=True, slots=True)
class SocketCounts:
    """WebSockets by their `readyState`; `closed` grows over the case."""

    connecting: int = 0
    open: int = 0
    closing: int = 0
    closed: int = 0


@dataclass(frozen=True, slots=True)
class MessageCounts:
    """WebSocket messages, seen from the client."""

    sent: int = 0
    received: int = 0


@dataclass(frozen=True, slots=True)
class Made:
    """Resources that the client was given, and those of them that it gave back."""

    made: int = 0
    released: int = 0


@dataclass(frozen=True, slots=True)
class DriverState:
    """One look at the client from inside its process. Times in seconds of its own clock, 0 at hello."""

    now: float
    next_timer: float | None
    timers: int
    in_flight: int
    """HTTP requests whose answer, with its whole body, has neither arrived nor failed."""
    sockets: SocketCounts
    messages: MessageCounts
    """Of all WebSockets of the case."""
    open_messages: MessageCounts
    """Of those WebSockets that are open now: what was under way when one was cut is not missed for ever."""
    peer_connections: Made
    tracks: Made
    unhandled_rejections: tuple[str, ...]
    activity: int
    """Grows with everything that happens; the same in two states = nothing happened between them."""

    @classmethod
    def read(cls, answer: Any) -> Self:
        """From the wire. Raise `DriverError` if a field is missing or of another type."""
        fields = _Fields("state", answer)
        sockets = fields.inner("sockets")
        peers, tracks = fields.inner("peer_connections"), fields.inner("tracks")
        next_timer = fields.get("next_timer", float, nullable=True)
        return cls(
            now=fields.get("now", float) / 1000,
            next_timer=None if next_timer is None else next_timer / 1000,
            timers=fields.get("timers", int),
            in_flight=fields.get("in_flight", int),
            sockets=SocketCounts(
                *(sockets.get(name, int) for name in ("connecting", "open", "closing", "closed"))
            ),
            messages=_messages(fields.inner("messages")),
            open_messages=_messages(fields.inner("open_messages")),
            peer_connections=Made(peers.get("made", int), peers.get("closed", int)),
            tracks=Made(tracks.get("made", int), tracks.get("stopped", int)),
            unhandled_rejections=tuple(fields.texts("unhandled_rejections")),
            activity=fields.get("activity", int),
        )


def read_report(wire: Any) -> ErrorReport:
    """An error report from the wire. Raise `DriverError` if its kind is not on the closed list."""
    fields = _Fields("error report", wire)
    kind = fields.get("kind", str)
    if kind not in ERROR_KINDS:
        raise DriverError(f"error report: kind {kind!r} is none of {', '.join(sorted(ERROR_KINDS))}")
    return ErrorReport(
        kind,
        fields.get("message", str),
        status=fields.get("status", int, default=None),
        close_code=fields.get("close_code", int, default=None),
        reason=fields.get("reason", str, default=None),
    )


def _messages(fields: _Fields) -> MessageCounts:
    return MessageCounts(fields.get("sent", int), fields.get("received", int))


_REQUIRED: Any = object()


class _Fields:
    """The members of a JSON object, each checked as it is read."""

    def __init__(self, where: str, value: Any) -> None:
        if not isinstance(value, dict):
            raise DriverError(f"the driver's {where} is not an object: {str(value)[:100]!r}")
        self._where = where
        self._value: dict[str, Any] = value

    def get(self, name: str, kind: type[Any], *, default: Any = _REQUIRED, nullable: bool = False) -> Any:
        if name not in self._value and default is not _REQUIRED:
            return default
        value = self._value.get(name)
        if value is None and (nullable or default is None) and name in self._value:
            return None
        # JSON knows numbers, Python knows that True is one.
        fits = isinstance(value, (int, float) if kind is float else kind) and not isinstance(value, bool)
        if not fits:
            problem = "is missing" if name not in self._value else f"is {value!r}"
            raise DriverError(
                f"the driver's {self._where}.{name} {problem}: it must be of type {kind.__name__}"
            )
        return value

    def texts(self, name: str, default: Any = _REQUIRED) -> list[str]:
        value = self.get(name, list, default=default)
        if not all(isinstance(each, str) for each in value):
            raise DriverError(f"the driver's {self._where}.{name} must hold strings only: {value!r}")
        return list(value)

    def inner(self, name: str) -> _Fields:
        return _Fields(f"{self._where}.{name}", self.get(name, dict))
