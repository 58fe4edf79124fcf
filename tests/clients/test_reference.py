"""The reference client where nobody judges it."""

from __future__ import annotations

from overshoot_testkit.clients import Options, Target
from overshoot_testkit.clients.reference import ReferenceClient
from overshoot_testkit.fakes.overshoot import OvershootFake
from overshoot_testkit.journal import Response
from overshoot_testkit.simulation import run


def test_a_stream_that_is_closed_already_is_not_closed_again():
    async def whole() -> list[int | None]:
        async with OvershootFake() as fake:
            client = ReferenceClient()
            told: list[object] = []
            await client.start(Target(fake.base_url, fake.api_key), Options(), told.append, told.append)
            await fake.clock.sleep(1)
            fake.end_stream(fake.streams[0].id, "lease_expired")
            await fake.clock.sleep(10)
            await client.stop()
            return [each.status for each in fake.journal.of(Response, route="close")]

    assert [204] == run(whole)
