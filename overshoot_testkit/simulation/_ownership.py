"""Who made what: tasks, timers and connections by owner, to find what a client leaves behind."""

from __future__ import annotations

import asyncio
import sys
import weakref
from contextvars import Context, ContextVar
from dataclasses import dataclass
from typing import Any

from overshoot_testkit.simulation._stacks import describe_callback, describe_task

owner: ContextVar[str] = ContextVar("overshoot_testkit_owner", default="")
"""Whose code is running: what is made in a context that has it set is that owner's."""


@dataclass(frozen=True, slots=True)
class Inventory:
    """What one owner still has open, each line with the file and line it points to; false when empty."""

    tasks: tuple[str, ...] = ()
    timers: tuple[str, ...] = ()
    connections: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.tasks or self.timers or self.connections)

    def __str__(self) -> str:
        kinds = (("task", self.tasks), ("timer", self.timers), ("connection", self.connections))
        return "\n".join(f"{kind}: {line}" for kind, lines in kinds for line in lines) or "nothing"


class TaskOwners:
    """All tasks in the order of their making, and the owner of each at that moment.

    asyncio keeps them in a set, so its order is different in each process. Python 3.11 has no way to ask a
    task for its context; and a task may change the owner for what it makes without giving itself away.
    """

    def __init__(self) -> None:
        self._owners: weakref.WeakKeyDictionary[asyncio.Task[Any], str] = weakref.WeakKeyDictionary()

    def note(self, task: asyncio.Task[Any], context: Context | None) -> None:
        self._owners[task] = owner.get() if context is None else context.get(owner, "")

    def of(self, task: asyncio.Task[Any]) -> str:
        known = self._owners.get(task)
        if known is None and sys.version_info >= (3, 12):
            # Made past the loop, as aiohttp makes its eager tasks.
            known = task.get_context().get(owner)
        return known or ""

    def pending(self, loop: asyncio.AbstractEventLoop) -> list[asyncio.Task[Any]]:
        """Tasks that are not done, oldest first; behind them, by name, those that were made past the loop."""
        left = asyncio.all_tasks(loop)
        noted = [task for task in self._owners if task in left]
        return noted + sorted(left.difference(noted), key=asyncio.Task.get_name)


def tasks_of(name: str, owners: TaskOwners, loop: asyncio.AbstractEventLoop) -> tuple[str, ...]:
    """Pending tasks of an owner, the running one left out."""
    running = asyncio.current_task(loop) if loop.is_running() else None
    mine = (task for task in owners.pending(loop) if task is not running and owners.of(task) == name)
    return tuple(map(describe_task, mine))


def timers_of(
    name: str, scheduled: list[asyncio.TimerHandle], loop: asyncio.AbstractEventLoop
) -> tuple[str, ...]:
    """Timers of an owner that are set and not cancelled, by when they are due."""
    mine = []
    for handle in sorted(scheduled, key=asyncio.TimerHandle.when):
        # Handle keeps these two under private names only; they are the same from Python 3.7 on.
        context: Context = handle._context  # type: ignore[attr-defined] # noqa: SLF001
        callback, args = handle._callback, handle._args  # type: ignore[attr-defined] # noqa: SLF001
        if handle.cancelled() or context.get(owner, "") != name or is_internal(callback):
            continue
        mine.append(f"{describe_callback(callback, tuple(args or ()), loop)}, due at {handle.when():g} s")
    return tuple(mine)


def is_internal(callback: object) -> bool:
    """True for the simulation's own timers: bytes in flight run in their receiver's context."""
    module = getattr(callback, "__module__", None) or ""
    return module.startswith("overshoot_testkit.simulation.")
