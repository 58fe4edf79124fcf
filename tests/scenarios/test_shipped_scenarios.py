"""The scenarios that ship, each played against a client that does as it should, in virtual time."""

from __future__ import annotations

import aiohttp
import pytest

from overshoot_testkit.clients import Options, Target
from overshoot_testkit.clients.reference import ReferenceClient
from overshoot_testkit.fakes.overshoot import OvershootFake
from overshoot_testkit.journal import Checked
from overshoot_testkit.scenarios import load_scenario, play, shipped_scenarios
from overshoot_testkit.simulation import run


class Careless(ReferenceClient):
    """Does not look whether its socket is alive."""

    socket_heartbeat = 1000.0


async def told(name, client):
    """What is reported of a scenario, and how many of its checks looked."""
    async with OvershootFake() as fake:
        playing = play(load_scenario(name), fake)
        try:
            await client.start(Target(fake.base_url, fake.api_key), Options(), lambda _: None, lambda _: None)
        except aiohttp.ClientError:
            pytest.fail("a reference client raises errors of its own")
        except Exception as error:  # noqa: BLE001 - the scenario says which
            assert "lost-201" == name, error  # noqa: PT017
        await fake.clock.sleep(110)
        await client.stop()
        playing.finish()
        assert len(playing.scenario.checks) == len(fake.journal.of(Checked))
        return playing.report()


@pytest.mark.parametrize("name", shipped_scenarios())
def test_a_client_that_does_as_it_should_passes(name):
    assert run(lambda: told(name, ReferenceClient())) is None


def test_a_client_that_does_not_is_found_out():
    silence = run(lambda: told("half-open-socket", Careless()))

    assert "the client noticed, and opened another" in silence
