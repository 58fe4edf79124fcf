"""A bench for Python clients: each case on a virtual-time loop of its own, in memory."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from overshoot_testkit.clients import Options
from overshoot_testkit.clock import LoopClock
from overshoot_testkit.journal import Journal, Note, Recording
from overshoot_testkit.lab._conduct import conduct, told
from overshoot_testkit.lab._engine import Observation
from overshoot_testkit.lab._lab import Lab
from overshoot_testkit.lab._subject import InProcessSubject
from overshoot_testkit.lab._time import LoopTime
from overshoot_testkit.simulation import SimulationError, VirtualTimeLoop, run

if TYPE_CHECKING:
    from collections.abc import Callable

    from overshoot_testkit.clients import Client
    from overshoot_testkit.lab._rule import Case, Rule
    from overshoot_testkit.lab._systems import System


RELEASE_LIMIT = 60.0
"""Seconds of the clock that an adapter may take to release itself after the verdict."""


class InProcessBench:
    """Runs cases against a fresh client each, on virtual time."""

    def __init__(
        self,
        factory: Callable[[], Client],
        system: System[Any],
        *,
        seed: int = 0,
        hold_limit: float = 10.0,
        spin_limit: int = 50_000,
        horizon: float = 86_400.0,
    ) -> None:
        """`hold_limit`, `spin_limit`: how long a client may keep time from moving; see `simulation.run`.

        `horizon`: see `Lab.horizon`.
        """
        self._factory = factory
        self._system = system
        self._seed = seed
        self._horizon = horizon
        self._limits: dict[str, Any] = {"hold_limit": hold_limit, "spin_limit": spin_limit}
        sample = factory()
        self.name = sample.name
        self.version = sample.version
        self.capabilities = frozenset(sample.capabilities)
        self.labels: tuple[str, ...] = tuple(getattr(sample, "labels", ()))

    def observe(self, rule: Rule[Any], case: Case, transport: str) -> Observation:
        """As `Bench.observe`. Whatever goes wrong is the observation's problem, not an exception."""
        kept: list[Journal] = []
        try:
            return run(lambda: self._observe(rule, case, transport, kept), seed=self._seed, **self._limits)
        except SimulationError as error:
            return Observation(Recording(kept[0].events if kept else ()), str(error))

    async def _observe(self, rule: Rule[Any], case: Case, transport: str, kept: list[Journal]) -> Observation:
        loop = asyncio.get_running_loop()
        if not isinstance(loop, VirtualTimeLoop):
            raise TypeError("cases in process run on a VirtualTimeLoop")
        clock = LoopClock(loop)
        journal = Journal(clock)
        kept.append(journal)
        loop.set_exception_handler(lambda _, context: journal.add(Note(_complaint(context))))
        try:
            subject = InProcessSubject(self._factory(), journal, loop)
        except Exception as error:  # noqa: BLE001 - it made a client before, when the bench was made
            return Observation(Recording(), f"the client could not be made again: {told(error)}")
        loop.network.add_host(self._system.host)
        fake = self._system.make_fake(clock, journal, {**case.server, "seed": self._seed})
        await fake.listen(self._system.host, 443)
        lab = Lab(
            clock=clock,
            journal=journal,
            fake=fake,
            client=subject,
            time=LoopTime(clock, journal),
            options=Options(transport=transport),  # type: ignore[arg-type]  # checked against the capabilities
            horizon=self._horizon,
        )

        async def release() -> None:
            with contextlib.suppress(Exception):
                async with asyncio.timeout(RELEASE_LIMIT):
                    await subject.aclose()

        return await conduct(rule, case, lab, release)


def _complaint(context: dict[str, Any]) -> str:
    """What asyncio would have logged of a failure that nobody waited for."""
    error = context.get("exception")
    what = f": {told(error)}" if error else ""
    return f"{context.get('message', 'unhandled')}{what}"
