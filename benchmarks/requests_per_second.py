"""Keepalives a second: the fake with everything on, and what else answers requests in tests.

Each pair that is compared has the same client and the same transport. Requests are sequential on one
connection that is kept open; client and server share a thread except for pytest-httpserver, which brings its
own. Each answer is read and its status checked.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp import web

from benchmarks._harness import Aim, Contender, Outcome, Plan, processor_seconds, take_turns
from benchmarks._peers import versions
from overshoot_testkit.fakes.overshoot import OvershootFake
from overshoot_testkit.simulation import run

if TYPE_CHECKING:
    from collections.abc import Callable

NAME = "requests"
TITLE = "keepalives a second, sequential (fake: auth, leases, billing and journal on)"
LOOPBACK, MEMORY = "loopback", "in memory"
WARM_UP = 20

FAKE, BARE, BARE_LOW = "fake", "bare aiohttp", "bare aiohttp (no router, constant answer)"
NATIVE = "fake, native stream (mints a token each time)"

STREAM = "0f8a6e1c-3c35-4a52-9b9e-0d8a2a1f5c11"
PATH = f"/v0.2/streams/{STREAM}/keepalive"
KEY = {"Authorization": "Bearer ovs_test"}
ANSWER = {
    "status": "ok",
    "stream_id": STREAM,
    "ttl_seconds": 45,
    "credits_remaining_cents": 1000,
    "cost_cents": 0.0,
    "seconds_charged": 0.0,
    "state": "active",
}
"""What a fixed answer would be, of the length of a real one."""

INFERENCE = {"prompt": "Describe what you see", "model": "Qwen/Qwen3.5-9B"}
ORDER: dict[str, Any] = {"mode": "frame", "processing": {"interval_seconds": 2.0}, "inference": INFERENCE}
SDP = "v=0\r\nm=video 5004 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\n"
PLAIN = ORDER | {"source": {"type": "webrtc", "sdp": SDP}}
"""A stream without a LiveKit token."""


def benchmark(plan: Plan) -> Outcome:
    """Run it."""
    contenders = [
        Contender(f"{FAKE}, {LOOPBACK}", _on_loopback(_fake, PLAIN), ours=True),
        Contender(f"{BARE}, {LOOPBACK}", _on_loopback(_bare), ours=True),
        Contender(f"{BARE_LOW}, {LOOPBACK}", _on_loopback(_bare_low), ours=True),
        Contender("pytest-httpserver, loopback", _pytest_httpserver),
        Contender(f"{FAKE}, {MEMORY}", _in_memory(_fake, PLAIN), ours=True),
        Contender(f"{BARE}, {MEMORY}", _in_memory(_bare), ours=True),
        Contender("aioresponses", lambda count: asyncio.run(aioresponses_client(count))),
        Contender(
            f"{FAKE}, {LOOPBACK}, httpx", lambda count: asyncio.run(_httpx_client(count, _fake, PLAIN))
        ),
        Contender(f"{BARE}, {LOOPBACK}, httpx", lambda count: asyncio.run(_httpx_client(count, _bare))),
        Contender("respx, httpx", lambda count: asyncio.run(_respx(count))),
        Contender(f"{NATIVE}, {LOOPBACK}", _on_loopback(_fake, ORDER), ours=True),
        Contender(f"{NATIVE}, {MEMORY}", _in_memory(_fake, ORDER), ours=True),
    ]
    # Short turns, so that those who are compared meet the same moment of a busy machine.
    turns = plan if plan.quick else Plan(rounds=3 * plan.rounds)
    samples, not_run = take_turns(NAME, contenders, 30 if plan.quick else 500, turns)
    known = versions("aiohttp", "pytest-httpserver", "aioresponses", "httpx", "respx", "livekit-api")
    outcome = Outcome(NAME, TITLE, "per second", samples, not_run=not_run, versions=known)
    aim = Aim("≥", 0.85)
    for transport in (LOOPBACK, MEMORY):
        outcome.compare(f"{FAKE}, {transport}", f"{BARE}, {transport}", "rate", aim)
    outcome.compare(f"{FAKE}, {LOOPBACK}", f"{BARE_LOW}, {LOOPBACK}", "rate")
    outcome.compare(f"{FAKE}, {LOOPBACK}", "pytest-httpserver, loopback", "rate")
    outcome.compare(f"{FAKE}, {MEMORY}", "aioresponses", "rate")
    outcome.compare(f"{FAKE}, {LOOPBACK}, httpx", f"{BARE}, {LOOPBACK}, httpx", "rate")
    outcome.compare(f"{FAKE}, {LOOPBACK}, httpx", "respx, httpx", "rate")
    for transport in (LOOPBACK, MEMORY):
        outcome.compare(f"{NATIVE}, {transport}", f"{FAKE}, {transport}", "rate")
    return outcome


def _on_loopback(server: Callable[..., Any], *args: Any) -> Callable[[int], float]:
    return lambda count: asyncio.run(_aiohttp_client(count, server, *args))


def _in_memory(server: Callable[..., Any], *args: Any) -> Callable[[int], float]:
    return lambda count: run(_aiohttp_client(count, server, *args))


async def _aiohttp_client(count: int, server: Callable[..., Any], *args: Any) -> float:
    async with AsyncExitStack() as stack:
        url, headers = await server(stack, *args)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        return await _post_all(session, url, headers, count)


async def _post_all(session: aiohttp.ClientSession, url: str, headers: dict[str, str], count: int) -> float:
    for left in range(count + WARM_UP, 0, -1):
        if left == count:
            started = processor_seconds()
        async with session.post(url, headers=headers) as answer:
            await answer.read()
        if answer.status != 200:
            raise RuntimeError(f"answered {answer.status}")
    return processor_seconds() - started


# --- servers: each is started on the stack, and returns the URL to post to and the headers -----------------


async def _fake(stack: AsyncExitStack, order: dict[str, Any]) -> tuple[str, dict[str, str]]:
    fake = await stack.enter_async_context(OvershootFake())
    headers = {"Authorization": f"Bearer {fake.api_key}"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{fake.base_url}/streams", json=order, headers=headers) as answer,
    ):
        created = await answer.json()
    return f"{fake.base_url}/streams/{created['stream_id']}/keepalive", headers


async def _bare(stack: AsyncExitStack) -> tuple[str, dict[str, str]]:
    """An application with one route that answers JSON: what one writes without any of this."""

    async def keepalive(_: web.Request) -> web.Response:
        return web.json_response(ANSWER)

    app = web.Application()
    app.router.add_post("/v0.2/streams/{stream_id}/keepalive", keepalive)
    return await _served(stack, web.AppRunner(app, access_log=None))


async def _bare_low(stack: AsyncExitStack) -> tuple[str, dict[str, str]]:
    """The low-level server, which looks at nothing: no server on aiohttp can be faster."""

    async def keepalive(_: web.BaseRequest) -> web.Response:
        return web.Response(body=b'{"status":"ok"}', content_type="application/json")

    return await _served(stack, web.ServerRunner(web.Server(keepalive, access_log=None)))


async def _served(stack: AsyncExitStack, runner: web.BaseRunner) -> tuple[str, dict[str, str]]:
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    return f"http://{host}:{port}{PATH}", KEY


# --- peers ---------------------------------------------------------------------------------------------


def _pytest_httpserver(count: int) -> float:
    from pytest_httpserver import HTTPServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line a request on stderr is not the subject
    with HTTPServer() as server:
        server.expect_request(PATH, method="POST").respond_with_json(ANSWER)

        async def client() -> float:
            async with aiohttp.ClientSession() as session:
                return await _post_all(session, server.url_for(PATH), KEY, count)

        return asyncio.run(client())


async def aioresponses_client(count: int) -> float:
    from aioresponses import aioresponses

    url = f"https://api.overshoot.ai{PATH}"
    async with aiohttp.ClientSession() as session:
        with aioresponses() as mocked:
            mocked.post(url, payload=ANSWER, repeat=True)
            return await _post_all(session, url, KEY, count)


async def _respx(count: int) -> float:
    import httpx
    import respx

    url = f"https://api.overshoot.ai{PATH}"
    with respx.mock:
        respx.post(url).respond(200, json=ANSWER)
        async with httpx.AsyncClient() as client:
            return await _httpx_post_all(client, url, KEY, count)


async def _httpx_client(count: int, server: Callable[..., Any], *args: Any) -> float:
    import httpx

    async with AsyncExitStack() as stack:
        url, headers = await server(stack, *args)
        client = await stack.enter_async_context(httpx.AsyncClient())
        return await _httpx_post_all(client, url, headers, count)


async def _httpx_post_all(client: Any, url: str, headers: dict[str, str], count: int) -> float:
    for left in range(count + WARM_UP, 0, -1):
        if left == count:
            started = processor_seconds()
        answer = await client.post(url, headers=headers)
        if answer.status_code != 200:
            raise RuntimeError(f"answered {answer.status_code}")
    return processor_seconds() - started
