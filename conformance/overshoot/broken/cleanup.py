"""Clients that end badly."""

from __future__ import annotations

import asyncio

from overshoot_testkit.clients import ClientError, ErrorReport
from overshoot_testkit.clients.reference import Api, ReferenceClient
from overshoot_testkit.conformance.overshoot.broken._broken import Broken


class LeavesTheStreamOpen(ReferenceClient):
    """Lets go of everything of its own, and leaves the stream to its lease."""

    async def _close_stream(self, api: Api, stream_id: str) -> None:
        """Nothing is sent."""


class RaisesWhenThereIsNothingToStop(ReferenceClient):
    """Takes a superfluous stop for a mistake of its user."""

    async def stop(self) -> None:
        """Raise ClientError unless a stream is running."""
        if not self.is_active():
            raise ClientError(ErrorReport("validation", "no stream is running"))
        await super().stop()


class DeliversLate(ReferenceClient):
    """Hands results over by a timer, and forgets about those that are still to come when it stops."""

    def _deliver(self, text: str) -> None:
        asyncio.get_running_loop().call_later(0.5, super()._deliver, text)


BROKEN = (
    Broken(
        "CLEAN-01",
        "does not close the stream on the server",
        "not-closed",
        LeavesTheStreamOpen,
    ),
    Broken(
        "CLEAN-02",
        "raises from stop when no stream is running",
        "raised",
        RaisesWhenThereIsNothingToStop,
    ),
    Broken(
        "CLEAN-05",
        "delivers results half a second late, after stop too",
        "result-after-stop",
        DeliversLate,
    ),
)
