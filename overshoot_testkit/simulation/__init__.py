"""Virtual time and an in-memory network for unmodified asyncio programs."""

from overshoot_testkit.simulation._connection import Connection
from overshoot_testkit.simulation._errors import ClockHeldError, DeadlockError, SimulationError
from overshoot_testkit.simulation._link import Cut, Direction, Link
from overshoot_testkit.simulation._loop import VirtualTimeLoop
from overshoot_testkit.simulation._network import MemoryNetwork
from overshoot_testkit.simulation._ownership import Inventory, owner
from overshoot_testkit.simulation._run import run

__all__ = [
    "ClockHeldError",
    "Connection",
    "Cut",
    "DeadlockError",
    "Direction",
    "Inventory",
    "Link",
    "MemoryNetwork",
    "SimulationError",
    "VirtualTimeLoop",
    "owner",
    "run",
]
