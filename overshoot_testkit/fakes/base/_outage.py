from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from overshoot_testkit.journal import StateChanged

if TYPE_CHECKING:
    from overshoot_testkit.clock import Timer
    from overshoot_testkit.fakes.base._service import Service


class Outage:
    """A server that is away for a while and comes back: up → down → up.

    Going down drops every WebSocket without a close frame. While down, requests meet 503, or connections
    are refused (kept-alive ones are dropped too). An outage within an outage prolongs it if it ends later.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._by: Literal["503", "refusal"] | None = None
        self._until = 0.0
        self._timer: Timer | None = None

    @property
    def active(self) -> bool:
        """Whether the server is down."""
        return self._by is not None

    def begin(self, seconds: float, by: Literal["503", "refusal"]) -> None:
        """Go down for `seconds` of the clock."""
        service = self._service
        before = "down" if self.active else "up"
        service.journal.add(StateChanged("server", "api", before, "down", f"deploy ({by})"))
        for socket in tuple(service.sockets.values()):
            socket.cut("eof")
        if by == "refusal" or self._by == "refusal":
            self._by = "refusal"
            for call in service.calls.values():
                call.lost_as = "dropped"
            service.listener.refuse()
            service.listener.drop()
        else:
            self._by = by
        self._until = max(self._until, service.clock.now() + seconds)
        service.cancel(self._timer)
        self._timer = service.call_at(self._until, self._end)

    def refuse(self, seconds: float) -> None:
        """Let nobody in for `seconds` of the clock; the server stays up, and what is open goes on."""
        service = self._service
        service.listener.refuse()
        service.listener.drop(spare=service.connections_in_use())
        service.call_at(service.clock.now() + seconds, self._accept)

    def _accept(self) -> None:
        if self._by != "refusal":
            self._service.spawn(self._service.listener.resume(), "listen again")

    def _end(self) -> None:
        refused = self._by == "refusal"
        self._by = None
        self._service.journal.add(StateChanged("server", "api", "down", "up", "deployed"))
        if refused:
            self._service.spawn(self._service.listener.resume(), "listen again")
