"""The fixtures, the environment and the marker, as a project meets them."""

from __future__ import annotations

import pytest


def test_a_blocking_test_has_the_fake_and_all_that_belongs_to_it(project):
    project.write(
        "test_app.py",
        """
        import urllib.error
        import pytest
        from app import ORDER, call
        from overshoot_testkit.faults import Answer
        from overshoot_testkit.journal import LeaseRenewed, Request

        def test_it(overshoot, overshoot_fake, overshoot_clock, overshoot_faults, overshoot_journal):
            stream = call("POST", "/streams", ORDER)["stream_id"]

            assert overshoot.base_url.startswith("http://127.0.0.1:")
            assert [each.id for each in overshoot_fake.open_streams()] == [stream]
            assert 0 < overshoot_clock.now() < 40

            outage = overshoot_faults.on(Answer(503), route="keepalive", times=1)
            with pytest.raises(urllib.error.HTTPError, match="503"):
                call("POST", f"/streams/{stream}/keepalive")
            assert outage.fired == 1
            call("POST", f"/streams/{stream}/keepalive")

            assert [each.response.status for each in overshoot_journal.exchanges("keepalive")] == [503, 200]
            assert overshoot_journal.of(Request, route="create")[0].body == ORDER
            assert len(overshoot_journal.of(LeaseRenewed)) == 2

            overshoot_fake.account().empty()
            with pytest.raises(urllib.error.HTTPError, match="402"):
                call("POST", f"/streams/{stream}/keepalive")
            overshoot_fake.end_stream(stream)
            assert overshoot_fake.open_streams() == []
            with pytest.raises(KeyError):
                overshoot_fake.stream("none")
        """,
    )

    project.pytest("--overshoot-fake").assert_outcomes(passed=1)


def test_the_environment_is_set_for_tests_that_ask_and_for_no_other(project):
    project.ini("markers = slow")
    project.write(
        "test_app.py",
        """
        import os
        import pytest

        NAMES = ("OVERSHOOT_API_URL", "OVERSHOOT_BASE_URL", "OVERSHOOT_API_KEY")

        def found():
            return [os.environ.get(name) for name in NAMES]

        def test_other():
            assert found() == [None, None, "mine"]

        def test_fixture(overshoot):
            assert found() == [overshoot.base_url, overshoot.base_url, overshoot.api_key]

        @pytest.mark.overshoot
        def test_marker():
            assert found()[0].endswith("/v0.2") and found()[0] == found()[1]

        @pytest.fixture
        def indirect(overshoot_journal):
            return found()

        async def test_through_a_fixture(indirect):
            assert indirect[0] == "https://api.overshoot.ai/v0.2"

        def test_other_again():
            assert found() == [None, None, "mine"]
        """,
    )
    project.write("conftest.py", "import os; os.environ['OVERSHOOT_API_KEY'] = 'mine'\n")

    project.pytest("--overshoot-fake").assert_outcomes(passed=5)


def test_one_line_in_the_ini_file_gives_every_test_the_environment(project):
    project.ini("usefixtures = overshoot")
    project.write(
        "test_app.py",
        """
        from app import call, camera

        def test_blocking():
            assert call("GET", "/healthz") == {"status": "ok"}

        async def test_async():
            async with camera() as one:
                assert one.url == "https://api.overshoot.ai/v0.2"
        """,
    )

    project.pytest("--overshoot-fake").assert_outcomes(passed=2)


EVERYTHING = """
    def test_target(overshoot): pass
    def test_fake(overshoot_fake): pass
    def test_clock(overshoot_clock): pass
    def test_faults(overshoot_faults): pass
    def test_journal(overshoot_journal): pass
"""


def test_a_fixture_asked_for_in_vain_says_which_option_is_missing(project):
    project.write("test_app.py", EVERYTHING)

    result = project.pytest()

    result.assert_outcomes(errors=5)
    result.stdout.fnmatch_lines(
        [
            "*'overshoot' needs something to connect to. *--overshoot-fake, or *--overshoot-url URL *",
            "the fixture 'overshoot_fake' is part of the fake. Run pytest with --overshoot-fake, *",
            "the fixture 'overshoot_journal' is part of the fake. *",
        ]
    )


def test_against_a_real_deployment_the_target_is_there_and_the_fake_is_not(project, monkeypatch):
    project.write(
        "test_app.py",
        EVERYTHING
        + """
    import asyncio, os

    async def test_async(overshoot):
        assert (overshoot.base_url, overshoot.api_key) == ("https://staging.example.com/v0.2", "ovs_secret")
        assert os.environ["OVERSHOOT_API_URL"] == os.environ["OVERSHOOT_BASE_URL"] == overshoot.base_url
        assert os.environ["OVERSHOOT_API_KEY"] == "ovs_secret"
        assert "Virtual" not in type(asyncio.get_running_loop()).__name__

    def test_fails(overshoot):
        assert overshoot is None
""",
    )
    monkeypatch.setenv("STAGING_KEY", "ovs_secret")

    result = project.pytest(
        "--overshoot-url=https://staging.example.com/v0.2/",
        "--overshoot-api-key-env=STAGING_KEY",
        "-vv",
        "-l",
    )

    result.assert_outcomes(passed=2, failed=1, errors=4)
    result.stdout.fnmatch_lines(
        [
            "overshoot: real deployment at https://staging.example.com/v0.2",
            "*'overshoot_fake' is part of the fake*which takes the place of --overshoot-url",
        ]
    )
    shown = result.stdout.str().partition("FAILURES")[2]
    assert "base_url='https://staging.example.com/v0.2'" in shown
    assert "Target(base_url='https://staging.example.com/v0.2', api_key" not in shown


def test_markers_set_the_fake_and_the_closest_counts(project):
    project.write(
        "test_app.py",
        """
        import pytest
        from app import Camera, camera

        pytestmark = pytest.mark.overshoot(lease_ttl=30, settings={"concurrency_limit": 1})

        async def test_of_the_module(overshoot_fake):
            assert overshoot_fake.settings.lease_ttl == 30
            async with camera():
                second = await Camera().start()
                assert second.status == 429
                await second.abandon()

        @pytest.mark.overshoot(lease_ttl=90, credits_cents=0)
        async def test_of_its_own(overshoot_fake):
            assert (overshoot_fake.settings.lease_ttl, overshoot_fake.settings.concurrency_limit) == (90, 1)
            poor = await Camera().start()
            assert poor.status == 402
            await poor.abandon()
        """,
    )

    project.pytest("--overshoot-fake").assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("marker", "told"),
    [
        ("lease_tll=30", "has no keyword 'lease_tll'; did you mean 'lease_ttl'?*"),
        ("settings={'nonsense': 1}", "has no keyword 'nonsense'; There are: accounts, *"),
        ("lease_ttl=0", "Settings.lease_ttl: 0 must be greater than 0"),
        ("clock='stepped'", "clock: 'stepped' is neither 'virtual' nor 'real'"),
        ("expect_open_streams=-1", "expect_open_streams: -1 is not a number of streams"),
        ("allow_unfired_faults=1", "allow_unfired_faults: 1 is neither True nor False"),
        ("settings=3", "settings: 3 is not a dict of the fake's settings by name"),
        ("'virtual'", "pytest.mark.overshoot takes keywords only, not 'virtual'"),
        ("accounts={}, credits_cents=3", "credits_cents: say so in accounts, which is given too"),
    ],
)
def test_a_marker_that_is_wrong_fails_its_test_and_says_what_is_right(project, marker, told):
    project.write(
        "test_app.py",
        f"""
        import pytest

        @pytest.mark.overshoot({marker})
        async def test_it(overshoot): pass
        """,
    )

    result = project.pytest("--overshoot-fake")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"overshoot: *{told}"])


def test_the_marker_is_registered_and_described(project):
    result = project.pytest("--markers")

    result.stdout.fnmatch_lines(["@pytest.mark.overshoot(clock='virtual'|'real', *"])
