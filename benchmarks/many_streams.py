"""One fake with 100, 1 000 and 10 000 open streams: what a stream and its keepalives cost.

What is measured: memory of one stream, latency and processor time of one keepalive.

Native streams, so each keepalive mints a token; once by themselves, once with an authenticated result socket
each, in memory. Every crowd lives in a process of its own, for as long as the rounds last: what its
neighbours hold, the garbage collector does not have to go through. In each round all crowds have their turn
with a few hundred keepalives, spread over all their streams and over time as those of clients that ask at a
third of the lease. A first cycle through all streams is not counted. Memory is that which Python allocates
(tracemalloc), in processes apart, because tracing takes time; of the result sockets, the client's ends count
too, and are as small as can be.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from benchmarks._harness import Aim, Figure, Outcome, Plan, progress
from benchmarks._peers import versions

NAME = "streams"
ROOT = Path(__file__).resolve().parent.parent
SIZES = (100, 1_000, 10_000)
QUICK_SIZES = (10, 20)
KINDS = {"streams": "streams", "sockets": "streams with a result socket"}
_TOLD = {"cpu": "processor time", "latency": "latency"}
FLAT = Aim("≤", 1.15)


def benchmark(plan: Plan) -> Outcome:
    """Run it."""
    sizes = QUICK_SIZES if plan.quick else SIZES
    kinds = ["sockets"] if plan.quick else list(KINDS)
    count = 10 if plan.quick else 300
    title = "one keepalive, all else that happens meanwhile included, by streams that are open"
    outcome = Outcome(NAME, title, "ms", {}, versions=versions("aiohttp", "livekit-api"))
    with ExitStack() as stack:
        crowds = {(kind, size): stack.enter_context(_Crowd(kind, size)) for kind in kinds for size in sizes}
        for number in range(plan.rounds * 2 + 1):
            progress(f"{NAME}: round {number} of {plan.rounds * 2}" if number else f"{NAME}: filling")
            turns = list(crowds.items())
            for (kind, size), crowd in turns if number % 2 == 0 else reversed(turns):
                found = crowd.ask(str(count))
                if number:
                    for what in ("cpu", "latency"):
                        outcome.samples.setdefault(_name(what, kind, size), []).append(found[what])
    _compare(outcome, kinds, sizes)
    _memory(outcome, kinds, sizes)
    return outcome


def _name(what: str, kind: str, size: int) -> str:
    return f"{_TOLD[what]}, {size:_} {KINDS[kind]}".replace("_", " ")


def _compare(outcome: Outcome, kinds: list[str], sizes: tuple[int, ...]) -> None:
    for what in ("latency", "cpu"):
        for kind in kinds:
            for size in sizes[1:]:
                outcome.compare(_name(what, kind, size), _name(what, kind, sizes[0]), "time", FLAT)


def _memory(outcome: Outcome, kinds: list[str], sizes: tuple[int, ...]) -> None:
    for kind in kinds:
        told = KINDS[kind]
        found = []
        for size in sizes:
            progress(f"{NAME}: memory of {size} {told}")
            with _Crowd(kind, size) as crowd:
                found.append(crowd.ask("memory"))
            label = f"memory of one of {size:_} {told}".replace("_", " ")
            outcome.figures.append(Figure(label, [found[-1]["whole"] / 1000], "kB"))
            outcome.figures.append(Figure(f"{label}, the journal's", [found[-1]["journal"] / 1000], "kB"))
        for size, each in zip(sizes[1:], found[1:], strict=True):
            label = f"memory of one of {size:_}  ÷  of one of {sizes[0]:_} {told}".replace("_", " ")
            outcome.figures.append(Figure(label, [each["whole"] / found[0]["whole"]], "×", FLAT))


class _Crowd:
    """A process with one fake and its streams."""

    def __init__(self, kind: str, size: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks._streams_child", str(size), kind],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, command: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{command}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"a process that measures has ended with {self._process.wait()}, see above")
        found: dict[str, Any] = json.loads(answer)
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # What is left of ten thousand streams is nobody's concern any more.
        self._process.kill()
        self._process.communicate()
