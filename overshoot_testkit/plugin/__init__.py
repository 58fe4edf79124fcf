"""The pytest plugin: `pytest --overshoot-fake`, and the conformance suite as pytest items.

Installed but unused it does nothing and imports nothing but pytest: everything else is imported when it is
asked for.
"""

from __future__ import annotations

import pytest

from overshoot_testkit.plugin import _marker, _options
from overshoot_testkit.plugin._fixtures import (
    _overshoot_anyio,
    _overshoot_environment,
    _overshoot_thread,
    _overshoot_use,
    overshoot,
    overshoot_clock,
    overshoot_fake,
    overshoot_faults,
    overshoot_journal,
    overshoot_respx,
)

__all__ = [
    "_overshoot_anyio",
    "_overshoot_environment",
    "_overshoot_thread",
    "_overshoot_use",
    "overshoot",
    "overshoot_clock",
    "overshoot_fake",
    "overshoot_faults",
    "overshoot_journal",
    "overshoot_respx",
    "pytest_addoption",
    "pytest_configure",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options."""
    _options.add_options(parser)


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker; add hooks only for what was asked."""
    config.addinivalue_line("markers", _marker.DESCRIPTION)
    options = _options.resolve(config)
    config.stash[_options.OPTIONS] = options
    if options:
        from overshoot_testkit.plugin import _active  # noqa: PLC0415 - only when used

        _active.activate(config, options)
