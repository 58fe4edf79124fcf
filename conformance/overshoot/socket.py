"""What the result socket's end means: the rules WS-."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from overshoot_testkit.conformance.overshoot._reading import Failure, OvershootLab, failures, terminal
from overshoot_testkit.conformance.overshoot._situations import SOCKET_LIMIT, listening
from overshoot_testkit.faults import CloseSocket, ExpireLease
from overshoot_testkit.journal import Request, SocketClosed
from overshoot_testkit.lab import CONTRACT, Case, Finding, NotStartedError, Rule, Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from overshoot_testkit.journal import Recording

WS_DOCS = Source("docs", "Result WebSocket")
ENDED = "stream ended: "
"""How the reason of close code 1001 begins when the stream is over. Source: docs › Result WebSocket."""

RUNNING_FOR = 7.3
"""Seconds from the first message to the close: away from the moments at which clients send keepalives."""
WATCH = 90.0
"""Seconds to watch for what a client should not do any more: two leases, and more than any usual backoff."""

TOLERANCES: Mapping[str, float] = {
    "notice_seconds": 5.0,  # to report and be inactive: no network here takes longer
    "settle_seconds": 1.0,  # in which a request may have been on its way when the socket closed
}


def close_of(seen: Recording, code: int) -> SocketClosed | None:
    """The first close frame with this code that the server sent."""
    return next((each for each in seen.of(SocketClosed, code=code) if each.by in {"server", "fault"}), None)


async def watch_the_end(lab: OvershootLab, code: int) -> None:
    """Wait until the client was sent the close, ask it for its state, watch it go on, and ask it again."""
    if not await lab.until(lambda: close_of(lab.journal, code) is not None, SOCKET_LIMIT):
        raise NotStartedError(f"the client had no open result socket to be closed with {code}")
    notice = TOLERANCES["notice_seconds"]
    await lab.wait(notice)
    await lab.probe(f"{notice:g} s after close code {code}")
    await lab.wait(WATCH - notice)
    await lab.probe(f"{WATCH:g} s after close code {code}")


def terminal_close(seen: Recording, closed: SocketClosed) -> Iterator[Finding]:
    """What a client left undone after a close that is terminal, and what it did that it should not have."""
    yield from reconnected(seen, closed)
    by = closed.at + TOLERANCES["notice_seconds"]
    yield from terminal(seen, since=closed.at, by=by, settle=TOLERANCES["settle_seconds"])


def reconnected(seen: Recording, closed: SocketClosed) -> Iterator[Finding]:
    """Handshakes that came after the close."""
    again = [each for each in seen.of(Request, route="socket") if each.seq > closed.seq]
    if again:
        yield Finding(
            "reconnected",
            f"no WebSocket handshake after close code {closed.code} at {closed.at:g} s",
            f"{len(again)}, the first at {again[0].at:g} s",
            again[0].at,
        )


class Ws01(Rule[OvershootLab]):
    """1008 says that the key is not accepted, and only the user can mend that.

    The same key will not be accepted a second later: every new connection is noise for the server and a delay
    for the user, who must be told that it is the key.
    """

    id = "WS-01"
    statement = "Close code 1008 is terminal: no reconnect, reported once, as a failure of authentication."
    sources = (CONTRACT, WS_DOCS)
    tolerances = TOLERANCES
    cases: ClassVar = (
        Case("in answer to the key"),
        Case("while results flow"),
        Case("the key is revoked"),
    )

    async def scenario(self, lab: OvershootLab, case: Case) -> None:
        """Close with 1008: as the first thing a socket hears, later, or when no request is accepted either.

        The first is what a wrong key meets. The fault is for one socket only: a client that reconnects finds
        an open door, and cannot say that it was made to stop.
        """
        refusal = CloseSocket(1008, "authentication failed")
        if case.name == "in answer to the key":
            refused = lab.faults.on(refusal, route="socket", times=1)
            await lab.attempt_start()
            if not refused.fired and close_of(lab.journal, 1008) is not None:
                refused.remove()  # the key was wrong indeed: the server has said so itself
        else:
            stream = await listening(lab)
            await lab.wait(RUNNING_FOR)
            if case.name == "the key is revoked":
                lab.fake.revoke_key(lab.fake.api_key)
            lab.faults.now(refusal, stream=stream)
        await watch_the_end(lab, 1008)

    def judge(self, seen: Recording, case: Case) -> Iterator[Finding]:
        """Terminal, and of kind `authentication`."""
        closed = close_of(seen, 1008)
        if closed is None:
            return
        yield from terminal_close(seen, closed)
        told = [failure for failure in failures(seen) if failure.at >= closed.at]
        if told and told[0].kind != "authentication":
            yield Finding(
                "not-told-as-authentication",
                "the failure reported as authentication",
                f"reported as {told[0]}",
                told[0].at,
            )


class Ws02(Rule[OvershootLab]):
    """1001 with "stream ended" is how a user learns that the stream is over, and why.

    It will not come back: reconnecting gets the same answer for ever. The reason decides what to do next (top
    up, look at the camera, ask who closed it), so it must reach the user. A stream that the client itself was
    told to stop is another matter: CLEAN-05.
    """

    id = "WS-02"
    statement = (
        "Close code 1001 with “stream ended: <reason>” is terminal unless the client's own stop was called: "
        "no reconnect, and the report carries the reason."
    )
    sources = (CONTRACT, WS_DOCS)
    tolerances = TOLERANCES
    cases: ClassVar = (
        Case("the lease expired", {"reason": "lease_expired"}),
        Case("credits are used up", {"reason": "insufficient_credits"}),
        Case("the media connection is lost", {"reason": "disconnected"}),
        Case("somebody else closed it", {"reason": "client_requested"}),
    )

    async def scenario(self, lab: OvershootLab, case: Case) -> None:
        """End the stream on the server between two keepalives, so that the socket is what tells of it."""
        stream = await listening(lab)
        await lab.wait(RUNNING_FOR)
        reason = case.parameters["reason"]
        if reason == "lease_expired":
            lab.faults.now(ExpireLease(), stream=stream)
        elif reason == "disconnected":
            webrtc = lab.transport == "webrtc"
            lab.fake.end_stream(stream, "webrtc_disconnected" if webrtc else "livekit_disconnected")
        else:
            lab.fake.end_stream(stream, reason)
        await watch_the_end(lab, 1001)

    def judge(self, seen: Recording, case: Case) -> Iterator[Finding]:
        """Terminal, and the reason of the close frame is in what was reported."""
        closed = close_of(seen, 1001)
        if closed is None:
            return
        yield from terminal_close(seen, closed)
        told = [failure for failure in failures(seen) if failure.at >= closed.at]
        reason = closed.reason.removeprefix(ENDED)
        if told and not any(_carries(each, reason) for each in told):
            yield Finding(
                "reason-lost",
                f"a report that carries the reason {reason!r}",
                f"reported as {told[0]}, reason {told[0].reason!r}",
                told[0].at,
            )


def _carries(report: Failure, reason: str) -> bool:
    """Whether a user can tell the reason: from the report's words, or from a kind that says the same."""
    if reason == "insufficient_credits" and report.kind == "credits":
        return True
    return _plain(reason) in _plain(f"{report.message} {report.reason}")


def _plain(text: str) -> str:
    """Words only: an SDK may write "lease expired" for `lease_expired`."""
    return re.sub(r"[\W_]+", " ", text).lower()


RULES: tuple[Rule[OvershootLab], ...] = (Ws01(), Ws02())
