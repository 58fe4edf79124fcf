"""One virtual day of keepalives: as many as there must be, to the last cent and second."""

from __future__ import annotations

import aiohttp

from overshoot_testkit.fakes.overshoot import OvershootFake
from overshoot_testkit.journal import Charged, Journal, LeaseRenewed, Response, TokenIssued
from overshoot_testkit.simulation import run

DAY = 24 * 60 * 60
CADENCE = 22.5
EXPECTED = 3839
"""Every 22.5 s from 22.5 s to 86 377.5 s; at 86 400 s the stream is closed."""

BODY = {"processing": {"interval_seconds": 2}, "inference": {"prompt": "p", "model": "Qwen/Qwen3.5-9B"}}


async def day() -> Journal:
    async with OvershootFake() as fake:
        await fake.listen("api.overshoot.ai", 443)
        headers = {"Authorization": f"Bearer {fake.api_key}"}
        async with aiohttp.ClientSession(headers=headers) as session:
            async with session.post(f"{fake.base_url}/streams", json=BODY) as answer:
                url = f"{fake.base_url}/streams/{(await answer.json())['stream_id']}"
            while fake.clock.now() + CADENCE < DAY:
                await fake.clock.sleep(CADENCE)
                async with session.post(f"{url}/keepalive") as answer:
                    await answer.read()
            await fake.clock.sleep_until(DAY)
            async with session.delete(url) as answer:
                await answer.read()
        assert DAY == fake.clock.now()
        (stream,) = fake.streams
        assert (False, DAY * 0.05) == (stream.is_open, stream.cost_cents)
        return fake.journal


def test_a_day_has_exactly_its_keepalives():
    journal = run(day)

    assert EXPECTED == len(journal.of(Response, route="keepalive", status=200))
    assert EXPECTED + 1 == len(journal.of(LeaseRenewed)) == len(journal.of(TokenIssued))
    assert [CADENCE] * EXPECTED == [each.seconds for each in journal.of(Charged, cause="keepalive")]
    assert DAY == sum(each.seconds for each in journal.of(Charged))
    assert (200, DAY) == (journal.last(Response).status, journal.last(Response).at)
