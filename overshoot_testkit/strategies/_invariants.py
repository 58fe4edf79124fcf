"""Promises that applications of the API usually make, as assertions about a fake and its journal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from overshoot_testkit.journal import Charged, Request, Response

if TYPE_CHECKING:
    from overshoot_testkit.fakes.overshoot import OvershootFake, StreamView
    from overshoot_testkit.journal import Journal

_MARGIN = 1.0
"""Seconds: a lease ends, a moment later the server has noticed."""


def no_stream_is_open(fake: OvershootFake, after: int) -> None:
    """No stream that the application knows of, of those after number `after`: earlier ones were judged."""
    left = _known(fake, after)
    assert not left, f"stop_app returned at {fake.clock.now():g} s and left open: {_told(left)}"


def old_streams_have_lapsed(fake: OvershootFake, stopped_at: float) -> None:
    """No stream from before `stopped_at` is kept alive."""
    longest = max(fake.settings.lease_ttl, fake.settings.keepalive_ttl or 0)
    if fake.clock.now() > stopped_at + longest + _MARGIN:
        left = [stream for stream in fake.open_streams() if stream.created_at < stopped_at]
        assert not left, (
            f"stopped at {stopped_at:g} s, and still kept alive at {fake.clock.now():g} s: {_told(left)}"
        )


def streams_are_few(fake: OvershootFake, most: int, after: int) -> None:
    """No more than `most` streams that the application knows of, of those after number `after`."""
    streams = _known(fake, after)
    assert len(streams) <= most, f"{len(streams)} streams are open, {most} are allowed: {_told(streams)}"


def keepalives_are_apart(journal: Journal, most: int) -> None:
    """No more than `most` keepalives of a stream within any second."""
    moments: dict[str | None, list[float]] = {}
    for request in journal.of(Request, route="keepalive"):
        moments.setdefault(request.stream_id, []).append(request.at)
    for stream, times in moments.items():
        for first, last in zip(times, times[most:], strict=False):
            assert last - first >= 1.0, (
                f"more than {most} keepalives within a second from {first:g} s on, for stream {stream}"
            )


def little_is_spent(journal: Journal, most_cents: float) -> None:
    """No more than `most_cents` charged."""
    spent = sum(charged.cents for charged in journal.of(Charged))
    assert spent <= most_cents, f"{spent:g} cents were spent, {most_cents:g} are allowed"


def _known(fake: OvershootFake, after: int) -> list[StreamView]:
    """Open ones whose creation was answered: of the others the application cannot know."""
    answered = {each.request_id for each in fake.journal.of(Response, outcome="answered")}
    streams = [stream for stream in fake.open_streams() if stream.number > after]
    return [stream for stream in streams if stream.opened_by in answered]


def _told(streams: list[StreamView]) -> str:
    return ", ".join(
        f"stream {each.number} of {each.created_at:g} s ({each.state}, lease to {each.lease_expires_at:g} s)"
        for each in streams
    )
