"""One virtual hour of the reference client at one result a second, start to stop.

The same client and the same fake, with leases, billing, tokens and journal, on two loops: ours, with the
network in memory, and looptime's, which also skips waiting but has its network on real loopback sockets.
Each measurement makes its loop, runs the hour, checks that the client saw 3600 results and that the stream
was kept alive, and ends everything. Beside it the same two loops with next to nothing on them, a bare aiohttp
server that sends a message a second to a WebSocket: how much of the hour is the loop's, how much the
fake's and the client's.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp import web

from benchmarks._harness import Aim, Contender, Outcome, Plan, processor_seconds, take_turns
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
BARE = "bare WebSocket"


def benchmark(plan: Plan) -> Outcome:
    """Run it."""
    seconds = 60 if plan.quick else HOUR
    contenders = [
        Contender(OURS, _timed(run, _session, seconds), ours=True),
        Contender(LOOPTIME, _timed(_on_looptime, _session, seconds)),
        Contender(f"{BARE}, {OURS}", _timed(run, _bare, seconds), ours=True),
        Contender(f"{BARE}, {LOOPTIME}", _timed(_on_looptime, _bare, seconds)),
    ]
    samples, not_run = take_turns(NAME, contenders, 1, plan)
    title = f"{seconds} virtual seconds of the reference client at 1 result/s"
    known = versions("aiohttp", "looptime", "time-machine")
    outcome = Outcome(NAME, title, "s", samples, not_run=not_run, versions=known)
    outcome.compare(OURS, LOOPTIME, "time", Aim("≤", 0.21))
    outcome.compare(f"{BARE}, {OURS}", f"{BARE}, {LOOPTIME}", "time")
    return outcome


def _timed(
    runner: Callable[[Any], Any], program: Callable[[int], Any], seconds: int
) -> Callable[[int], float]:
    def measure(_: int) -> float:
        started = processor_seconds()
        runner(lambda: program(seconds))
        return processor_seconds() - started

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


async def _bare(seconds: int) -> None:
    async def results(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        for number in range(seconds):
            await asyncio.sleep(1)
            await socket.send_str(f'{{"result": "a person walks by", "number": {number}}}')
        await socket.close()
        return socket

    app = web.Application()
    app.router.add_get("/results", results)
    runner = web.AppRunner(app, access_log=None)
    async with AsyncExitStack() as stack:
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        session = await stack.enter_async_context(aiohttp.ClientSession())
        socket = await stack.enter_async_context(session.ws_connect(f"http://{host}:{port}/results"))
        received = [message.data async for message in socket]
    if len(received) != seconds:
        raise RuntimeError(f"{len(received)} results")
