"""`python -m benchmarks`: ratios against named peers, taken in one run."""

from __future__ import annotations

import argparse
import json
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks._harness import Outcome, Plan, progress
from benchmarks._report import as_json, show

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MODULES = {
    "requests": "requests_per_second",
    "per-test": "per_test",
    "hour": "virtual_hour",
    "simulators": "simulators",
    "unused-plugin": "unused_plugin",
    "streams": "many_streams",
}

EPILOG = """\
benchmarks:
  requests       keepalives a second: the fake against bare aiohttp, respx, aioresponses, pytest-httpserver
  per-test       what a fixture costs a test: ours against the same peers, within one pytest run
  hour           one virtual hour of the reference client at one result a second, against looptime
  simulators     one virtual hour of plain HTTP, against simloop and simloom (Python 3.12 or later)
  unused-plugin  what the installed plugin costs `pytest --collect-only` in a project that does not use it
  streams        what a keepalive and a stream cost at 100, 1 000 and 10 000 open streams

examples:
  pip install -e . -r benchmarks/requirements.txt
  python -m benchmarks                                   all, about seven minutes
  python -m benchmarks --only requests --only hour
  python -m benchmarks --only simulators --peer-python python3.13
  python -m benchmarks --json figures.json

A figure is the median of the rounds with its quartiles. An aim that is missed is said to be, and does not
change the exit code: 0 when all was measured, 2 for wrong usage. docs/benchmarks.md explains each figure.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, run, print. Returns the exit code."""
    plan, names, path = _parse(arguments)
    outcomes = []
    for name in names:
        outcome = _benchmark(name)(plan)
        if plan.quick:
            outcome.title += "; QUICK: the figures mean nothing"
        outcomes.append(outcome)
        show(outcome)
    if path is not None:
        path.write_text(json.dumps(as_json(outcomes, plan), indent=2) + "\n", encoding="utf-8")
        progress(f"figures written to {path}")
    return 0


def _parse(arguments: Sequence[str] | None) -> tuple[Plan, list[str], Path | None]:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure overshoot-testkit against its peers, interleaved, in one run.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--only",
        action="append",
        choices=list(MODULES),
        metavar="NAME",
        help=f"run this one; may be repeated. One of: {', '.join(MODULES)}",
    )
    parser.add_argument("--rounds", type=_positive, default=7, metavar="N", help="rounds; 7 unless told")
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="also write everything, samples included, here"
    )
    parser.add_argument(
        "--peer-python",
        metavar="PYTHON",
        help="interpreter (3.12 or later) for simloop and simloom; by default this one or one that is found",
    )
    parser.add_argument(
        "--no-install",
        action="store_true",
        help="do not make an environment for that interpreter (.benchmarks/, with pip) if it lacks the peers",
    )
    parser.add_argument("--quick", action="store_true", help="only see that everything runs")
    chosen = parser.parse_args(arguments)
    if chosen.json is not None and not chosen.json.absolute().parent.is_dir():
        parser.error(f"--json {chosen.json}: there is no directory {chosen.json.absolute().parent}")
    plan = Plan(
        rounds=chosen.rounds,
        quick=chosen.quick,
        peer_python=chosen.peer_python,
        install=not (chosen.no_install or chosen.quick),
    )
    return plan, chosen.only or list(MODULES), chosen.json


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of at least 1")
    return int(text)


def _benchmark(name: str) -> Callable[[Plan], Outcome]:
    run: Callable[[Plan], Outcome] = import_module(f"benchmarks.{MODULES[name]}").benchmark
    return run


if __name__ == "__main__":
    sys.exit(main())
