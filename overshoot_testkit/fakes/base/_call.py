from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp.web import BaseRequest

    from overshoot_testkit.fakes.base._routes import Route
    from overshoot_testkit.faults import Action, CloseOrder
    from overshoot_testkit.journal import Outcome

SAME: Any = object()
"""`Reply.recorded`: the journal may have the body as it is."""


class Principal(Protocol):
    """Whoever a bearer key belongs to; `label` stands in the journal in the key's place."""

    label: str


class Vendor(Protocol):
    """What a service must be told about the API it serves."""

    def error(
        self,
        status: int,
        request_id: str,
        *,
        code: str | None = None,
        message: str | None = None,
        details: Any = None,
    ) -> dict[str, Any]:
        """The documented error body for `status`."""
        ...

    def identify(self, authorization: str | None) -> Principal | None:
        """Whose request it is, by the Authorization header; None if nobody's."""
        ...

    def carry_out(self, action: Action, stream_id: str | None, principal: Principal | None) -> None:
        """Let a state action happen: to one stream, or to one account's or all where none is named."""
        ...


class Call:
    """One HTTP request while it is being served."""

    __slots__ = (
        "body",
        "close_order",
        "ended",
        "key",
        "lost_as",
        "method",
        "path",
        "principal",
        "problem",
        "request",
        "request_id",
        "route",
        "stream_id",
    )

    def __init__(self, request: BaseRequest, request_id: str, path: str) -> None:
        self.request = request
        self.request_id = request_id
        self.method = request.method
        self.path = path
        self.route: Route | None = None
        self.stream_id: str | None = None
        self.principal: Principal | None = None
        self.key: str | None = None
        self.body: Any = None
        """The parsed JSON body, None when there was none."""
        self.problem: Refusal | None = None
        """Why the body cannot be used."""
        self.ended = False
        self.close_order: CloseOrder | None = None
        """In which order the client shall hear of what the request ends."""
        self.lost_as: Outcome = "abandoned"
        """How the journal has it should the connection end before the answer."""


@dataclass(slots=True)
class Reply:
    """An answer. The body is JSON, a str as text/html, or None for none; `recorded` goes to the journal."""

    status: int
    body: Any = None
    recorded: Any = SAME
    stream_id: str | None = None
    headers: Mapping[str, str] | None = None


@dataclass(eq=False)
class Refusal(Exception):  # noqa: N818 - the server's answer, not a fault of the program
    """Raised by a handler to answer with the vendor's error body."""

    status: int
    message: str | None = None
    code: str | None = None
    details: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
