"""Every fault through respx and over the simulated network: the same answer or exception, just as late."""

from __future__ import annotations

import contextlib

import httpx
import pytest

from overshoot_testkit.bridges import route_to
from overshoot_testkit.fakes.overshoot import OvershootFake
from overshoot_testkit.faults import (
    Answer,
    Bandwidth,
    Blackhole,
    Delay,
    Deploy,
    Dribble,
    Drop,
    Hang,
    Latency,
    LimitData,
    Malform,
    Pass,
    RateLimit,
    Refuse,
    Reset,
    ResetConnection,
    RevokeKey,
    Slice,
    SlowClose,
    Steps,
    Truncate,
)
from overshoot_testkit.simulation import run

URL = "https://api.overshoot.ai/v0.2"
ON_REQUESTS = [
    Answer(402),
    Answer(429, headers={"Retry-After": "7"}),
    Answer(502, "<h1>Bad gateway</h1>"),
    Delay(3),
    Delay(7),
    Delay(3, "after"),
    Drop(),
    Drop("after"),
    Reset(),
    Reset("after"),
    Hang(),
    Hang("after"),
    Truncate(0),
    Truncate(10),
    Dribble(4),
    Dribble(40, 4),
    Malform("body"),
    Malform("chunk"),
    Malform("response"),
    RateLimit(1, 10),
    Steps((Pass(), Answer(503))),
    Latency(2),
    Latency(2, direction="up"),
    Latency(6),
    Bandwidth(100),
    Bandwidth(100, direction="up"),
    Slice(10, gap=0.1),
    LimitData(40),
    Blackhole(),
    Blackhole(2),
    Blackhole(direction="up"),
    SlowClose(2),
    ResetConnection(),
    ResetConnection(1),
]
ON_THE_SERVER = [Refuse(5), Deploy(5), Deploy(5, by="refusal"), RevokeKey()]


async def asked(through, action):
    """What a client sees of two calls, and when."""
    fake = OvershootFake()
    await fake.listen("api.overshoot.ai", 443)
    (fake.faults.now if action.kind == "state" else fake.faults.on)(action)
    seen = []
    headers = {"Authorization": f"Bearer {fake.api_key}"}
    with through(fake):
        for _ in range(2):
            async with httpx.AsyncClient(headers=headers, verify=False) as client:
                try:
                    answer = await client.get(f"{URL}/models")
                    told = answer.status_code, answer.text, answer.headers.get("Retry-After")
                except httpx.TransportError as error:
                    told = type(error)
            seen.append((told, round(fake.clock.now(), 6)))
    await fake.aclose()
    return seen


@pytest.mark.parametrize("action", [*ON_REQUESTS, *ON_THE_SERVER], ids=str)
def test_respx_and_the_network_tell_the_same(action):
    on_the_network = run(lambda: asked(lambda _: contextlib.nullcontext(), action))

    assert on_the_network == run(lambda: asked(route_to, action))
