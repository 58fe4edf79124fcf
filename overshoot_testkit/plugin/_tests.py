"""What happens to tests that use the fake: they get it first, and a failure shows the fake's timeline."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

from overshoot_testkit.plugin import _fixtures, _loop
from overshoot_testkit.plugin._options import OPTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

_CLOSE_NOTHING = ("_pytest.", "overshoot_testkit.", "pytest_asyncio.")
"""Modules whose fixtures close no stream when they end."""
_SCOPE = (
    "The fake is fresh for each test, and so are its fixtures: give the fixture that asks for them the scope "
    "'function', which is the one it has without saying"
)
_MAY_CLOSE = ("_xunit_", "_unittest_")
"""Names under which pytest runs a class's or module's own teardown functions."""


class FakeTests:
    """Hooks of a run with --overshoot-fake or --overshoot-url."""

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Set the fake up before the test's own fixtures and end it after them: they hold clients."""
        names: list[str] | None = getattr(item, "fixturenames", None)
        if names is not None and _fixtures.ENVIRONMENT not in names[:1] and _fixtures.uses_overshoot(item):
            names.insert(0, _fixtures.ENVIRONMENT)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Import what the test will need before anything freezes the time, which classes could mistake."""
        if _fixtures.uses_overshoot(item) and item.config.stash[OPTIONS].fake:
            import_module("overshoot_testkit.plugin._hosts")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self, item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
        """Keep the thread for fakes from test to test, and never for a test that needs none."""
        hosts = sys.modules.get("overshoot_testkit.plugin._hosts")
        if hosts is None or _loop.runs_in_thread(nextitem):
            return (yield)
        hosts.last_of_thread(item.config)
        try:
            return (yield)
        finally:
            hosts.end_thread(item.config)

    def pytest_unconfigure(self, config: pytest.Config) -> None:
        """End the thread after a run that was interrupted."""
        hosts = sys.modules.get("overshoot_testkit.plugin._hosts")
        if hosts is not None:
            hosts.end_thread(config)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        """Fail a test that leaves something behind; later, at its end, if its fixtures may still clean up."""
        result = yield
        use = item.stash.get(_fixtures.USE, None)
        if use is not None and not _has_fixtures_to_end(item):
            told = use.judge()
            if told is not None:
                pytest.fail(told, pytrace=False)
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Iterator[None]:
        """Note what failed, and show what the fake saw."""
        report: Any = yield
        if report.when in {"setup", "call"} and not report.passed and _fixtures.uses_overshoot(item):
            item.stash[_fixtures.FAILED] = True
            if report.when == "setup" and "ScopeMismatch" in str(report.longrepr):
                report.sections.append(("overshoot", _SCOPE))
            use = item.stash.get(_fixtures.USE, None)
            if report.failed and use is not None and len(use.journal):
                report.sections.append(
                    ("overshoot timeline, seconds of the fake's clock", _timeline(use.journal))
                )
        return report  # type: ignore[no-any-return]


def _has_fixtures_to_end(item: pytest.Item) -> bool:
    """Whether anything but pytest's own fixtures and ours will be torn down, which may close a stream.

    Fixtures of a wider scope than the test's end after its fake.
    """
    info: Any = getattr(item, "_fixtureinfo", None)
    if info is None or "request" in info.argnames:  # which can bring in any fixture while the test runs
        return True
    return any(
        not definitions[-1].func.__module__.startswith(_CLOSE_NOTHING) or name.startswith(_MAY_CLOSE)
        for name, definitions in info.name2fixturedefs.items()
        if definitions[-1].scope == "function"
    )


def _timeline(journal: Any) -> str:
    from overshoot_testkit.journal import Recording  # noqa: PLC0415 - only when used
    from overshoot_testkit.lab._timeline import timeline  # noqa: PLC0415

    return "\n".join(f"{entry.at:>10.3f}  {entry.text}" for entry in timeline(Recording(journal.events), ()))
