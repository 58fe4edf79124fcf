"""This program's own version."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def tool_version() -> str:
    """As installed; `unknown` from a source tree that nobody installed."""
    try:
        return version("overshoot-testkit")
    except PackageNotFoundError:
        return "unknown"
