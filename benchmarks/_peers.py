"""Which peers are here, in which versions, and whether they work with what is installed."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version


def versions(*distributions: str) -> dict[str, str]:
    """Installed versions by distribution, Python's own first; those that are missing say so."""
    found = {"python": platform.python_version()}
    for name in distributions:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "missing"
    return found
