"""Time for a client in another process: it moves when both sides are idle, and for both alike."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from overshoot_testkit.clients import DriverClient, DriverState
    from overshoot_testkit.clock import SteppedClock

QUIET_POLLS = 2
"""Looks without any activity between them before both sides count as idle."""
QUIET_POLLS_WHILE_HELD = 10
"""As many while a fault holds bytes back: what one side sent is then not what the other received, and
quiet is all there is to go by."""
POLL_PAUSE = 0.0005
"""Real seconds between looks, in which the operating system delivers."""
SETTLE_LIMIT = 10.0
"""Real seconds in which client and fake must become idle."""


class Traffic(Protocol):
    """Counters of the fake; see `fakes.base.Traffic`."""

    requests_open: int
    sockets_open: int
    open_messages_in: int
    open_messages_out: int
    held: int
    activity: int


class UnsettledError(Exception):
    """Client and fake did not become idle: requests, sockets or messages do not add up, or never stop."""


class DriverTime:
    """Steps the fake's clock and the client's timers together.

    Idleness is known by conservation: requests in flight at the client are those the fake holds, WebSocket
    messages sent are those received, both ways, open sockets match, and two looks saw no activity. While a
    fault holds back what is under way, it is known by more looks alone.
    """

    def __init__(self, clock: SteppedClock, driver: DriverClient, traffic: Traffic) -> None:
        self._clock = clock
        self._driver = driver
        self._traffic = traffic

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
        begun = loop.time()
        quiet, before = 0, (-1, -1)
        while True:
            state = await self._driver.state()
            activity = (state.activity, self._traffic.activity)
            quiet, before = (quiet + 1 if activity == before else 1), activity
            if self._traffic.held:
                settled = quiet >= QUIET_POLLS_WHILE_HELD
            else:
                settled = quiet >= QUIET_POLLS and self._adds_up(state)
            if settled:
                return state
            if loop.time() - begun > SETTLE_LIMIT:
                raise UnsettledError(
                    f"client and fake did not become idle in {SETTLE_LIMIT:g} real seconds: "
                    + self._account(state)
                )
            await asyncio.sleep(POLL_PAUSE if quiet > 1 else 0)

    def _adds_up(self, state: DriverState) -> bool:
        traffic = self._traffic
        return (
            not state.sockets.closing
            and state.in_flight + state.sockets.connecting == traffic.requests_open
            and state.sockets.open == traffic.sockets_open
            and state.open_messages.sent == traffic.open_messages_in
            and state.open_messages.received == traffic.open_messages_out
        )

    def _account(self, state: DriverState) -> str:
        traffic = self._traffic
        return (
            f"requests {state.in_flight} in flight, {traffic.requests_open} held; "
            f"sockets {state.sockets.open} open, {state.sockets.connecting} connecting, "
            f"{state.sockets.closing} closing, {traffic.sockets_open} at the fake; "
            f"messages on open sockets {state.open_messages.sent} sent, {traffic.open_messages_in} received; "
            f"{traffic.open_messages_out} sent back, {state.open_messages.received} received"
        )


def _or_never(when: float | None) -> float:
    return math.inf if when is None else when
