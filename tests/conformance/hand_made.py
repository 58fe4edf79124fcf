"""Recordings made by hand: what a judgement sees, without running anything."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from overshoot_testkit.journal import (
    ClientCalled,
    ClientProbed,
    ClientReturned,
    ErrorReported,
    Event,
    Inventory,
    Recording,
    Request,
    Response,
    SocketClosed,
    StateChanged,
)
from overshoot_testkit.lab import Case

if TYPE_CHECKING:
    from overshoot_testkit.lab import Rule

STREAM = "s1"


def recording(*happened: tuple[float, Event]) -> Recording:
    """Events at their moments, numbered in the order given; copies, so that one can be used in several."""
    events = [copy.copy(event) for _, event in happened]
    for number, (event, (at, _)) in enumerate(zip(events, happened, strict=True)):
        event.seq, event.at = number, at
    return Recording(events)


def reasons(rule: Rule[Any], seen: Recording, case: Case | None = None) -> list[str]:
    """What the rule finds, by the names of the defects."""
    return [finding.reason for finding in rule.judge(seen, case or Case())]


def created() -> StateChanged:
    return StateChanged("stream", STREAM, None, "pending", "created")


def handshake() -> Request:
    return Request("req_9", "GET", f"/v0.2/ws/streams/{STREAM}", "socket", STREAM)


def keepalive() -> Request:
    return Request("req_8", "POST", f"/v0.2/streams/{STREAM}/keepalive", "keepalive", STREAM, "key 1")


def delete() -> Request:
    return Request("req_7", "DELETE", f"/v0.2/streams/{STREAM}", "close", STREAM, "key 1")


def deleted(status: int | None = 200) -> Response:
    outcome = "answered" if status else "reset"
    return Response("req_7", "close", STREAM, status, outcome)


def closed(code: int, reason: str = "", by: str = "server") -> SocketClosed:
    return SocketClosed(1, STREAM, by, code, reason)


def failure(kind: str, message: str = "over", **more: Any) -> ErrorReported:
    return ErrorReported(kind, message, **more)


def called(method: str, call: int = 1) -> ClientCalled:
    return ClientCalled(call, method)


def returned(method: str, call: int = 1, error: dict[str, Any] | None = None) -> ClientReturned:
    return ClientReturned(call, method, error)


def raised(kind: str, message: str = "no") -> dict[str, Any]:
    return {"kind": kind, "message": message, "status": None, "close_code": None, "reason": None}


def probed(*, active: bool) -> ClientProbed:
    return ClientProbed("afterwards", active, None)


def holding(**what: list[str]) -> Inventory:
    return Inventory("afterwards", **what)
