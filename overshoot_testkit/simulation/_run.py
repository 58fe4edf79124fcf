"""`asyncio.run` in virtual time."""

from __future__ import annotations

import asyncio
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
) -> T:
    """Run a coroutine, or what a function makes of it, on a new `VirtualTimeLoop`, and return its result.

    `seed`: see `VirtualTimeLoop`; None leaves randomness alone. `origin`: wall time at the start, in unix
    seconds. `hold_limit`: real seconds. Tasks that are left are cancelled and waited for, as by
    `asyncio.run`.
    """

    def new_loop() -> VirtualTimeLoop:
        return VirtualTimeLoop(seed=seed, origin=origin, hold_limit=hold_limit)

    with asyncio.Runner(loop_factory=new_loop) as runner:
        if not callable(main):
            return runner.run(main)
        # A plain function may need the running loop; a coroutine function keeps its name in error texts.
        return runner.run(main() if inspect.iscoroutinefunction(main) else _call(main))


async def _call(main: Callable[[], Coroutine[Any, Any, T]]) -> T:
    return await main()
