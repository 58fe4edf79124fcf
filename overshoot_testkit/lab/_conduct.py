"""One case from its scenario to an observation; the same wherever the client runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from overshoot_testkit.clients import DriverError
from overshoot_testkit.journal import Recording
from overshoot_testkit.lab._engine import Observation
from overshoot_testkit.lab._flood import cut_short
from overshoot_testkit.lab._lab import NotStartedError
from overshoot_testkit.simulation import SimulationError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from overshoot_testkit.lab._lab import Lab
    from overshoot_testkit.lab._rule import Case, Rule
    from overshoot_testkit.lab._verdict import Outcome


async def conduct(
    rule: Rule[Any], case: Case, lab: Lab[Any], wind_up: Callable[[], Awaitable[object]]
) -> Observation:
    """Run the scenario, then `wind_up` (release the client), then close the fake.

    What happens while winding up is not evidence. Raises SimulationError and DriverError, which leave nothing
    to go on with; every other exception is the observation's problem.
    """
    problem: str | None = None
    outcome: Outcome = "harness_error"
    try:
        with cut_short(lab.journal) as flood:
            await rule.scenario(lab, case)
    except NotStartedError as error:
        problem, outcome = str(error), "not_judged"
    except (SimulationError, DriverError):
        raise
    except Exception as error:  # noqa: BLE001 - a broken scenario is the harness's failure, said as such
        problem = f"the scenario broke: {told(error)}"
    recording = Recording(lab.journal.events[:])
    unfired = tuple(str(fault) for fault in lab.faults.unfired())
    seconds = lab.clock.now()
    if flood.came:
        problem, outcome = str(flood), "harness_error"
    try:
        await wind_up()
        await lab.fake.aclose()
    except ExceptionGroup as errors:
        problem, outcome = f"{errors.message}: {', '.join(map(told, errors.exceptions))}", "harness_error"
    return Observation(recording, problem, outcome, unfired, seconds, evidence=flood.came)


def told(error: BaseException) -> str:
    """An exception in a line."""
    return f"{type(error).__name__}: {error}"
