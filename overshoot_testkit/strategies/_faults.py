"""What can go wrong, and schedules of it: faults that any plan of the fake takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from overshoot_testkit.faults import (
    Action,
    Answer,
    CloseSocket,
    CutSocket,
    Delay,
    Deploy,
    Dribble,
    Drop,
    EndStream,
    ExhaustCredits,
    ExpireLease,
    ExpireToken,
    Hang,
    Latency,
    Malform,
    Match,
    Pass,
    RateLimit,
    Refuse,
    Reset,
    ResetConnection,
    RestoreKey,
    RevokeKey,
    SendGarbage,
    Slice,
    StallSocket,
    Steps,
    TopUp,
    Truncate,
)
from overshoot_testkit.scenarios import FaultSpec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from overshoot_testkit.faults import Kind

ROUTES = ("create", "keepalive", "close", "info", "prompt", "models", "healthz", "socket")
"""Short names of the fake's endpoints that faults are usually about."""

_STATUSES = (400, 401, 402, 404, 408, 409, 422, 429, 500, 502, 503, 504)
_REASONS = (
    "client_requested",
    "lease_expired",
    "insufficient_credits",
    "webrtc_disconnected",
    "livekit_disconnected",
)
_SECONDS = st.sampled_from([0.5, 1.0, 3.0, 10.0, 30.0])
_WHEN = st.sampled_from(["before", "after"])


def _actions(kind: Kind) -> st.SearchStrategy[Action]:
    made: dict[Kind, st.SearchStrategy[Any]] = {
        "request": st.one_of(
            st.builds(Answer, st.sampled_from(_STATUSES)),
            st.builds(Delay, _SECONDS, _WHEN),
            st.builds(Drop, _WHEN),
            st.builds(Reset, _WHEN),
            st.builds(Hang, _WHEN),
            st.builds(Truncate, st.integers(0, 20)),
            st.builds(Dribble, _SECONDS, st.integers(1, 5)),
            st.builds(Malform, st.sampled_from(["body", "chunk", "response"])),
            st.builds(RateLimit, st.integers(0, 5), _SECONDS),
            st.builds(Steps, st.lists(st.just(Pass()) | st.just(Answer(503)), min_size=1, max_size=4)),
        ),
        "socket": st.one_of(
            st.builds(CloseSocket, st.sampled_from([1000, 1001, 1008, 1011, 1012])),
            st.builds(CutSocket, st.sampled_from(["reset", "eof"])),
            st.just(SendGarbage()),
            st.just(StallSocket()),
        ),
        "connection": st.one_of(
            st.builds(Latency, _SECONDS, direction=st.sampled_from(["down", "up"])),
            st.builds(Slice, st.integers(1, 50)),
            st.builds(ResetConnection, _SECONDS),
        ),
        "state": st.one_of(
            st.builds(Deploy, _SECONDS, st.sampled_from(["503", "refusal"])),
            st.builds(Refuse, _SECONDS),
            st.builds(EndStream, st.sampled_from(_REASONS)),
            st.just(ExpireLease()),
            st.just(ExpireToken()),
            st.just(ExhaustCredits()),
            st.builds(TopUp, st.sampled_from([1.0, 100.0])),
            st.just(RevokeKey()),
            st.just(RestoreKey()),
        ),
    }
    return made[kind]


@st.composite
def faults(
    draw: st.DrawFn,
    *,
    kinds: Sequence[Kind] = ("request", "socket", "connection", "state"),
    routes: Sequence[str] = ROUTES,
    within: float = 120.0,
) -> FaultSpec:
    """Faults that the fake's plan takes: `spec.set(fake.faults)`. `scenarios.describe_spec` has them as JSON.

    kinds: what they act on. routes: what requests and connections they meet. within: seconds by which they
    begin at the latest, counted from when they are set.
    """
    kind = draw(st.sampled_from(kinds))
    action = draw(_actions(kind))
    moments = st.integers(0, int(within)).map(float)
    if kind == "state" or (kind == "socket" and draw(st.booleans())):
        return FaultSpec(action, at=draw(moments))
    since = draw(moments)
    match = Match(
        route="socket" if kind == "socket" else draw(st.none() | st.sampled_from(routes)),
        skip=draw(st.integers(0, 2)) if kind != "connection" else 0,
        times=draw(st.none() | st.integers(1, 3)) if kind != "connection" else None,
        since=since,
        until=since + draw(_SECONDS),
    )
    return FaultSpec(action, match, on_occasions=True)


def fault_schedules(
    *,
    kinds: Sequence[Kind] = ("request", "socket", "connection", "state"),
    routes: Sequence[str] = ROUTES,
    within: float = 120.0,
    max_size: int = 5,
) -> st.SearchStrategy[list[FaultSpec]]:
    """Lists of `faults`, to be set all together."""
    return st.lists(faults(kinds=kinds, routes=routes, within=within), max_size=max_size)
