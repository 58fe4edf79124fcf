"""What the installed plugin costs a project that does not use it, in `pytest --collect-only`.

Two pairs. As users have it: all installed plugins are loaded, with and without ours
(`-p no:overshoot_testkit`). And alone: no plugin is loaded but ours, or none, so that ours pays for all that
it imports itself. Each measurement is a whole process; the figures are the differences within a round.

Measured in processor time where the system tells that of ended processes, otherwise in real time.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks._harness import Aim, Contender, Figure, Outcome, Plan, take_turns
from benchmarks._peers import versions

if TYPE_CHECKING:
    from collections.abc import Callable

NAME = "unused-plugin"
PLUGIN = "overshoot_testkit"
TESTS = "import pytest\n\n\n@pytest.mark.parametrize('number', range(20))\ndef test_it(number):\n    pass\n"


def benchmark(plan: Plan) -> Outcome:
    """Run it."""
    if not any(point.name == PLUGIN for point in entry_points(group="pytest11")):
        raise RuntimeError("the plugin is not installed: pip install -e .")
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        (home / "test_one.py").write_text(TESTS, encoding="utf-8")
        (home / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        pairs = {
            "all installed plugins": (("-p", f"no:{PLUGIN}"), (), False),
            "no other plugin": ((), ("-p", PLUGIN), True),
        }
        contenders = []
        for what, (without, with_it, alone) in pairs.items():
            contenders.append(Contender(f"without, {what}", _collect(home, without, alone=alone), ours=True))
            contenders.append(Contender(f"with, {what}", _collect(home, with_it, alone=alone), ours=True))
        # A process is noisy and quick: more rounds.
        rounds = Plan(rounds=plan.rounds if plan.quick else 3 * plan.rounds)
        samples, _ = take_turns(NAME, contenders, 1, rounds)
    outcome = Outcome(NAME, "pytest --collect-only of 20 tests, a whole process", "ms", samples)
    outcome.versions = versions("pytest", "pluggy")
    for what in pairs:
        values = zip(samples[f"with, {what}"], samples[f"without, {what}"], strict=True)
        costs = [1e3 * (with_it - without) for with_it, without in values]
        outcome.figures.append(Figure(f"cost of the unused plugin, {what}", costs, "ms", Aim("≤", 20)))
    return outcome


def _seconds() -> float:
    if sys.platform == "win32":
        return time.perf_counter()
    import resource

    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _collect(home: Path, arguments: tuple[str, ...], *, alone: bool) -> Callable[[int], float]:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "OVERSHOOT_"))
    }
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # or each process would compile what changed since
    if alone:
        environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *arguments]

    def measure(_: int) -> float:
        started = _seconds()
        answer = subprocess.run(
            command, cwd=home, env=environment, capture_output=True, text=True, check=False
        )
        seconds = _seconds() - started
        if answer.returncode != 0 or "20 tests collected" not in answer.stdout:
            raise RuntimeError(
                f"pytest failed with exit code {answer.returncode}:\n{answer.stdout}{answer.stderr}"
            )
        return seconds

    return measure
