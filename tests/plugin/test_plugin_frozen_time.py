"""Tests that set the time with freezegun or time-machine: the fake's leases and tokens go along."""

from __future__ import annotations

BLOCKING = """
    import datetime, json, time, urllib.error
    import pytest, time_machine as machine
    from freezegun import freeze_time
    from websockets.exceptions import ConnectionClosed
    from websockets.sync.client import connect
    from app import ORDER, call
    from overshoot_testkit.journal import SocketMessage

    def opened():
        return call("POST", "/streams", ORDER)["stream_id"]

    def keep(stream):
        return call("POST", f"/streams/{stream}/keepalive")

    def has_lapsed(stream):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            keep(stream)
        return True

    def test_the_freezer_fixture(overshoot_fake, overshoot_journal, freezer):
        stream = opened()
        freezer.tick(44)
        keep(stream)
        freezer.tick(44.9)
        assert len(overshoot_fake.open_streams()) == 1
        freezer.tick(0.1)
        assert overshoot_fake.open_streams() == []
        ended = overshoot_journal.events[-1]
        assert ended.at == pytest.approx(overshoot_journal.events[0].at + 89)

    def test_tokens_and_what_they_say(overshoot_fake, freezer):
        freezer.move_to("2031-05-06 07:00:00")
        native = call("POST", "/streams", {**ORDER, "source": {"type": "native"}})
        import jwt
        token = native["publish"]["token"] if "publish" in native else native["livekit"]["token"]
        claims = jwt.decode(token, options={"verify_signature": False})
        assert claims["nbf"] == time.time() == 1935817200
        assert overshoot_fake.check_token(token)
        freezer.move_to("2031-05-07 07:00:00")
        assert overshoot_fake.check_token(token) is None

    @freeze_time("2024-02-03", as_kwarg="frozen")
    def test_decorated(overshoot, overshoot_clock, frozen=None):
        stream = opened()
        assert overshoot_clock.unix() == time.time() == 1706918400
        frozen.tick(46)
        assert has_lapsed(stream)
        was = overshoot_clock.now()
        frozen.move_to("2020-01-01")
        assert (overshoot_clock.now(), overshoot_clock.unix()) == (was, time.time())

    @pytest.mark.freeze_time("2024-02-03")
    def test_marked(overshoot_clock, freezer):
        assert overshoot_clock.unix() == time.time() == 1706918400
        stream = opened()
        freezer.tick(46)
        assert has_lapsed(stream)

    def test_living_at_another_date_lets_nothing_lapse(overshoot, overshoot_clock):
        stream = opened()
        with freeze_time("2040-01-01") as frozen:
            keep(stream)
            with freeze_time("2050-01-01"):
                keep(stream)
            frozen.tick(44)
            keep(stream)
        keep(stream)
        with freeze_time("2000-01-01") as frozen:
            keep(stream)
            frozen.tick(46)
        assert has_lapsed(stream)
        assert overshoot_clock.unix() == pytest.approx(time.time(), abs=5)

    def test_one_freeze_after_the_other(overshoot):
        with freeze_time("2030-01-01 12:00:00"):
            stream = opened()
        with freeze_time("2030-01-01 12:00:44"):
            keep(stream)
        with freeze_time("2030-01-01 12:01:30"):
            assert has_lapsed(stream)

    def test_a_freeze_that_ticks(overshoot):
        with freeze_time("2030-01-01", tick=True) as frozen:
            stream = opened()
            frozen.tick(44)
            keep(stream)
            frozen.tick(46)
            assert has_lapsed(stream)

    def test_time_machines_fixture(overshoot, time_machine):
        time_machine.move_to("2030-01-01")
        stream = opened()
        time_machine.shift(40)
        keep(stream)
        time_machine.move_to("2030-01-01 00:01:30")
        assert has_lapsed(stream)

    def test_travel_from_the_ordinary_time(overshoot):
        stream = opened()
        with machine.travel(datetime.timedelta(seconds=46)):
            assert has_lapsed(stream)

    @machine.travel("2020-01-01", tick=False)
    def test_travel_as_decorator(overshoot, overshoot_clock):
        stream = opened()
        assert overshoot_clock.unix() == time.time() == 1577836800
        with machine.travel(datetime.timedelta(seconds=46), tick=False):
            assert has_lapsed(stream)

    def test_a_client_that_waits_sees_the_socket_close(overshoot, overshoot_fake, overshoot_journal, freezer):
        url = f"{overshoot.base_url.replace('http', 'ws')}/ws/streams/{opened()}"
        with connect(url) as socket:
            socket.send(json.dumps({"api_key": overshoot.api_key}))
            while not overshoot_journal.of(SocketMessage):
                pass
            freezer.tick(46)
            with pytest.raises(ConnectionClosed, match="lease_expired"):
                while True:
                    socket.recv(timeout=20)

    def test_the_fakes_time_alone(overshoot_fake, overshoot_clock):
        stream = opened()
        began = time.time()
        overshoot_clock.advance(44)
        assert overshoot_fake.open_streams() and overshoot_clock.now() >= 44
        overshoot_clock.advance_to(60)
        assert overshoot_fake.open_streams() == []
        assert time.time() - began < 40
        with pytest.raises(ValueError, match="now is 60"):
            overshoot_clock.advance_to(5)

    @pytest.mark.overshoot(expect_open_streams=1)
    def test_ordinary_time_passes_as_ever(overshoot_clock, overshoot_fake):
        opened()
        began = overshoot_clock.now()
        assert 0 <= began <= overshoot_clock.now() < 30
        assert overshoot_clock.unix() == pytest.approx(time.time(), abs=5)
"""

ASYNC = """
    import asyncio
    import pytest, time_machine as machine
    from freezegun import freeze_time
    from app import Camera

    class Stories:
        async def story(self, fake, tick):
            one = await Camera().start()
            tick(44)
            assert len(fake.open_streams()) == 1
            assert await one.keepalive() == 200
            tick(44)
            assert len(fake.open_streams()) == 1
            tick(1)
            assert fake.open_streams() == []
            assert await one.keepalive() == 404
            await one.abandon()

        async def test_the_freezer_fixture(self, overshoot_fake, freezer):
            await self.story(overshoot_fake, freezer.tick)

        @pytest.mark.freeze_time("2020-01-01")
        async def test_the_freezer_fixture_by_its_marker(self, overshoot_fake, freezer):
            await self.story(overshoot_fake, freezer.tick)

        @freeze_time("2020-01-01")
        async def test_decorated(self, overshoot_fake):
            one = await Camera().start()
            with freeze_time("2020-01-01 00:00:44"):
                assert await one.keepalive() == 200
            with freeze_time("2020-01-01 00:01:29"):
                assert await one.keepalive() == 404
            await one.abandon()

        @pytest.mark.parametrize("real_asyncio", [True, False])
        async def test_context_manager(self, overshoot_fake, real_asyncio):
            with freeze_time("2030-01-01", real_asyncio=real_asyncio) as frozen:
                await self.story(overshoot_fake, frozen.tick)

        async def test_time_machines_fixture(self, overshoot_fake, time_machine):
            time_machine.move_to("2020-01-01", tick=False)
            await self.story(overshoot_fake, time_machine.shift)

        @pytest.mark.time_machine("2020-01-01")
        async def test_time_machines_fixture_by_its_marker(self, overshoot_fake, time_machine):
            await self.story(overshoot_fake, time_machine.shift)

        async def test_travel(self, overshoot_fake):
            with machine.travel("2020-01-01") as traveller:
                await self.story(overshoot_fake, traveller.shift)

        async def test_what_waits_is_told(self, overshoot_fake, overshoot, overshoot_clock):
            one = await Camera().start()
            url = f"{overshoot.base_url.replace('http', 'ws')}/ws/streams/{one.stream}"
            async with one.http.ws_connect(url) as socket:
                await socket.send_json({"api_key": overshoot.api_key})
                await socket.receive_json()
                with machine.travel("2020-01-01", tick=False) as traveller:
                    overshoot_clock.now()
                    traveller.shift(46)
                    async for message in socket:
                        pass
                assert (socket.close_code, overshoot_fake.open_streams()) == (1001, [])
            await one.abandon()

    class TestVirtual(Stories):
        async def test_both_times_add_up(self, overshoot_fake, overshoot_clock, freezer):
            one = await Camera().start()
            freezer.tick(40)
            await overshoot_clock.advance(4.9)
            assert len(overshoot_fake.open_streams()) == 1
            await overshoot_clock.advance(0.1)
            assert overshoot_fake.open_streams() == [] and overshoot_clock.now() == 45
            await one.abandon()

    @pytest.mark.overshoot(clock="real")
    class TestReal(Stories):
        pass
"""


def test_blocking_tests(project):
    project.write("test_blocking.py", BLOCKING)

    project.pytest("--overshoot-fake").assert_outcomes(passed=13)


def test_async_tests_in_virtual_and_in_real_time(project):
    project.write("test_async.py", ASYNC)

    project.pytest("--overshoot-fake").assert_outcomes(passed=19)
