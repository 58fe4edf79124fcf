"""The driver that docs/driver-protocol.md prints: who follows that page gets a driver that works."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from aiohttp import web

from overshoot_testkit.clients import DriverClient, ErrorReport

PAGE = Path(__file__).parents[2] / "docs" / "driver-protocol.md"


@pytest.fixture
async def bench(tmp_path, server, make_bench):
    (source,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    script = tmp_path / "driver.py"
    script.write_text(source, encoding="utf-8")
    async with await DriverClient.launch([sys.executable, str(script)]) as client:
        yield make_bench(client, server)


async def test_it_starts_keeps_alive_and_stops(bench):
    call = await bench.started()
    assert not call.pending
    assert "s1" == await bench.client.query("stream_id")

    await bench.until(60.0)
    await bench.client.call("stop")
    state = await bench.settle()

    assert [
        (0.0, "POST streams"),
        (22.5, "POST streams/s1/keepalive"),
        (45.0, "POST streams/s1/keepalive"),
        (60.0, "DELETE streams/s1"),
    ] == bench.server.requests
    assert (60.0, None, 0) == (state.now, state.next_timer, state.in_flight)
    assert await bench.client.query("is_active") is False


async def test_a_held_keepalive_does_not_stop_its_time(bench):
    bench.server.hold("streams/s1/keepalive")
    await bench.started()

    state = await bench.until(600.0)

    assert (1, 600.0) == (state.in_flight, state.now)


async def test_it_reports_what_start_raised(bench):
    bench.server.answers["streams"] = web.json_response({"error": "limit"}, status=429)

    call = await bench.started()

    error = call.done.result().error
    assert isinstance(error, ErrorReport)
    assert ("limit", 429) == (error.kind, error.status)


async def test_a_broken_keepalive_shows_in_the_state(bench):
    await bench.started()
    bench.server.answers["streams/s1/keepalive"] = web.Response(status=500)

    state = await bench.until(30.0)

    assert 1 == len(state.unhandled_rejections)


async def test_it_closes_when_asked(bench):
    await bench.client.aclose()

    assert 0 == bench.client._peer.process.exit_code
