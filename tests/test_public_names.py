"""What the packages export is what they say, and importing the testkit costs nothing."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

import overshoot_testkit

PACKAGES = [
    "overshoot_testkit",
    "overshoot_testkit.admin",
    "overshoot_testkit.bridges",
    "overshoot_testkit.clients",
    "overshoot_testkit.clients.reference",
    "overshoot_testkit.clock",
    "overshoot_testkit.conformance.overshoot",
    "overshoot_testkit.documents",
    "overshoot_testkit.fakes.base",
    "overshoot_testkit.fakes.overshoot",
    "overshoot_testkit.faults",
    "overshoot_testkit.journal",
    "overshoot_testkit.lab",
    "overshoot_testkit.reports",
    "overshoot_testkit.scenarios",
    "overshoot_testkit.simulation",
    "overshoot_testkit.strategies",
]
THIRD_PARTY = {
    "aiohttp",
    "jsonschema",
    "jwt",
    "livekit",
    "pydantic",
    "pytest",
    "rich",
    "time_machine",
    "typer",
}


@pytest.mark.parametrize("name", PACKAGES)
def test_every_public_name_exists_and_comes_once(name):
    module = importlib.import_module(name)

    assert len(module.__all__) == len(set(module.__all__))
    assert all(hasattr(module, each) for each in module.__all__)


def test_the_shortest_names_are_the_same_objects():
    from overshoot_testkit.fakes.overshoot import OvershootFake

    assert OvershootFake is overshoot_testkit.OvershootFake
    assert "OvershootFake" in dir(overshoot_testkit)
    with pytest.raises(AttributeError, match="has no attribute 'Undershoot'"):
        overshoot_testkit.Undershoot  # noqa: B018


@pytest.mark.parametrize(
    "package", ["overshoot_testkit", "overshoot_testkit.clock", "overshoot_testkit.faults"]
)
def test_importing_it_imports_nothing_heavy(package):
    script = f"import {package}, sys; print(*{{name.partition('.')[0] for name in sys.modules}})"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout

    assert set() == THIRD_PARTY & set(loaded.split())
