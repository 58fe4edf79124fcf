"""Installed but unused, the plugin changes nothing and brings in nothing."""

from __future__ import annotations

HEAVY = ("aiohttp", "pydantic", "livekit", "time_machine", "rich", "typer", "jsonschema")


def test_an_unused_plugin_imports_pytest_and_python_and_nothing_else(project):
    project.write(
        "test_app.py",
        f"""
        import sys

        def test_it():
            assert [] == [name for name in {HEAVY!r} if name in sys.modules]
            ours = sorted(name for name in sys.modules if name.startswith("overshoot_testkit"))
            assert all(name.startswith("overshoot_testkit.plugin") for name in ours[1:]), ours
            assert "overshoot_testkit.plugin" in ours
        """,
    )
    others = ("-p", "no:time_machine", "-p", "no:anyio", "-p", "no:respx", "-p", "no:hypothesispytest")

    project.pytest(*others).assert_outcomes(passed=1)


def test_an_unused_plugin_adds_no_hooks_and_no_line(project):
    project.write(
        "test_app.py",
        """
        import asyncio

        def test_hooks(request):
            names = [name for name, _ in request.config.pluginmanager.list_name_plugin()]
            assert [name for name in names if "overshoot" in name] == ["overshoot_testkit"]

        async def test_loop():
            assert "Virtual" not in type(asyncio.get_running_loop()).__name__
        """,
    )

    result = project.pytest("--strict-markers")

    result.assert_outcomes(passed=2)
    result.stdout.no_fnmatch_line("overshoot:*")


def test_a_test_with_the_marker_runs_as_if_it_had_none(project):
    project.write(
        "test_app.py",
        """
        import os
        import pytest

        @pytest.mark.overshoot(lease_ttl=30)
        async def test_it():
            assert "OVERSHOOT_API_URL" not in os.environ
        """,
    )

    project.pytest("--strict-markers").assert_outcomes(passed=1)
