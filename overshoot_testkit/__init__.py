"""Tests for clients of Overshoot's real-time vision API: a fake of it, fixtures, a conformance suite.

The names below are what most programs need; each is imported when it is first used, so that the pytest plugin
costs nothing where it is only installed. The packages hold the rest: `faults`, `journal`, `simulation`,
`fakes.overshoot`, `clients`, `lab`, `reports`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from overshoot_testkit.clients import Client, ClientError, ErrorReport, Options, Target
    from overshoot_testkit.clients.reference import ReferenceClient
    from overshoot_testkit.clock import Clock, LoopClock, SteppedClock
    from overshoot_testkit.fakes.overshoot import Account, OvershootFake, Settings
    from overshoot_testkit.faults import FaultPlan
    from overshoot_testkit.journal import Journal, Recording
    from overshoot_testkit.simulation import VirtualTimeLoop, run

__all__ = [
    "Account",
    "Client",
    "ClientError",
    "Clock",
    "ErrorReport",
    "FaultPlan",
    "Journal",
    "LoopClock",
    "Options",
    "OvershootFake",
    "Recording",
    "ReferenceClient",
    "Settings",
    "SteppedClock",
    "Target",
    "VirtualTimeLoop",
    "run",
]

_HOMES = {
    "clients": ("Client", "ClientError", "ErrorReport", "Options", "Target"),
    "clients.reference": ("ReferenceClient",),
    "clock": ("Clock", "LoopClock", "SteppedClock"),
    "fakes.overshoot": ("Account", "OvershootFake", "Settings"),
    "faults": ("FaultPlan",),
    "journal": ("Journal", "Recording"),
    "simulation": ("VirtualTimeLoop", "run"),
}


def __getattr__(name: str) -> Any:
    for package, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{package}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *__all__]
