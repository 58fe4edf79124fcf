"""A bench for clients behind a driver: a process a case, the fake on loopback, time stepped for both."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from overshoot_testkit.clients import DriverClient, DriverError, Options
from overshoot_testkit.clock import SteppedClock
from overshoot_testkit.journal import ClientProbed, Inventory, Journal, Note, Recording
from overshoot_testkit.lab._conduct import conduct
from overshoot_testkit.lab._driver_time import DriverTime
from overshoot_testkit.lab._engine import Observation
from overshoot_testkit.lab._lab import Lab
from overshoot_testkit.lab._subject import Witness

if TYPE_CHECKING:
    from collections.abc import Sequence

    from overshoot_testkit.clients import DriverState, Target
    from overshoot_testkit.lab._rule import Case, Rule
    from overshoot_testkit.lab._subject import Call
    from overshoot_testkit.lab._systems import System

HORIZON = 7200.0
"""Seconds of the clock that rules about long runs take: two hours, for stepping takes its time."""


class DriverSubject:
    """A client behind a driver, as a scenario sees it."""

    def __init__(self, driver: DriverClient, journal: Journal) -> None:
        self.name = driver.hello.name
        self.version = driver.hello.version
        self.capabilities = driver.hello.capabilities
        self.labels = driver.hello.notes
        self._driver = driver
        self._witness = Witness(journal)
        self._complaints = 0
        driver.on_result = self._witness.result
        driver.on_error = self._witness.error

    async def begin(self, method: Any, *, target: Target | None = None, **arguments: Any) -> Call:
        options: Options | None = arguments.pop("options", None)
        call = self._witness.called(method, {**arguments, **(options.as_wire() if options else {})})
        if target is not None and options is not None:
            handle = await self._driver.start(target, options)
        else:
            handle = await self._driver.call(method, arguments)

        def finished(done: asyncio.Future[Any]) -> None:
            if not done.cancelled() and done.exception() is None:
                self._witness.returned(call, done.result().error)

        handle.done.add_done_callback(finished)
        return call

    async def probe(self, moment: str) -> None:
        active = await self._driver.query("is_active")
        stream_id = await self._driver.query("stream_id")
        self._witness.journal.add(ClientProbed(moment, active, stream_id))

    async def take_inventory(self, moment: str) -> None:
        state = await self._driver.state()
        journal = self._witness.journal
        for text in state.unhandled_rejections[self._complaints :]:
            journal.add(Note(f"unhandled in the client: {journal.secrets.text(text)}"))
        self._complaints = len(state.unhandled_rejections)
        journal.add(inventory(moment, state))

    async def end_media(self) -> None:
        await self._driver.media("end")

    async def aclose(self) -> None:
        await self._driver.aclose()


def _options(transport: Any, modes: frozenset[str]) -> Options:
    """What is asked of the stream by default, in a mode that the client knows."""
    if "frame" in modes:
        return Options(transport=transport)
    return Options(
        transport=transport, mode="clip", interval_seconds=None, clip_length_seconds=1.0, delay_seconds=2.0
    )


def inventory(moment: str, state: DriverState) -> Inventory:
    """What a driver's counts say that its client holds."""
    sockets = state.sockets.connecting + state.sockets.open + state.sockets.closing
    return Inventory(
        moment,
        timers=_counted(state.timers, "timer"),
        connections=_counted(sockets, "WebSocket") + _counted(state.in_flight, "request"),
        media=_counted(state.peer_connections.made - state.peer_connections.released, "peer connection")
        + _counted(state.tracks.made - state.tracks.released, "media track"),
    )


def _counted(number: int, what: str) -> list[str]:
    return [f"{number} {what}{'s' if number > 1 else ''}"] if number > 0 else []


class DriverBench:
    """Runs cases against a fresh process each. `aclose` is not needed: nothing outlives a case."""

    def __init__(
        self, command: Sequence[str], system: System[Any], *, seed: int = 0, patience: float = 10.0
    ) -> None:
        """`patience`: real seconds that any answer of the driver may take. Raises DriverError."""
        self._patience = patience
        self._command = list(command)
        self._system = system
        self._seed = seed
        hello = asyncio.run(self._hello())
        self.name = hello.name
        self.version = hello.version
        self.capabilities = hello.capabilities
        self.labels = hello.notes

    async def _hello(self) -> Any:
        driver = await DriverClient.launch(self._command, seed=self._seed, patience=self._patience)
        async with driver:
            return driver.hello

    def observe(self, rule: Rule[Any], case: Case, transport: str) -> Observation:
        """As `Bench.observe`."""
        clock = SteppedClock()
        journal = Journal(clock)
        try:
            return asyncio.run(self._observe(rule, case, transport, clock, journal))
        except DriverError as error:
            return Observation(Recording(journal.events), f"the driver failed: {error}", seconds=clock.now())

    async def _observe(
        self, rule: Rule[Any], case: Case, transport: str, clock: SteppedClock, journal: Journal
    ) -> Observation:
        fake = self._system.make_fake(clock, journal, {**case.server, "seed": self._seed})
        try:
            await fake.listen()
            async with await DriverClient.launch(
                self._command, origin=clock.origin, seed=self._seed, patience=self._patience
            ) as driver:
                subject = DriverSubject(driver, journal)
                lab = Lab(
                    clock=clock,
                    journal=journal,
                    fake=fake,
                    client=subject,
                    time=DriverTime(clock, driver, fake.traffic),
                    options=_options(transport, driver.hello.modes),
                    horizon=HORIZON,
                )
                return await conduct(rule, case, lab, subject.aclose)
        finally:
            await fake.aclose()
