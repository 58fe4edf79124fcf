"""Nothing left behind: an open stream fails its test and names the call; so does an unfired fault."""

from __future__ import annotations

import pytest

STORIES = {
    "async": """
        from app import Camera

        async def test_it(overshoot):
            camera = await Camera().start()
            await camera.abandon()
        """,
    "async, real time": """
        import pytest
        from app import Camera

        @pytest.mark.overshoot(clock="real")
        async def test_it(overshoot):
            camera = await Camera().start()
            await camera.abandon()
        """,
    "blocking": """
        from app import ORDER, call

        def test_it(overshoot):
            call("POST", "/streams", ORDER)
        """,
}


@pytest.mark.parametrize("story", STORIES)
def test_a_stream_left_open_fails_its_test_and_names_the_call(project, story):
    test = project.write("test_leak.py", STORIES[story])
    lines = test.read_text(encoding="utf-8").splitlines()
    opened = 1 + next(i for i, line in enumerate(lines) if "start()" in line or "call(" in line)
    app = (project.folder / "app.py").read_text(encoding="utf-8").splitlines()
    called = 1 + next(i for i, line in enumerate(app) if ".post(" in line or "urlopen(" in line)
    if story == "blocking":
        called = 1 + next(i for i, line in enumerate(app) if "urlopen(" in line)

    result = project.pytest("--overshoot-fake")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "overshoot: the test left 1 stream open",
            "  stream *: still active at * s",
            "    its lease runs to 45* s",
            "    opened at * s by POST /streams (request req_000001)",
            f"    from app.py:{called} in *; the test was at test_leak.py:{opened} in test_it",
            "@pytest.mark.overshoot(expect_open_streams=1)",
            "*overshoot timeline*",
            "*POST /v0.2/streams",
            "FAILED test_leak.py::test_it - Failed: overshoot: the test left 1 stream open",
        ]
    )


def test_each_of_several_callers_is_told_apart_or_named(project):
    project.write(
        "test_leak.py",
        """
        import asyncio
        from app import Camera

        async def first():
            await (await Camera().start()).abandon()

        async def test_in_turn(overshoot):
            await first()
            camera = await Camera().start()
            await camera.abandon()

        async def test_at_once(overshoot):
            await asyncio.gather(first(), first())
        """,
    )

    result = project.pytest("--overshoot-fake")

    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        [
            "overshoot: the test left 2 streams open",
            "    from app.py:* in start; the test was at test_leak.py:9 in test_in_turn",
            "    from app.py:* in start; the test was at test_leak.py:10 in test_in_turn",
            "overshoot: the test left 2 streams open",
            "    from app.py:* in start; the test was at test_leak.py:14 in test_at_once",
        ]
    )


def test_what_fixtures_of_the_project_close_is_closed(project):
    project.write(
        "test_app.py",
        """
        import pytest
        from app import Camera

        @pytest.fixture
        async def tidy(overshoot):
            camera = await Camera().start()
            yield camera
            await camera.stop()

        @pytest.fixture
        async def by_environment():
            camera = await Camera().start()
            yield camera
            await camera.stop()

        @pytest.fixture
        async def untidy(overshoot):
            camera = await Camera().start()
            yield camera
            await camera.abandon()

        async def test_tidy(tidy):
            assert await tidy.keepalive() == 200

        async def test_in_any_order(by_environment, overshoot):
            assert await by_environment.keepalive() == 200

        async def test_untidy(untidy):
            pass

        class TestOld:
            def teardown_method(self):
                from app import call
                call("DELETE", f"/streams/{self.stream}")

            def test_teardown(self, overshoot):
                from app import ORDER, call
                self.stream = call("POST", "/streams", ORDER)["stream_id"]
        """,
    )

    result = project.pytest("--overshoot-fake")

    result.assert_outcomes(passed=4, errors=1)
    result.stdout.fnmatch_lines(
        ["*ERROR at teardown of test_untidy*", "overshoot: the test left 1 stream open"]
    )


def test_an_end_that_nobody_waited_for_still_counts(project):
    project.write(
        "test_app.py",
        """
        import asyncio
        from app import Camera

        async def test_fire_and_forget(overshoot):
            camera = await Camera().start()
            test_fire_and_forget.task = asyncio.create_task(camera.stop())
        """,
    )

    project.pytest("--overshoot-fake").assert_outcomes(passed=1)


def test_streams_that_are_meant_to_stay_open_are_counted(project):
    project.write(
        "test_app.py",
        """
        import pytest
        from app import Camera

        @pytest.mark.overshoot(expect_open_streams=1)
        async def test_one():
            await (await Camera().start()).abandon()

        @pytest.mark.overshoot(expect_open_streams=2)
        async def test_two():
            await (await Camera().start()).abandon()
        """,
    )

    result = project.pytest("--overshoot-fake")

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["overshoot: the test left 1 stream open, not 2"])


def test_a_fault_that_never_fired_fails_its_test(project):
    project.write(
        "test_app.py",
        """
        import pytest
        from overshoot_testkit.faults import Answer

        async def test_forgotten(overshoot_faults):
            overshoot_faults.on(Answer(503), route="keepalive", name="outage")

        async def test_taken_back(overshoot_faults):
            overshoot_faults.on(Answer(503), route="keepalive").remove()

        @pytest.mark.overshoot(allow_unfired_faults=True)
        async def test_allowed(overshoot_faults):
            overshoot_faults.on(Answer(503), route="keepalive")

        def test_blocking(overshoot_faults):
            overshoot_faults.on(Answer(503), route="keepalive")
        """,
    )

    result = project.pytest("--overshoot-fake")

    result.assert_outcomes(passed=2, failed=2)
    result.stdout.fnmatch_lines(
        [
            "overshoot: 1 fault never fired, so the test did not test what it set:",
            "  outage: Answer(status=503*) on keepalive",
        ]
    )


def test_a_test_that_fails_is_not_also_blamed_for_what_it_could_not_close(project):
    project.write(
        "test_app.py",
        """
        from app import Camera

        async def test_it(overshoot):
            camera = await Camera().start()
            await camera.abandon()
            assert camera.status == 200
        """,
    )

    result = project.pytest("--overshoot-fake")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*assert 201 == 200*", "*overshoot timeline*", "*201 create"])
    result.stdout.no_fnmatch_line("*left 1 stream open*")


def test_threads_sockets_and_tasks_end_with_the_test_however_it_ends(project):
    project.write(
        "test_app.py",
        """
        import asyncio, threading
        import pytest
        from app import ORDER, call

        def threads():
            return [thread.name for thread in threading.enumerate() if "overshoot" in thread.name]

        def test_runs(overshoot):
            assert threads() == ["overshoot-fake"]

        def test_fails(overshoot):
            call("POST", "/streams", ORDER)
            raise ValueError

        @pytest.mark.overshoot(lease_ttl=0)
        def test_does_not_start(overshoot):
            pass

        def test_afterwards():
            assert threads() == []

        @pytest.mark.asyncio(loop_scope="module")
        async def test_task(overshoot):
            pass

        @pytest.mark.asyncio(loop_scope="module")
        async def test_no_task_is_left(overshoot):
            assert len(asyncio.all_tasks()) == 1
        """,
    )

    project.pytest("--overshoot-fake").assert_outcomes(passed=4, failed=1, errors=1)
