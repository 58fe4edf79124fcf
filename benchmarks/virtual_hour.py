"""One virtual hour of the reference client at one result a second, start to stop.

The same client and the same fake, with leases, billing, tokens and journal, on two loops: ours, with the
network in memory, and looptime's, which also skips waiting but has its network on real loopback sockets.
Each measurement makes its loop, runs the hour, checks that the client saw 3600 results and that the stream
was kept alive, and ends everything.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from benchmarks._harness import Aim, Contender, Outcome, Plan, take_turns
from benchmarks._peers import versions
from overshoot_testkit.clients import Options, Target
from overshoot_testkit.clients.reference import ReferenceClient
from overshoot_testkit.fakes.overshoot import OvershootFake
from overshoot_testkit.simulation import run

if TYPE_CHECKING:
    from collections.abc import Callable

NAME = "hour"
HOUR = 3600
OURS, LOOPTIME = "simulation, in memory", "looptime, loopback"


def benchmark(plan: Plan) -> Outcome:
    """Run it."""
    seconds = 60 if plan.quick else HOUR
    contenders = [
        Contender(OURS, _timed(seconds, run), ours=True),
        Contender(LOOPTIME, _timed(seconds, _on_looptime)),
    ]
    samples, not_run = take_turns(NAME, contenders, 1, plan)
    title = f"{seconds} virtual seconds of the reference client at 1 result/s"
    known = versions("aiohttp", "looptime", "time-machine")
    outcome = Outcome(NAME, title, "s", samples, not_run=not_run, versions=known)
    outcome.compare(OURS, LOOPTIME, "time", Aim("≤", 0.21))
    return outcome


def _timed(seconds: int, runner: Callable[[Any], Any]) -> Callable[[int], float]:
    def measure(_: int) -> float:
        started = time.perf_counter()
        runner(lambda: _session(seconds))
        return time.perf_counter() - started

    return measure


def _on_looptime(main: Callable[[], Any]) -> None:
    import looptime

    loop = looptime.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(main())
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        asyncio.set_event_loop(None)
        loop.close()


async def _session(seconds: int) -> None:
    results: list[Any] = []
    errors: list[Any] = []
    async with OvershootFake() as fake:
        client = ReferenceClient()
        target = Target(fake.base_url, fake.api_key)
        await client.start(target, Options(interval_seconds=1.0), results.append, errors.append)
        # Results come at 1 s, 2 s, …; half a second after the last one nothing else is due.
        await asyncio.sleep(seconds + 0.5)
        await client.stop()
        [stream] = fake.streams
    if len(results) < seconds or errors or stream.ended_reason != "client_requested":
        raise RuntimeError(f"{len(results)} results, errors {errors}, ended as {stream.ended_reason}")
