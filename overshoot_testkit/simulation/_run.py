"""`asyncio.run` in virtual time."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, TypeVar

from overshoot_testkit.clock import EPOCH
from overshoot_testkit.simulation._loop import VirtualTimeLoop

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

T = TypeVar("T")


def run(
    main: Coroutine[Any, Any, T] | Callable[[], Coroutine[Any, Any, T]],
    *,
    seed: int | None = 0,
    origin: float = EPOCH,
    hold_limit: float = 30.0,
    spin_limit: int = 1_000_000,
) -> T:
    """Run a coroutine, or what a function makes of it, on a new `VirtualTimeLoop`, and return its result.

    `seed`: see `VirtualTimeLoop`; None leaves randomness alone. `origin`: wall time at the start, in unix
    seconds. `hold_limit`: real seconds for which real work may hold the clock; `spin_limit`: turns of the
    loop without time moving; beyond either, ClockHeldError. Tasks that are left are cancelled and waited
    for, as by `asyncio.run`; unlike by it, the thread's current event loop stays what it was.
    """
    loop = VirtualTimeLoop(seed=seed, origin=origin, hold_limit=hold_limit, spin_limit=spin_limit)
    try:
        if not callable(main):
            return loop.run_until_complete(main)
        # A plain function may need the running loop; a coroutine function keeps its name in error texts.
        return loop.run_until_complete(main() if inspect.iscoroutinefunction(main) else _call(main))
    finally:
        _wind_up(loop)


def _wind_up(loop: VirtualTimeLoop) -> None:
    try:
        loop.cancel_all()
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
    finally:
        loop.close()


async def _call(main: Callable[[], Coroutine[Any, Any, T]]) -> T:
    return await main()
