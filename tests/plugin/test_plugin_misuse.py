"""A fixture used where it cannot do what it is asked: what the message says."""

from __future__ import annotations

CASES = {
    "a blocking test awaits": (
        """
        import asyncio

        def test_it(overshoot_clock):
            async def main():
                await overshoot_clock.advance(45)
            asyncio.run(main())
        """,
        "*ClockError: await overshoot_clock.advance(45): in a test that is not async*without `await`*",
    ),
    "a blocking test goes back": (
        """
        def test_it(overshoot_clock):
            overshoot_clock.advance(-1)
        """,
        "*ValueError: time does not run backwards: now is *, asked for *",
    ),
    "a blocking test wants virtual time": (
        """
        import pytest

        @pytest.mark.overshoot(clock="virtual")
        def test_it(overshoot):
            pass
        """,
        "overshoot: clock='virtual' cannot be had here: a test that is not async *write it as an async test*",
    ),
    "an async test in real time advances": (
        """
        import pytest

        @pytest.mark.overshoot(clock="real")
        async def test_it(overshoot_clock):
            await overshoot_clock.advance(45)
        """,
        "*ClockError: overshoot_clock.advance(45): this test runs in real time; drop clock='real'*",
    ),
    "an async test goes back": (
        """
        async def test_it(overshoot_clock):
            await overshoot_clock.advance(10)
            await overshoot_clock.advance_to(5)
        """,
        "*ValueError: time does not run backwards: now is 10 s, asked for 5 s",
    ),
    "an async test forgets to await": (
        """
        async def test_it(overshoot_clock):
            overshoot_clock.advance(45)
        """,
        "*coroutine 'VirtualClock.advance' was never awaited",
    ),
    "another loop's time": (
        """
        import asyncio, threading

        async def test_it(overshoot_clock):
            def elsewhere():
                asyncio.run(overshoot_clock.advance(45))
            await asyncio.to_thread(elsewhere)
        """,
        "*ClockError: overshoot_clock moves the time of the test's own loop: await it there",
    ),
    "a fixture of the whole module asks": (
        """
        import pytest

        @pytest.fixture(scope="module")
        def client(overshoot):
            return overshoot.base_url

        def test_it(client):
            pass
        """,
        "The fake is fresh for each test*the scope 'function'*",
    ),
    "an async fixture of a wider loop": (
        """
        import pytest_asyncio

        @pytest_asyncio.fixture(loop_scope="module")
        async def client(overshoot):
            import asyncio
            yield asyncio.get_running_loop()

        async def test_it(client, overshoot_clock):
            pass
        """,
        "overshoot: the async fixture 'client' uses the fake on the loop of its module*loop_scope*",
    ),
    "a misspelt marker": (
        """
        import pytest

        @pytest.mark.overshoot(clok="real")
        async def test_it(overshoot):
            pass
        """,
        "overshoot: pytest.mark.overshoot has no keyword 'clok'; did you mean 'clock'*",
    ),
}


def test_what_a_misuse_is_told(project):
    for number, (text, _) in enumerate(CASES.values()):
        project.write(f"test_{number}.py", text)

    result = project.pytest("--overshoot-fake")

    outcomes = result.parseoutcomes()
    assert outcomes["failed"] + outcomes["errors"] == len(CASES)
    assert "passed" not in outcomes
    result.stdout.fnmatch_lines_random([told for _, told in CASES.values()])
