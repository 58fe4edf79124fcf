"""What all tests share: hypothesis searches the same examples each time, and has no opinion on speed."""

from __future__ import annotations

import asyncio

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
settings.load_profile("repeatable")

# pytest-asyncio asks for the current event loop before its first test; where Python makes one on being asked
# (before 3.14), nobody closes it. Having said that there is none, none is made.
asyncio.set_event_loop(None)

pytest_plugins = ["pytester"]
