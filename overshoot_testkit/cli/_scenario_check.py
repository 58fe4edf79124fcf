"""What `scenario check` and `scenario list` do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from overshoot_testkit.cli._guard import UserError
from overshoot_testkit.clock import SteppedClock
from overshoot_testkit.documents import DocumentError
from overshoot_testkit.fakes.overshoot import OvershootFake
from overshoot_testkit.fakes.overshoot.profiles import load_profile, settings_from
from overshoot_testkit.reports import make_console
from overshoot_testkit.scenarios import load_scenario, play, shipped_scenarios

if TYPE_CHECKING:
    from collections.abc import Sequence

    from overshoot_testkit.scenarios import Scenario


def check(paths: Sequence[str]) -> int:
    """Say of each that it is in order. Raise `UserError` with all mistakes of all of them."""
    problems: list[str] = []
    console = make_console()
    for path in paths:
        try:
            scenario = load_scenario(path)
            rehearse(scenario)
        except DocumentError as error:
            problems += str(error).splitlines()
        else:
            counts = f"{len(scenario.faults)} faults, {len(scenario.checks)} checks"
            console.print(Text(f"{path}: {scenario.title} ({counts})"), soft_wrap=True)
    if problems:
        raise UserError("\n".join(problems))
    return 0


def rehearse(scenario: Scenario) -> None:
    """Set it up on a fake that nobody talks to. Raises DocumentError for what the fake does not have."""
    settings = scenario.configure(
        lambda settings, profile: settings_from(settings, base=load_profile(profile or "seed"))
    )
    play(scenario, OvershootFake(clock=SteppedClock(), settings=settings), configured=True)


def show() -> int:
    """List those that ship."""
    console = make_console()
    shipped = {name: load_scenario(path) for name, path in shipped_scenarios().items()}
    width = max(map(len, shipped))
    for name, scenario in shipped.items():
        console.print(Text.assemble((f"{name:<{width}}", "bold"), f"  {scenario.title}"), soft_wrap=True)
    return 0
