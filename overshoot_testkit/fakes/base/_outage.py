from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from overshoot_testkit.fakes.base import _transport
from overshoot_testkit.journal import StateChanged

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from overshoot_testkit.clock import Timer
    from overshoot_testkit.fakes.base._service import Service
    from overshoot_testkit.fakes.base._socket import Socket
    from overshoot_testkit.fakes.base._work import Pending

SERVICE_RESTART = 1012
"""Close code. Source: IANA's registry of WebSocket close codes."""
_ROUNDING = 1e-6
"""Seconds by which a timer may be early."""


class OutageKept(NamedTuple):
    """What a snapshot has of an outage. Moments are seconds of the clock."""

    by: Literal["503", "refusal"] | None
    until: float
    refused_until: float
    absent: tuple[tuple[str, frozenset[str]], ...]
    due: tuple[Pending, ...]


class Outage:
    """A server that is away for a while and comes back: up → down → up.

    Going down ends every WebSocket. While down, requests meet 503, or connections are refused (kept-alive
    ones are dropped too). An outage within an outage prolongs it if it ends later. A part of the server can
    be away alone: then requests about the streams that live there meet 503.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._by: Literal["503", "refusal"] | None = None
        self._until = 0.0
        self._refused_until = 0.0
        self._timer: Timer | None = None
        self._absent: list[tuple[str, frozenset[str]]] = []

    @property
    def active(self) -> bool:
        """Whether the server is down."""
        return self._by is not None

    def hides(self, stream_id: str | None) -> bool:
        """Whether a request about this stream, or none, finds nobody."""
        if self._by is not None:
            return True
        return bool(self._absent) and any(stream_id in streams for _, streams in self._absent)

    # --- as it was ------------------------------------------------------------------------------------

    def keep(self) -> OutageKept:
        """For `put_back`."""
        due = self._service.pending(self)
        return OutageKept(self._by, self._until, self._refused_until, tuple(self._absent), due)

    def put_back(self, kept: OutageKept | None, shift: float) -> None:
        """Be as away as then, for as long as was left; None for not at all. `shift` in seconds."""
        service = self._service
        service.forget(self)
        self._timer = None
        self._by, self._until, self._refused_until, self._absent = None, 0.0, 0.0, []
        if kept is not None:
            self._by, self._absent = kept.by, list(kept.absent)
            self._until, self._refused_until = kept.until + shift, kept.refused_until + shift
            for each in kept.due:
                timer = service.call_at(each.when + shift, each.callback, *each.args)
                if each.callback == self._end:
                    self._timer = timer
        if self._by == "refusal" or service.clock.now() < self._refused_until - _ROUNDING:
            service.listener.refuse()
        else:
            service.spawn(service.listener.resume(), "listen again")

    # --- the whole server -----------------------------------------------------------------------------

    def begin(
        self, seconds: float, by: Literal["503", "refusal"], sockets: Literal["cut", "close"] = "cut"
    ) -> None:
        """Go down for `seconds` of the clock; `sockets` says how WebSockets end."""
        service = self._service
        before = "down" if self.active else "up"
        service.journal.add(StateChanged("server", "api", before, "down", f"deploy ({by})"))
        ended = tuple(service.sockets.values())
        _end_sockets(ended, sockets)
        if by == "refusal" or self._by == "refusal":
            self._by = "refusal"
            for call in service.calls.values():
                call.lost_as = "dropped"
            service.listener.refuse()
            service.listener.drop([each.request.transport for each in ended if sockets == "close"])
        else:
            self._by = by
        self._until = max(self._until, service.clock.now() + seconds)
        service.cancel(self._timer)
        self._timer = service.call_at(self._until, self._end)

    def _end(self) -> None:
        refused = self._by == "refusal"
        self._by = None
        self._service.journal.add(StateChanged("server", "api", "down", "up", "deployed"))
        if refused:
            self._accept()

    # --- the way to it --------------------------------------------------------------------------------

    def refuse(self, seconds: float, *, cut: bool = False) -> None:
        """Let nobody in for `seconds` of the clock; the server stays up.

        What is open goes on, or is reset with `cut`.
        """
        service = self._service
        in_use = service.connections_in_use()
        if cut:
            for call in service.calls.values():
                call.lost_as = "reset"
            for socket in tuple(service.sockets.values()):
                socket.lose()
            for connection in in_use:
                _transport.reset(connection)
        service.listener.refuse()
        service.listener.drop(spare=in_use)
        self._refused_until = max(self._refused_until, service.clock.now() + seconds)
        service.call_at(service.clock.now() + seconds, self._accept)

    def _accept(self) -> None:
        if self._by != "refusal" and self._service.clock.now() >= self._refused_until - _ROUNDING:
            self._service.spawn(self._service.listener.resume(), "listen again")

    # --- a part of it ---------------------------------------------------------------------------------

    def part_leaves(self, name: str, streams: Collection[str], sockets: Literal["cut", "close"]) -> None:
        """A part of the server goes down, and takes these streams along."""
        self._service.journal.add(StateChanged("server", name, "up", "down", "rolling deploy"))
        self._absent.append((name, frozenset(streams)))
        there = [each for each in self._service.sockets.values() if each.stream_id in streams]
        _end_sockets(there, sockets)

    def part_returns(self, name: str) -> None:
        """It is back."""
        self._absent.remove(next(each for each in self._absent if each[0] == name))
        self._service.journal.add(StateChanged("server", name, "down", "up", "deployed"))


def _end_sockets(sockets: Iterable[Socket], how: Literal["cut", "close"]) -> None:
    for socket in sockets:
        if how == "close":
            socket.close(SERVICE_RESTART, "service restart", by="fault")
        else:
            socket.cut("eof")
