"""What all tests share: hypothesis searches the same examples each time, and has no opinion on speed."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
settings.load_profile("repeatable")

pytest_plugins = ["pytester"]
