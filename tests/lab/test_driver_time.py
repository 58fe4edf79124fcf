"""Time for a client in another process, while a fault holds bytes back: a real SDK against the fake."""

from __future__ import annotations

import pytest

from overshoot_testkit.clients import DriverClient, Options, Target
from overshoot_testkit.clients._node import node_command
from overshoot_testkit.clients._npm import fetch_package
from overshoot_testkit.clock import SteppedClock
from overshoot_testkit.fakes.overshoot import OvershootFake
from overshoot_testkit.faults import Blackhole, Latency, StallSocket
from overshoot_testkit.journal import Request, SocketMessage
from overshoot_testkit.lab._driver_time import DriverTime

SDK = "@overshoot/sdk"
OPTIONS = Options(
    transport="webrtc", mode="clip", interval_seconds=None, clip_length_seconds=1.0, delay_seconds=2.0
)


@pytest.fixture(scope="module")
def command():
    with fetch_package(f"{SDK}@0.1.0-alpha.2") as folder:
        yield node_command(SDK, folder)


async def test_time_passes_while_bytes_are_held_and_both_sides_agree_again_afterwards(command):
    fake = OvershootFake(SteppedClock())
    results = []
    async with fake, await DriverClient.launch(command, origin=fake.clock.origin) as driver:
        driver.on_result = lambda _: results.append(fake.clock.now())
        time = DriverTime(fake.clock, driver, fake.traffic)
        fake.faults.on(Latency(3))
        call = await driver.start(Target(fake.base_url, fake.api_key), OPTIONS)

        # The 201 comes at 3 s, and each result 3 s after it was sent.
        assert not await time.pass_until(2.9, lambda: not call.pending)
        assert await time.pass_until(3, lambda: not call.pending)
        await time.pass_until(20)
        sent = [each.at for each in fake.journal.of(SocketMessage, direction="out")]
        assert [round(at + 3, 6) for at in sent if at + 3 <= 20] == [round(at, 6) for at in results]
        assert 5 == len(results)

        fake.faults.clear()
        fake.faults.on(Blackhole(), route="keepalive")
        await time.pass_until(60)
        state = await time.settle()
        assert (2, 2, 0) == (fake.traffic.held, state.in_flight, fake.traffic.requests_open)
        fake.faults.clear()
        state = await time.settle()
        assert (0, state.in_flight) == (fake.traffic.held, fake.traffic.requests_open)

        before = len(results)
        fake.faults.now(StallSocket())
        await time.pass_until(fake.clock.now() + 20)
        assert (before, 1) == (len(results), fake.traffic.held)
    assert "keepalive" in {each.route for each in fake.journal.of(Request)}
