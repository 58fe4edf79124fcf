"""Time for a client in another process: it moves when both sides are idle, and for both alike."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from overshoot_testkit.clients import DriverClient, DriverState
    from overshoot_testkit.clock import SteppedClock

QUIET_POLLS = 2
"""Looks without any activity between them before both sides count as idle."""
LOST_AFTER = 0.05
"""Real seconds of silence after which messages that one side sent and the other never saw are taken as lost:
they were on their way when a socket was cut."""
POLL_PAUSE = 0.0005
"""Real seconds between looks, in which the operating system delivers."""
SETTLE_LIMIT = 10.0
"""Real seconds in which client and fake must become idle."""


class Traffic(Protocol):
    """Counters of the fake; see `fakes.base.Traffic`."""

    requests_open: int
    sockets_open: int
    messages_in: int
    messages_out: int
    activity: int


class UnsettledError(Exception):
    """Client and fake did not become idle: requests, sockets or messages do not add up, or never stop."""


@dataclass(slots=True)
class _Losses:
    """Messages that are known never to arrive, and sockets that only one side believes in."""

    to_server: int = 0
    to_client: int = 0
    sockets: int = 0
    requests: int = 0


class DriverTime:
    """Steps the fake's clock and the client's timers together.

    Idleness is known by conservation: requests in flight at the client are those the fake holds, WebSocket
    messages sent are those received, both ways, open sockets match, and two looks saw no activity.
    """

    def __init__(self, clock: SteppedClock, driver: DriverClient, traffic: Traffic) -> None:
        self._clock = clock
        self._driver = driver
        self._traffic = traffic
        self._losses = _Losses()

    async def pass_until(self, when: float, condition: Callable[[], bool] | None = None) -> bool:
        """As `Timekeeper.pass_until`. Raises UnsettledError, DriverError."""
        state = await self.settle()
        while True:
            if condition is not None and condition():
                return True
            server = _or_never(self._clock.next_timer())
            client = _or_never(state.next_timer)
            to = min(server, client, when)
            # The side with nothing to fire at this moment is only moved there; at equal moments the server
            # goes first, and the client's timer is the next turn's.
            if server <= client and server <= when:
                if client > to:
                    await self._driver.step(to)
                self._clock.step(to)
            else:
                self._clock.step(to)
                await self._driver.step(to)
                if client > when:
                    return False
            state = await self.settle()

    async def settle(self) -> DriverState:
        """Wait until nothing is under way on either side, and return the client's state."""
        loop = asyncio.get_running_loop()
        begun = quiet_since = loop.time()
        quiet, before = 0, (-1, -1)
        while True:
            state = await self._driver.state()
            now = loop.time()
            activity = (state.activity, self._traffic.activity)
            if activity != before:
                quiet, quiet_since, before = 0, now, activity
            else:
                quiet += 1
            if quiet >= QUIET_POLLS - 1 and self._adds_up(state):
                return state
            if quiet >= QUIET_POLLS and now - quiet_since > LOST_AFTER:
                self._write_off(state)
            if now - begun > SETTLE_LIMIT:
                raise UnsettledError(
                    f"client and fake did not become idle in {SETTLE_LIMIT:g} real seconds: "
                    + self._account(state)
                )
            await asyncio.sleep(POLL_PAUSE if quiet else 0)

    def _adds_up(self, state: DriverState) -> bool:
        traffic, losses = self._traffic, self._losses
        return (
            not state.sockets.closing
            and state.in_flight + state.sockets.connecting == traffic.requests_open + losses.requests
            and state.sockets.open == traffic.sockets_open + losses.sockets
            and state.messages.sent == traffic.messages_in + losses.to_server
            and state.messages.received + losses.to_client == traffic.messages_out
        )

    def _write_off(self, state: DriverState) -> None:
        """Nothing has moved for a while and nothing will: what differs now is lost, and differs for good."""
        traffic = self._traffic
        self._losses = _Losses(
            to_server=state.messages.sent - traffic.messages_in,
            to_client=traffic.messages_out - state.messages.received,
            sockets=state.sockets.open - traffic.sockets_open,
            requests=state.in_flight + state.sockets.connecting - traffic.requests_open,
        )

    def _account(self, state: DriverState) -> str:
        traffic = self._traffic
        return (
            f"requests {state.in_flight} in flight, {traffic.requests_open} held; "
            f"sockets {state.sockets.open} open, {state.sockets.connecting} connecting, "
            f"{state.sockets.closing} closing, {traffic.sockets_open} at the fake; "
            f"messages {state.messages.sent} sent, {traffic.messages_in} received; "
            f"{traffic.messages_out} sent back, {state.messages.received} received"
        )


def _or_never(when: float | None) -> float:
    return math.inf if when is None else when
