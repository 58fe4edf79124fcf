"""How a lease was kept, by the recording. Moments and durations in seconds."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from overshoot_testkit.conformance.overshoot._reading import before_stop, ends
from overshoot_testkit.journal import LeaseRenewed
from overshoot_testkit.lab import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from overshoot_testkit.journal import Recording
    from overshoot_testkit.lab import Level

LATEST = 2 / 3
"""The share of a lease after which renewing it leaves no room for retries."""


def lease_end(seen: Recording, at: float = float("inf")) -> float:
    """When the lease is gone that was granted last by the moment `at`."""
    return max((each.expires_at for each in seen.of(LeaseRenewed, until=at)), default=0.0)


def lease_kept(seen: Recording, *, slack: float, level: Level = "MUST") -> Iterator[Finding]:
    """Where a lease lapsed (at this level), or was renewed with less than a third of it left (SHOULD)."""
    stopped = before_stop(seen)
    early = [end for end in ends(seen) if end.seq < stopped]
    for end in early:
        lapsed = end.reason == "lease_expired"
        wanted = "the lease renewed before it is over" if lapsed else "a stream that goes on until stop"
        told = f"stream {end.id} ended at {end.at:g} s: {end.reason}"
        yield Finding("lapsed" if lapsed else "ended", wanted, told, end.at, level)
    if not early:
        yield from _late(seen, slack)


def _late(seen: Recording, slack: float) -> Iterator[Finding]:
    """The latest renewal, by the share of its lease that had passed."""
    gaps = [
        ((after.at - before.at) / before.ttl, before, after)
        for before, after in pairwise(seen.of(LeaseRenewed))
        if before.stream_id == after.stream_id and after.at - before.at > LATEST * before.ttl + slack
    ]
    if gaps:
        _, before, after = max(gaps, key=lambda gap: gap[0])
        wanted = f"renewed within {LATEST * before.ttl:g} s, two thirds of the lease"
        told = (
            f"{len(gaps)} renewals were later; the latest after {after.at - before.at:g} s of {before.ttl:g}"
        )
        yield Finding("late", wanted, told, after.at, "SHOULD")
