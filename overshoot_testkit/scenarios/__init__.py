"""Faults in words and in JSON, and scenarios: schedules of faults and checks, from files.

A name is imported when it is used: building the models behind some takes a while.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from overshoot_testkit.scenarios._catalogue import ActionDoc, FieldDoc, catalogue, triggers
    from overshoot_testkit.scenarios._checks import Check
    from overshoot_testkit.scenarios._json import (
        describe_action,
        describe_fault,
        describe_spec,
        fault_from,
    )
    from overshoot_testkit.scenarios._play import Outcome, Playing, play
    from overshoot_testkit.scenarios._scenario import (
        Scenario,
        load_scenario,
        scenario_from,
        scenario_schema,
        shipped_scenarios,
    )
    from overshoot_testkit.scenarios._schema import vocabulary
    from overshoot_testkit.scenarios._spec import FaultSpec
    from overshoot_testkit.scenarios._subject import Scripted, Subject
    from overshoot_testkit.scenarios._words import fault_from_words

__all__ = [
    "ActionDoc",
    "Check",
    "FaultSpec",
    "FieldDoc",
    "Outcome",
    "Playing",
    "Scenario",
    "Scripted",
    "Subject",
    "catalogue",
    "describe_action",
    "describe_fault",
    "describe_spec",
    "fault_from",
    "fault_from_words",
    "load_scenario",
    "play",
    "scenario_from",
    "scenario_schema",
    "shipped_scenarios",
    "triggers",
    "vocabulary",
]

_HOMES = {
    "_catalogue": ("ActionDoc", "FieldDoc", "catalogue", "triggers"),
    "_checks": ("Check",),
    "_json": ("describe_action", "describe_fault", "describe_spec", "fault_from"),
    "_play": ("Outcome", "Playing", "play"),
    "_scenario": ("Scenario", "load_scenario", "scenario_from", "scenario_schema", "shipped_scenarios"),
    "_schema": ("vocabulary",),
    "_spec": ("FaultSpec",),
    "_subject": ("Scripted", "Subject"),
    "_words": ("fault_from_words",),
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(importlib.import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
