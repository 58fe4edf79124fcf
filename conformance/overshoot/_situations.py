"""Situations that several scenarios begin with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from overshoot_testkit.journal import SocketMessage
from overshoot_testkit.lab import NotStartedError

if TYPE_CHECKING:
    from overshoot_testkit.conformance.overshoot._reading import OvershootLab

SOCKET_LIMIT = 60.0
"""Seconds in which a client must open a result socket for what happens on one to be judged."""


async def listening(lab: OvershootLab) -> str:
    """Start the client and wait until its result socket has shown the key; returns the stream's id.

    Raises NotStartedError if either does not happen. Waiting for the socket matters: start may return first,
    and what befalls a socket that is not open yet befalls nobody.
    """
    await lab.start()
    shown = await lab.until(
        lambda: lab.journal.first(SocketMessage, direction="in") is not None, SOCKET_LIMIT
    )
    if not shown:
        raise NotStartedError(f"no result socket had sent a first message {SOCKET_LIMIT:g} s after start")
    return lab.fake.streams[-1].id
