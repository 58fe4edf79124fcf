"""What a recording says, in the words of the rules: pure functions; moments in seconds of the clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from overshoot_testkit.fakes.overshoot import OvershootFake
from overshoot_testkit.journal import (
    ClientCalled,
    ClientProbed,
    ClientReturned,
    ErrorReported,
    Inventory,
    Request,
    StateChanged,
)
from overshoot_testkit.lab import Finding, Lab

if TYPE_CHECKING:
    from collections.abc import Iterator

    from overshoot_testkit.journal import Recording

OvershootLab = Lab[OvershootFake]
"""The laboratory that all of Overshoot's rules work in."""

DELETES = 5
"""How many requests to close one stream count as bounded; the rules name no number."""

SAME_FAILURE = 1.0
"""Seconds after an exception from start in which the error callback may still tell of the same failure."""


class Failure(NamedTuple):
    """A failure as the client's user learned of it: by the error callback, or by an exception from start."""

    at: float
    kind: str
    message: str
    status: int | None
    close_code: int | None
    reason: str | None

    def __str__(self) -> str:
        return f"{self.kind} ({self.message}) at {self.at:g} s"


def failures(seen: Recording) -> list[Failure]:
    """Every failure that was reported, once, in the order of time.

    An exception from start and the error callback for the same failure count once: a callback that ran
    while start was under way tells the same failure as the exception, and so does one of the same kind
    just after it.
    """
    reported = [
        Failure(each.at, each.kind, each.message, each.status, each.close_code, each.reason)
        for each in seen.of(ErrorReported)
    ]
    for call in seen.of(ClientCalled, method="start"):
        returned = seen.first(ClientReturned, call=call.call)
        if returned is None or returned.error is None:
            continue
        error = returned.error
        if any(call.at <= each.at <= returned.at for each in reported):
            continue
        if any(
            returned.at < each.at <= returned.at + SAME_FAILURE and each.kind == error["kind"]
            for each in reported
        ):
            continue
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
    return sorted(reported, key=lambda each: each.at)


def terminal(seen: Recording, *, since: float, by: float, settle: float) -> Iterator[Finding]:
    """What a client that met a terminal cause at `since` left undone, by the moment `by` at the latest.

    Terminal is: inactive, exactly one failure reported, and from then on (after `settle` seconds) no request
    but DELETE and its bounded retries. The scenario must probe the client after `by`.
    """
    reported = [failure for failure in failures(seen) if failure.at >= since]
    over = by
    if not reported:
        yield Finding("not-reported", f"one failure reported by {by:g} s", "none was", by)
    else:
        over = min(reported[-1].at, by)
        first = reported[0]
        if first.at > by:
            yield Finding("reported-late", f"the failure reported by {by:g} s", f"{first}", first.at)
    if len(reported) > 1:
        told = ", then ".join(str(failure) for failure in reported)
        yield Finding("reported-twice", "one failure reported", told, reported[1].at)
    yield from still_active(seen, since=by)
    yield from requests_after(seen, over, settle=settle)


def still_active(seen: Recording, *, since: float) -> Iterator[Finding]:
    """That the client says it is active although its stream is over."""
    for probe in seen.of(ClientProbed, since=since, is_active=True):
        told = f"is_active() is true at {probe.at:g} s"
        yield Finding("still-active", f"inactive by {since:g} s", told, probe.at)
        return


def requests_after(seen: Recording, over: float, *, settle: float) -> Iterator[Finding]:
    """Requests of a client whose stream is over: nothing but a few DELETEs is allowed."""
    later = seen.of(Request, since=over)
    # A browser's own question before a DELETE is no request of the client's.
    others = [
        each
        for each in later
        if each.method != "DELETE" and each.route != "preflight" and each.at > over + settle
    ]
    if others:
        seen_then = f"{len(others)}, the first {others[0].method} {others[0].path} at {others[0].at:g} s"
        yield Finding("went-on-asking", f"no request but DELETE after {over:g} s", seen_then, others[0].at)
    deletes = [each for each in later if each.method == "DELETE"]
    if len(deletes) > DELETES:
        yield Finding(
            "deletes-without-end", f"at most {DELETES} DELETEs", f"{len(deletes)}", deletes[DELETES].at
        )


def open_streams(seen: Recording, at: float = float("inf")) -> list[str]:
    """Streams that exist on the server at a moment, by their state machines."""
    states: dict[str, str] = {}
    for each in seen.of(StateChanged, entity="stream", until=at):
        states[each.id] = each.after
    return [stream for stream, state in states.items() if state != "ended"]


def ends(seen: Recording) -> list[StateChanged]:
    """Each end of a stream on the server, with its reason."""
    return seen.of(StateChanged, entity="stream", after="ended")


def before_stop(seen: Recording) -> int:
    """The number of the event that is the call of stop, or of the end of the recording."""
    stop = seen.first(ClientCalled, method="stop")
    return stop.seq if stop else len(seen)


def called_at(seen: Recording, method: str) -> float | None:
    """When a method of the client was first called; None if it never was."""
    called = seen.first(ClientCalled, method=method)
    return called.at if called else None


HELD = ("tasks", "timers", "connections", "threads", "files", "media")
"""What a client can hold, by the kinds of an inventory."""
POOLED_THREADS = ("asyncio_", "AnyIO worker thread")
"""Names of idle workers that belong to the event loop's pools, not to the client that used one of them."""


def held(inventory: Inventory, kind: str) -> list[str]:
    """What the client held of one kind, the loop's own worker threads left out."""
    lines: list[str] = getattr(inventory, kind)
    if kind == "threads":
        return [line for line in lines if not line.startswith(POOLED_THREADS)]
    return lines


def remains(inventory: Inventory) -> list[str]:
    """Everything that the client still held when asked."""
    return [line for kind in HELD for line in held(inventory, kind)]
