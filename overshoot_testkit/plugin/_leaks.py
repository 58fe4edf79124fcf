"""What a test may not leave behind: streams that run and cost money, faults that never fired."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from overshoot_testkit.fakes.overshoot import StreamView
    from overshoot_testkit.plugin._marker import Wishes
    from overshoot_testkit.plugin._origins import Origin


def complaint(
    wishes: Wishes,
    open_streams: Sequence[StreamView],
    unfired: Sequence[str],
    origins: Mapping[str, Origin],
    now: float,
) -> str | None:
    """Why the test fails after all; None if it does not. `now` is in seconds of the fake's clock."""
    parts = []
    if len(open_streams) != wishes.expect_open_streams:
        parts.append(_about_streams(wishes.expect_open_streams, open_streams, origins, now))
    if unfired:
        parts.append(_about_faults(unfired))
    return "\n\n".join(parts) or None


def _about_streams(
    expected: int, streams: Sequence[StreamView], origins: Mapping[str, Origin], now: float
) -> str:
    count = len(streams)
    lines = [f"overshoot: the test left {_count(count)} open" + (f", not {expected}" if expected else "")]
    for stream in streams:
        origin = origins.get(stream.opened_by)
        lines += [
            "",
            f"  stream {stream.id}: still {stream.state.value} at {_seconds(now)} s",
            f"    its lease runs to {_seconds(stream.lease_expires_at)} s",
            f"    opened at {_seconds(stream.created_at)} s by POST /streams (request {stream.opened_by})",
            f"    {str(origin or '') or 'from code that could not be found: another process, perhaps'}",
        ]
    if count > expected:
        lines += [
            "",
            "An open stream costs money until its lease lapses. Close it: DELETE /streams/{stream_id},",
            "which is what a client's stop() or close() does. If the test is meant to leave it:",
            f"@pytest.mark.overshoot(expect_open_streams={count})",
        ]
    return "\n".join(lines)


def _about_faults(unfired: Sequence[str]) -> str:
    count = f"{len(unfired)} fault{'s' * (len(unfired) != 1)}"
    return "\n".join(
        [
            f"overshoot: {count} never fired, so the test did not test what it set:",
            "",
            *(f"  {fault}" for fault in unfired),
            "",
            "Take back what is not needed with .remove(), or allow it:",
            "@pytest.mark.overshoot(allow_unfired_faults=True)",
        ]
    )


def _count(count: int) -> str:
    return "no stream" if count == 0 else ("1 stream" if count == 1 else f"{count} streams")


def _seconds(moment: float) -> str:
    return f"{round(moment, 3):.10g}"
