"""Clients that misread how a result socket ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from overshoot_testkit.clients.reference import ReferenceClient
from overshoot_testkit.conformance.overshoot.broken._broken import Broken

if TYPE_CHECKING:
    from overshoot_testkit.clients import ErrorReport


class ReconnectsWithARefusedKey(ReferenceClient):
    """Takes every close code but that of an ended stream for a passing one."""

    def _verdict_on_close(self, code: int, reason: str) -> ErrorReport | None:
        return None if code == 1008 else super()._verdict_on_close(code, reason)


class LosesTheReason(ReferenceClient):
    """Knows the close code, and never looked at the frame's reason."""

    def _verdict_on_close(self, code: int, reason: str) -> ErrorReport | None:
        report = super()._verdict_on_close(code, reason)
        if report is None or code != 1001:
            return report
        return type(report)("socket", "the result socket was closed", None, code)


BROKEN = (
    Broken(
        "WS-01",
        "connects the result socket again after 1008, with the same key",
        "reconnected",
        ReconnectsWithARefusedKey,
    ),
    Broken(
        "WS-02",
        "reports the end of the stream without saying why it ended",
        "reason-lost",
        LosesTheReason,
    ),
)
