"""Strategies and a stateful machine for hypothesis; the extra `hypothesis` installs it."""

from __future__ import annotations

try:
    import hypothesis as _hypothesis  # noqa: F401 - to say what to do where it is missing
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "overshoot_testkit.strategies needs hypothesis, which is not installed: "
        "pip install 'overshoot-testkit[hypothesis]'",
        name=error.name,
    ) from error

from overshoot_testkit.strategies._faults import ROUTES, fault_schedules, faults
from overshoot_testkit.strategies._machine import OvershootMachine
from overshoot_testkit.strategies._requests import Invalid, create_requests, invalid_create_requests, prompts
from overshoot_testkit.strategies._results import results, scripts

__all__ = [
    "ROUTES",
    "Invalid",
    "OvershootMachine",
    "create_requests",
    "fault_schedules",
    "faults",
    "invalid_create_requests",
    "prompts",
    "results",
    "scripts",
]
