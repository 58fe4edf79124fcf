"""What a run gets that asked for something."""

from __future__ import annotations

from typing import TYPE_CHECKING

from overshoot_testkit.plugin import _loop
from overshoot_testkit.plugin._tests import FakeTests

if TYPE_CHECKING:
    import pytest

    from overshoot_testkit.plugin._options import Options


def activate(config: pytest.Config, options: Options) -> None:
    """Register the hooks for these options."""
    manager = config.pluginmanager
    header = Header()
    manager.register(header, "overshoot_header")
    if options.url is not None:
        header.lines.append(f"real deployment at {options.url}")
        manager.register(FakeTests(), "overshoot_tests")
    if options.client is not None:
        _add_suite(config, options, options.client)
        header.lines.append(f"judging {options.client} by the conformance suite")
    if options.fake:
        manager.register(FakeTests(), "overshoot_tests")
        header.lines.append(f"fake of the API; {_virtual_time(config)}")


def _virtual_time(config: pytest.Config) -> str:
    manager = config.pluginmanager
    if not _loop.has_asyncio(config):
        return "all tests in real time (pytest-asyncio takes no part)"
    if not _loop.has_hook(config):
        return _loop.TOO_OLD
    manager.register(_loop.VirtualLoops(), "overshoot_loops")
    manager.register(_loop.loop_fixtures(), "overshoot_loop_fixtures")
    return "async tests on virtual time"


def _add_suite(config: pytest.Config, options: Options, client: str) -> None:
    from overshoot_testkit.plugin._collect import Conformance  # noqa: PLC0415 - only to judge
    from overshoot_testkit.plugin._suite import Suite  # noqa: PLC0415

    config.pluginmanager.register(
        Conformance(Suite(config, options, client), config), "overshoot_conformance"
    )


class Header:
    """One line in the header for each thing that was asked."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def pytest_report_header(self) -> list[str]:
        return [f"overshoot: {line}" for line in self.lines]
