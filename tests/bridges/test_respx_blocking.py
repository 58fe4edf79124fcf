"""httpx.Client without sockets: the fake lives in a thread, on a loop in real time."""

from __future__ import annotations

import asyncio
import contextlib
import threading

import httpx
import pytest
import respx

from overshoot_testkit.bridges import route_to
from overshoot_testkit.fakes.overshoot import OvershootFake
from overshoot_testkit.faults import Drop, Hang, Refuse, Reset, Truncate

URL = "https://api.overshoot.ai/v0.2"


class Served:
    """A fake that listens on loopback, in a thread."""

    def __enter__(self):
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever)
        self._thread.start()
        return self

    def call(self, work):
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(10)

    async def made(self) -> OvershootFake:
        fake = OvershootFake()
        await fake.listen()
        return fake

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


@pytest.fixture
def fake():
    with Served() as served:
        fake = served.call(served.made())
        try:
            yield fake
        finally:
            served.call(fake.aclose())
            assert 0 == fake.traffic.connections_open


@pytest.fixture
def client(fake):
    with (
        route_to(fake),
        httpx.Client(base_url=URL, headers={"Authorization": "Bearer ovs_test_key"}) as client,
    ):
        yield client


def test_calls_and_their_journal(fake, client):
    assert 200 == client.get("/models").status_code
    assert 200 == httpx.get(f"{fake.base_url}/healthz").status_code
    assert ["models", "healthz"] == [exchange.request.route for exchange in fake.journal.exchanges()]


@pytest.mark.parametrize(
    ("action", "error"),
    [
        (Drop(), httpx.RemoteProtocolError),
        (Reset(), httpx.ReadError),
        (Truncate(10), httpx.RemoteProtocolError),
    ],
)
def test_faults_are_httpxs_exceptions(fake, client, action, error):
    fake.faults.on(action)

    with pytest.raises(error):
        client.get("/models")


def test_a_short_timeout_in_real_time(fake, client):
    fake.faults.on(Hang())

    with pytest.raises(httpx.ReadTimeout):
        client.get("/models", timeout=0.01)


def test_refused_connections(fake, client):
    fake.clock._loop.call_soon_threadsafe(fake.faults.now, Refuse(3600))
    with contextlib.suppress(httpx.RemoteProtocolError), pytest.raises(httpx.ConnectError):
        client.get("/models")


def test_an_async_client_on_another_loop(fake):
    async def tell():
        async with httpx.AsyncClient() as client:
            return await client.get(f"{URL}/healthz")

    with route_to(fake):
        assert {"status": "ok"} == asyncio.run(tell()).json()


def test_a_blocking_client_in_the_way_of_the_fake_is_told_so():
    async def tell():
        fake = OvershootFake()
        try:
            with route_to(fake), pytest.raises(RuntimeError, match=r"use httpx\.AsyncClient"):
                httpx.get(f"{URL}/healthz")  # noqa: ASYNC210 - the mistake
        finally:
            await fake.aclose()

    asyncio.run(tell())


def test_a_fake_whose_loop_does_not_run_is_told_so():
    loop = asyncio.new_event_loop()
    fake = loop.run_until_complete(Served().made())
    try:
        with route_to(fake), pytest.raises(RuntimeError, match="does not run"):
            httpx.get(f"{URL}/healthz")
    finally:
        loop.run_until_complete(fake.aclose())
        loop.close()


def test_a_fake_that_lives_nowhere_yet_is_told_so():
    from overshoot_testkit.clock import SteppedClock

    with pytest.raises(RuntimeError, match="lives on no loop yet"):
        route_to(OvershootFake(clock=SteppedClock()))


@pytest.mark.parametrize("missing", ["respx", "httpx"])
def test_what_is_not_installed_is_named_with_the_command(missing, monkeypatch):
    import sys

    for name in [each for each in sys.modules if each.partition(".")[0] == "respx" or "._exchange" in each]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)

    with pytest.raises(RuntimeError, match=r"pip install 'overshoot-testkit\[httpx\]'"):
        route_to(None)


def test_the_users_router_is_used():
    with respx.mock as router, Served() as served:
        fake = served.call(served.made())
        assert router is route_to(fake, router)
        assert 200 == httpx.get(f"{URL}/healthz").status_code
        served.call(fake.aclose())
