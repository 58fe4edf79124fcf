"""The laboratory: one client, one fake, one clock, one journal. What a rule's scenario works with."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from overshoot_testkit.clients import Options, Target
from overshoot_testkit.journal import Note
from overshoot_testkit.lab import _user_room as user_room

if TYPE_CHECKING:
    from collections.abc import Callable

    from overshoot_testkit.clock import Clock
    from overshoot_testkit.faults import FaultPlan
    from overshoot_testkit.journal import Journal
    from overshoot_testkit.lab._subject import Call, Subject
    from overshoot_testkit.lab._time import Timekeeper

START_LIMIT = 60.0
"""Seconds of the clock that a client may take to start before a scenario goes on without it."""
STOP_LIMIT = 60.0
"""Seconds of the clock that a scenario waits for stop; rule CLEAN-04 allows 45."""


class Fake(Protocol):
    """What the laboratory needs of a fake, whichever vendor's."""

    faults: FaultPlan

    @property
    def base_url(self) -> str: ...

    @property
    def api_key(self) -> str: ...

    async def aclose(self) -> None: ...


F = TypeVar("F", bound=Fake)


class NotStartedError(Exception):
    """The client did not start where the scenario needs a running one: the rule cannot be judged."""


class Lab(Generic[F]):
    """One client and one fake on one clock, for one case of one rule.

    Durations and moments are in seconds of the clock, which begins at 0 with the case.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        journal: Journal,
        fake: F,
        client: Subject,
        time: Timekeeper,
        options: Options,
        horizon: float = 86_400.0,
    ) -> None:
        self.clock = clock
        self.journal = journal
        self.fake = fake
        self.faults = fake.faults
        self.client = client
        self.options = options
        self.horizon = horizon
        """Seconds that a rule about long runs lets pass: a day, less where stepping is slow."""
        self._time = time

    @property
    def transport(self) -> str:
        return self.options.transport

    async def wait(self, seconds: float) -> None:
        """Let time pass."""
        await self._time.pass_until(self.clock.now() + seconds)

    async def until(self, condition: Callable[[], bool], limit: float) -> bool:
        """Let time pass until `condition` holds, `limit` seconds at most; whether it does.

        The condition must be one that changes with something the journal records.
        """
        return await self._time.pass_until(self.clock.now() + limit, condition)

    async def begin_start(
        self, *, api_key: str | None = None, interval_seconds: float | None = None, **changes: Any
    ) -> Call:
        """Call the client's start and return at once. `changes` are `Options` that differ from the default.

        `interval_seconds` is how often results are wanted, in whichever mode the client knows.
        """
        if interval_seconds is not None:
            member = "interval_seconds" if self.options.mode == "frame" else "delay_seconds"
            changes[member] = interval_seconds
        options = dataclasses.replace(self.options, **changes)
        room = (user_room.URL, user_room.token()) if options.transport == "livekit" else (None, None)
        target = Target(self.fake.base_url, api_key or self.fake.api_key, *room)
        return await self.client.begin("start", target=target, options=options)

    async def attempt_start(self, *, limit: float = START_LIMIT, **changes: Any) -> Call:
        """Start the client and wait until that has succeeded, failed, or taken `limit` seconds."""
        call = await self.begin_start(**changes)
        await self.until(lambda: call.done, limit)
        return call

    async def start(self, **changes: Any) -> None:
        """Start the client. Raises NotStartedError if it does not."""
        call = await self.attempt_start(**changes)
        if not call.done:
            raise NotStartedError(f"start had not returned after {START_LIMIT:g} s")
        if call.error is not None:
            raise NotStartedError(f"start failed: {call.error.message}")

    async def call(self, method: str, *, limit: float = START_LIMIT, **arguments: Any) -> Call:
        """Call another method of the client and wait for it, `limit` seconds at most."""
        call = await self.client.begin(method, **arguments)
        await self.until(lambda: call.done, limit)
        return call

    async def stop(self, *, limit: float = STOP_LIMIT) -> Call:
        """Call the client's stop and wait for it, `limit` seconds at most."""
        return await self.call("stop", limit=limit)

    async def probe(self, moment: str) -> None:
        """Write down what the client says of itself."""
        await self.client.probe(moment)

    async def take_inventory(self, moment: str) -> None:
        """Write down what the client holds."""
        await self.client.take_inventory(moment)

    def note(self, text: str) -> None:
        """Put a remark on the timeline."""
        self.journal.add(Note(text))
