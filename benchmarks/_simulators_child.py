"""The half of `simulators` that runs in the other interpreter: prints its samples as JSON.

Needs nothing but aiohttp, time-machine and the peers; imports nothing of ours but `simulation`.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp import web

from benchmarks._harness import Contender, Plan, processor_seconds, take_turns
from benchmarks._peers import versions
from benchmarks.simulators import LOOPTIME, NAME, OURS
from overshoot_testkit.simulation import run

if TYPE_CHECKING:
    from collections.abc import Callable


async def hour(seconds: int, host: str = "127.0.0.1", port: int = 8080) -> None:
    """A server, and a client that asks it once a second over one connection."""

    async def answer(_: web.Request) -> web.Response:
        return web.json_response({"result": "a person walks by", "ok": True})

    app = web.Application()
    app.router.add_post("/result", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    port = port or runner.addresses[0][1]
    answers = 0
    async with aiohttp.ClientSession() as session:
        for _ in range(seconds):
            async with session.post(f"http://{host}:{port}/result") as reply:
                answers += (await reply.json())["ok"]
            await asyncio.sleep(1)
    await runner.cleanup()
    passed = asyncio.get_running_loop().time()
    if answers != seconds or passed < seconds:
        raise RuntimeError(f"{answers} answers in {passed} virtual seconds")


def on_looptime(main: Callable[[], Any]) -> None:
    import looptime

    loop = looptime.new_event_loop()
    try:
        loop.run_until_complete(main())
    finally:
        loop.close()


def on_simloop(main: Callable[[], Any]) -> None:
    import simloop

    # The documented way to run a workload; it returns a report if the run failed.
    report = simloop.explore(main, [0])
    if report is not None:
        raise RuntimeError(report.render())


def on_simloom(main: Callable[[], Any]) -> None:
    import simloom

    simloom.run(main, seed=0)


def timed(runner: Callable[[Any], Any], *args: Any) -> Callable[[int], float]:
    def measure(_: int) -> float:
        started = processor_seconds()
        runner(lambda: hour(*args))
        return processor_seconds() - started

    return measure


def main() -> None:
    seconds, rounds = map(int, sys.argv[1:])
    contenders = [
        Contender(OURS, timed(run, seconds), ours=True),
        # On loopback the system chooses a free port.
        Contender(LOOPTIME, timed(on_looptime, seconds, "127.0.0.1", 0)),
        # aiohttp does not reach 127.0.0.1 in simloop 0.2, but it does reach the same host by its name.
        Contender("simloop", timed(on_simloop, seconds, "localhost")),
        Contender("simloom", timed(on_simloom, seconds)),
    ]
    samples, not_run = take_turns(NAME, contenders, 1, Plan(rounds=rounds))
    known = versions("aiohttp", "time-machine", "looptime", "simloop", "simloom")
    json.dump({"samples": samples, "not_run": not_run, "versions": known}, sys.stdout)


if __name__ == "__main__":
    main()
