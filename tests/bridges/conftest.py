"""Foreign projects, as the plugin's own tests have them."""

from __future__ import annotations

import textwrap

import pytest

INI = """
    [pytest]
    asyncio_mode = auto
    asyncio_default_fixture_loop_scope = function
    filterwarnings = error
"""


class Project:
    """A folder, and the pytest that is run in it."""

    def __init__(self, pytester):
        self._pytester = pytester
        self.write("pytest.ini", INI)

    def write(self, name, text):
        (self._pytester.path / name).write_text(textwrap.dedent(text), encoding="utf-8")

    def pytest(self, *arguments):
        # looptime, where the benchmarks have brought it in, takes hold of every loop there is.
        without = ("-p", "no:cacheprovider", "-p", "no:looptime_plugin", "-p", "no:randomly")
        return self._pytester.runpytest_subprocess(*without, *arguments, timeout=100)


@pytest.fixture
def project(pytester, monkeypatch):
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    return Project(pytester)
