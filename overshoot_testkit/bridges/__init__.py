"""Ways to a fake that are no network: `route_to` lets respx answer httpx by it."""

from __future__ import annotations

from overshoot_testkit.bridges._respx import route_to

__all__ = ["route_to"]
