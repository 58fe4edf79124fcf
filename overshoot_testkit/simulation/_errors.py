"""What goes wrong with the simulation itself, as opposed to the program in it."""

from __future__ import annotations


class SimulationError(RuntimeError):
    """The simulation cannot go on."""


class DeadlockError(SimulationError):
    """Nothing is ready, no timer is set and no real work is outstanding: the program can never go on.

    The text lists every pending task with file and line of where it waits.
    """


class ClockHeldError(SimulationError):
    """Real work (a thread, an executor, a `hold`) kept virtual time from moving for too long.

    The text names the work, since when it runs in real seconds, and what its thread is doing.
    """
