"""Async tests: virtual time for those that use the fake, nothing new for all others."""

from __future__ import annotations

import pytest

INI = """
    [pytest]
    asyncio_mode = auto
    asyncio_default_fixture_loop_scope = function
    filterwarnings = error
"""


def test_a_lease_lapses_at_once_when_45_seconds_are_let_pass(project):
    project.write(
        "test_app.py",
        """
        import time
        from app import Camera

        async def test_lease(overshoot_clock, overshoot_fake, overshoot_journal):
            began = time.perf_counter()
            camera = await Camera().start()
            await overshoot_clock.advance(44)
            assert len(overshoot_fake.open_streams()) == 1
            await overshoot_clock.advance(1)
            assert overshoot_fake.open_streams() == []
            assert (overshoot_clock.now(), overshoot_clock.mode) == (45, "virtual")
            assert overshoot_journal.events[-1].at == 45
            assert time.perf_counter() - began < 30
            await camera.abandon()
        """,
    )

    result = project.pytest("--overshoot-fake")

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["overshoot: fake of the API; async tests on virtual time"])


@pytest.mark.parametrize("mode", ["strict", "auto"])
def test_both_modes_of_pytest_asyncio_and_every_scope_of_its_loops(project, mode):
    project.write("pytest.ini", INI.replace("auto", mode))
    project.write(
        "test_app.py",
        """
        import pytest, pytest_asyncio
        from app import camera

        async def day(overshoot_clock):
            async with camera() as one:
                for _ in range(4):
                    await overshoot_clock.advance(20)
                    assert await one.keepalive() == 200
                return overshoot_clock.now()

        @pytest.mark.asyncio
        async def test_own_loop(overshoot_clock):
            assert await day(overshoot_clock) == 80

        @pytest.mark.asyncio(loop_scope="module")
        @pytest.mark.parametrize("number", [1, 2])
        async def test_shared_loop(overshoot_clock, number):
            assert await day(overshoot_clock) == 80

        @pytest_asyncio.fixture
        async def running(overshoot):
            async with camera() as one:
                yield one

        @pytest.mark.asyncio
        async def test_fixture_of_the_project(running, overshoot_clock):
            await overshoot_clock.advance(30)
            assert await running.keepalive() == 200

        class TestTogether:
            @pytest.mark.asyncio(loop_scope="class")
            async def test_class_loop(self, overshoot_clock):
                assert await day(overshoot_clock) == 80
        """,
    )

    project.pytest("--overshoot-fake").assert_outcomes(passed=5)


OTHERS = """
    import pytest
    from overshoot_testkit.clock import LoopClock

    async def test_plain():
        assert LoopClock().mode == "real"

    @pytest.mark.parametrize("number", [1, 2])
    async def test_parametrized(number):
        assert LoopClock().mode == "real"

    @pytest.mark.asyncio(loop_scope="module")
    async def test_module():
        assert LoopClock().mode == "real"

    def test_blocking(request):
        assert "callspec" not in dir(request.node)

    async def test_no_parameters(request):
        assert "callspec" not in dir(request.node)
"""


def test_tests_that_do_not_use_the_fake_are_as_they_are_without_it(project):
    project.write("test_others.py", OTHERS)
    project.write("test_ours.py", "async def test_ours(overshoot): pass\n")

    without = project.pytest("--collect-only", "-q").outlines
    with_fake = project.pytest("--collect-only", "-q", "--overshoot-fake").outlines

    assert [line for line in without if "::" in line] == [line for line in with_fake if "::" in line]
    assert "test_ours.py::test_ours" in with_fake
    project.pytest("--overshoot-fake").assert_outcomes(passed=7)


def test_a_project_with_loops_of_its_own_keeps_them_for_its_own_tests(project):
    project.write(
        "conftest.py",
        """
        import asyncio

        class Own(asyncio.SelectorEventLoop):
            pass

        def pytest_asyncio_loop_factories(config, item):
            return {"own": Own}
        """,
    )
    project.write(
        "test_loops.py",
        """
        import asyncio
        import pytest

        def loop():
            return type(asyncio.get_running_loop()).__name__

        async def test_ours(overshoot):
            assert loop() == "VirtualTimeLoop"

        async def test_theirs():
            assert loop() == "Own"

        @pytest.mark.asyncio(loop_factories=["own"])
        async def test_by_name(overshoot):
            assert loop() == "Own"
            assert overshoot.base_url.startswith("http://127.0.0.1:")
        """,
    )

    project.pytest("--overshoot-fake").assert_outcomes(passed=3)


def test_real_time_is_there_for_the_asking(project):
    project.write(
        "test_app.py",
        """
        import pytest
        from app import camera

        @pytest.mark.overshoot(clock="real")
        async def test_loopback(overshoot, overshoot_clock, overshoot_fake):
            assert overshoot.base_url.startswith("http://127.0.0.1:")
            async with camera() as one:
                assert await one.keepalive() == 200
                assert overshoot_fake.open_streams()[0].id == one.stream
            assert overshoot_clock.mode == "real"
            with pytest.raises(RuntimeError, match="drop clock='real'"):
                overshoot_clock.advance(1)
        """,
    )

    project.pytest("--overshoot-fake").assert_outcomes(passed=1)


def test_the_real_name_of_the_api_is_answered_in_memory(project):
    project.write(
        "test_app.py",
        """
        import httpx

        async def test_name(overshoot):
            assert overshoot.base_url == "https://api.overshoot.ai/v0.2"
            async with httpx.AsyncClient() as http:
                answer = await http.get("https://api.overshoot.ai/v0.2/healthz")
            assert answer.json() == {"status": "ok"}
        """,
    )

    project.pytest("--overshoot-fake").assert_outcomes(passed=1)


def test_time_that_is_misused_says_so(project):
    project.write(
        "test_app.py",
        """
        import asyncio
        import pytest

        async def test_backwards(overshoot_clock):
            await overshoot_clock.advance_to(10)
            with pytest.raises(ValueError, match="now is 10 s, asked for 5 s"):
                await overshoot_clock.advance_to(5)

        @pytest.mark.overshoot(clock="virtual")
        def test_wanted(overshoot):
            pass
        """,
    )

    result = project.pytest("--overshoot-fake")

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["overshoot: clock='virtual' cannot be had here: a test that is not async*"])


def test_without_pytest_asyncio_tests_that_block_have_the_fake(project):
    project.write("pytest.ini", "[pytest]\nfilterwarnings = error\n")
    project.write(
        "test_app.py",
        """
        from app import call

        def test_health(overshoot):
            assert call("GET", "/healthz") == {"status": "ok"}
        """,
    )

    result = project.pytest("--overshoot-fake", "-p", "no:asyncio")

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["overshoot: fake of the API; all tests in real time*"])


def test_async_tests_that_others_run_have_the_fake_in_real_time(project):
    project.write("pytest.ini", INI.replace("auto", "strict"))
    project.write(
        "test_app.py",
        """
        import unittest
        import pytest
        from app import call, camera

        @pytest.fixture
        def anyio_backend():
            return "asyncio"

        @pytest.mark.anyio
        async def test_anyio(overshoot, overshoot_clock):
            async with camera() as one:
                assert await one.keepalive() == 200
            with pytest.raises(RuntimeError, match="pytest-asyncio 1.4 or later"):
                overshoot_clock.advance(1)

        @pytest.mark.overshoot
        class TestOld(unittest.TestCase):
            def test_blocking(self):
                assert call("GET", "/healthz") == {"status": "ok"}

        @pytest.mark.overshoot
        class TestOldAsync(unittest.IsolatedAsyncioTestCase):
            async def test_async(self):
                async with camera() as one:
                    assert one.url.startswith("http://127.0.0.1:")
        """,
    )

    project.pytest("--overshoot-fake").assert_outcomes(passed=3)
