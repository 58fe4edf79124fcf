"""What a recording says, in the words of Overshoot's rules. Pure functions; moments in seconds of the clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from overshoot_testkit.journal import ClientCalled, ClientReturned, ErrorReported, StateChanged

if TYPE_CHECKING:
    from overshoot_testkit.journal import Recording


class Failure(NamedTuple):
    """A failure as the client's user learned of it: by the error callback, or by an exception from start."""

    at: float
    kind: str
    message: str
    status: int | None
    close_code: int | None
    reason: str | None


def failures(seen: Recording) -> list[Failure]:
    """Every failure that was reported, once.

    An exception from start and the error callback for the same failure count once: a callback that ran
    while start was under way tells the same failure as the exception.
    """
    reported = [
        Failure(each.at, each.kind, each.message, each.status, each.close_code, each.reason)
        for each in seen.of(ErrorReported)
    ]
    for call in seen.of(ClientCalled, method="start"):
        returned = seen.first(ClientReturned, call=call.call)
        if returned is None or returned.error is None:
            continue
        if any(call.at <= each.at <= returned.at for each in reported):
            continue
        error = returned.error
        reported.append(
            Failure(
                returned.at,
                error["kind"],
                error["message"],
                error["status"],
                error["close_code"],
                error["reason"],
            )
        )
    return sorted(reported)


def open_streams(seen: Recording, at: float = float("inf")) -> list[str]:
    """Streams that exist on the server at a moment, by their state machines."""
    states: dict[str, str] = {}
    for each in seen.of(StateChanged, entity="stream", until=at):
        states[each.id] = each.after
    return [stream for stream, state in states.items() if state != "ended"]


def returned_at(seen: Recording, method: str) -> float | None:
    """When the last call of a method came back; None if it has not, or was not made."""
    returned = seen.last(ClientReturned, method=method)
    return returned.at if returned else None
