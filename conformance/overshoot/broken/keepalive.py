"""One defect for each rule about keepalives."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from overshoot_testkit.clients import ClientError
from overshoot_testkit.clients.reference import ReferenceClient
from overshoot_testkit.conformance.overshoot.broken._broken import Broken

if TYPE_CHECKING:
    from overshoot_testkit.clients.reference import ApiError


class DriftingCadence(ReferenceClient):
    """A timer that is set anew after the work, with something added each time."""

    waits = 0

    def _keepalive_delay(self) -> float:
        self.waits += 1
        return super()._keepalive_delay() * 1.01**self.waits


class FirstTtlForEver(ReferenceClient):
    """The TTL was read where it was first seen."""

    def _renewed(self, ttl: float, asked_at: float) -> None:
        super()._renewed(self._ttl or ttl, asked_at)


class OneAttempt(ReferenceClient):
    """No retry at all."""

    keepalive_attempts = 1


class NeverGivesUp(ReferenceClient):
    """Retry has a pause, and no end."""

    def _gives_up(self, attempt: int) -> bool:
        return False


class Retries402(ReferenceClient):
    """Every answer but 200 is retried."""

    def _may_retry(self, error: ApiError) -> bool:
        return error.report.kind == "credits" or super()._may_retry(error)


class RetriesWhatStaysWrong(ReferenceClient):
    """A refusal is retried like an outage."""

    def _may_retry(self, error: ApiError) -> bool:
        return error.report.kind in {"authentication", "not_found"} or super()._may_retry(error)


class LastKeepalive(ReferenceClient):
    """The last seconds are paid for by a keepalive, not by the DELETE that follows."""

    async def stop(self) -> None:
        if self.is_active():
            with contextlib.suppress(ClientError):
                await self._keepalive()
        await super().stop()


BROKEN = (
    Broken(
        "KEEP-01",
        "waits one per cent longer before each keepalive, so that the lease lapses within the hour",
        "lapsed",
        DriftingCadence,
    ),
    Broken(
        "KEEP-02",
        "takes the TTL from the answer that made the stream, and from no keepalive",
        "lapsed",
        FirstTtlForEver,
    ),
    Broken(
        "KEEP-03",
        "ends the stream at the first keepalive that fails",
        "stream-ended",
        OneAttempt,
        {"KEEP-04": "one attempt is less than the three that a cycle should have"},
    ),
    Broken(
        "KEEP-04",
        "tries failing keepalives for ever",
        "after-the-lease",
        NeverGivesUp,
    ),
    Broken(
        "KEEP-05",
        "takes 402 for a failure that passes",
        "retried-after-402",
        Retries402,
    ),
    Broken(
        "KEEP-06",
        "takes 401 and 404 for failures that pass",
        "retried",
        RetriesWhatStaysWrong,
    ),
    Broken(
        "KEEP-09",
        "sends a last keepalive when it is stopped, so that all time is paid for",
        "after-stop",
        LastKeepalive,
    ),
)
