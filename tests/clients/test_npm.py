"""Packages fetched from npm, and what is said when that cannot be."""

from __future__ import annotations

import pytest

from overshoot_testkit.clients._node import node_command
from overshoot_testkit.clients._npm import HELPERS, fetch_package, package_name
from overshoot_testkit.clients._process import DriverError


def test_the_folder_has_the_package_and_the_drivers_helpers_and_goes_away():
    told: list[str] = []
    with fetch_package("ws@8.18.3", told.append) as folder:
        assert (folder / "node_modules" / "@sinonjs" / "fake-timers" / "package.json").is_file()
        assert (folder / "node_modules" / "ws" / "package.json").is_file()

    assert not folder.exists()
    assert ["fetching ws@8.18.3 from npm …", "fetched ws 8.18.3"] == told


def test_the_helpers_are_pinned():
    assert all(helper.rpartition("@")[2][0].isdigit() for helper in HELPERS)


def test_an_unknown_version_is_named():
    with (
        pytest.raises(DriverError, match=r"no such version: '@overshoot/sdk@9\.9\.9'.*npm view"),
        fetch_package("@overshoot/sdk@9.9.9"),
    ):
        pass


def test_an_unknown_package_is_named():
    with (
        pytest.raises(DriverError, match="npm knows no package '@overshoot/no-such-sdk'"),
        fetch_package("@overshoot/no-such-sdk"),
    ):
        pass


@pytest.mark.parametrize(
    "spec", ["", "--registry=http://elsewhere", "a b", "@scope", "x@>1", "x@1;rm", "git+ssh://x"]
)
def test_what_is_no_package_never_reaches_npm(spec):
    with pytest.raises(DriverError, match="is not an npm package: write NAME"):
        package_name(spec)


def test_without_node_it_says_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(DriverError, match=r"no 'node' on PATH.*Install Node\.js"):
        node_command("@overshoot/sdk")
    with pytest.raises(DriverError, match=r"no 'node' on PATH"), fetch_package("@overshoot/sdk"):
        pass
