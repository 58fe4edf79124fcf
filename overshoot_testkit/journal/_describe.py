"""An event as people read it: one line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from overshoot_testkit.journal._events import (
    Charged,
    Checked,
    ClientCalled,
    ClientProbed,
    ClientReturned,
    ErrorReported,
    FaultFired,
    LeaseRenewed,
    Note,
    Request,
    Response,
    ResultDelivered,
    SocketClosed,
    SocketMessage,
    SocketOpened,
    StateChanged,
)

if TYPE_CHECKING:
    from overshoot_testkit.journal._events import Event


def describe(event: Event) -> str | None:  # noqa: C901, PLR0911, PLR0912 - one short branch an event
    """One line for an event; None for those that only repeat what another line says."""
    match event:
        case Request():
            return f"→ {event.method} {event.path}"
        case Response(status=None):
            return f"← {_name(event.route)}: no answer ({event.outcome})"
        case Response():
            how = "" if event.outcome == "answered" else f" ({event.outcome})"
            return f"← {event.status} {_name(event.route)}{how}"
        case SocketOpened():
            return f"socket {event.socket} opened"
        case SocketMessage(direction="in"):
            return f"socket {event.socket} → {_short(event.data)}"
        case SocketMessage():
            return f"socket {event.socket} ← {_short(event.data)}"
        case SocketClosed():
            reason = f" {event.reason!r}" if event.reason else ""
            return f"socket {event.socket} closed by {event.by}: {event.code}{reason}"
        case StateChanged():
            why = f" ({event.reason})" if event.reason else ""
            return f"{event.entity}: {event.before or 'new'} → {event.after}{why}"
        case LeaseRenewed():
            return f"lease runs to {event.expires_at:g} s"
        case Charged():
            return f"charged {event.cents:g} cents for {event.seconds:g} s ({event.cause})"
        case FaultFired():
            return f"fault {event.fault}: {event.action}"
        case ClientCalled():
            return f"client.{event.method}() called"
        case ClientReturned(error=None):
            return f"client.{event.method}() returned"
        case ClientReturned():
            error = event.error or {}
            return f"client.{event.method}() raised: {error.get('kind')}: {error.get('message')}"
        case ErrorReported():
            return f"error callback: {event.kind}: {event.message}"
        case ResultDelivered():
            return f"result callback: {_short(event.result)}"
        case ClientProbed():
            return f"{event.moment}: is_active() is {event.is_active}, stream_id() is {event.stream_id!r}"
        case Checked(passed=True):
            return f"check {event.check}: holds"
        case Checked():
            return f"check {event.check}: expected {event.expected}, seen {event.seen}"
        case Note():
            return f"- {event.text}"
        case _:
            return None


def _name(route: str | None) -> str:
    return route or "unknown route"


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= 60 else f"{text[:59]}…"
