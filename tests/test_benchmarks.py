"""The benchmarks run, and print their ratios. How fast anything is, no test asks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def benchmarks(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


FIGURES = {
    "requests": ("fake, loopback  ÷  bare aiohttp, loopback", "fake, in memory  ÷  bare aiohttp, in memory"),
    "per-test": (
        "cost of overshoot (async, virtual time, in memory)",
        "cost of overshoot (sync, thread, loopback)",
    ),
    "hour": (),
    "simulators": (),
    "unused-plugin": ("cost of the unused plugin, no other plugin",),
    "streams": ("memory of one of 20 streams with a result socket",),
}
"""What each can say without any peer installed."""


@pytest.mark.parametrize("name", FIGURES)
def test_each_benchmark_runs_and_names_whom_it_could_not_measure(name, tmp_path):
    file = tmp_path / "figures.json"

    run = benchmarks("--only", name, "--quick", "--rounds", "1", "--json", str(file))

    assert 0 == run.returncode, run.stderr
    [found] = json.loads(file.read_text(encoding="utf-8"))["benchmarks"]
    labels = [figure["label"] for figure in found["figures"]]
    for figure in FIGURES[name]:
        assert figure in labels
        assert figure in run.stdout
    assert all(found["not_run"].values()), "a reason for each"
    for peer in found["not_run"]:
        assert peer in run.stdout
    assert found["figures"] or found["not_run"]


def test_a_benchmark_that_does_not_exist_is_refused_and_the_names_are_told():
    run = benchmarks("--only", "speed")

    assert 2 == run.returncode
    assert "unused-plugin" in run.stderr
