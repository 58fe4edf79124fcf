"""What a fixture costs a test: set-up, tear-down, and pytest's own work for it.

One pytest run of generated tests with empty bodies, in which the kinds take turns: a test with no fixture,
one with ours, one with each peer's. The cost of a fixture is the time of its test, from pytest's first hook
for it to its last, less that of the test without a fixture of the same sort (async or not) in the same round.
A round is the median of a block of tests.

pytest-httpserver keeps one server for the whole run and clears it for each test; ours is a new server,
journal, clock and set of accounts for each. Nothing here makes a request: a peer that cannot answer one with
the installed aiohttp is told by `requests`, and left out here too.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from statistics import median

from benchmarks import requests_per_second
from benchmarks._harness import Aim, Figure, Outcome, Plan, progress, reason
from benchmarks._peers import versions

NAME = "per-test"
_PATIENCE = 900.0
"""Real seconds the pytest run may take."""
_TIMES = "BENCHMARK_TIMES"


@dataclass(frozen=True, slots=True)
class Kind:
    """A sort of test; `fixture` empty for the one that the others of its sort are compared with."""

    name: str
    fixture: str
    asynchronous: bool
    needs: str = ""
    """Module of the peer."""
    aim: Aim | None = None


NOTHING_ASYNC = Kind("no fixture (async)", "", asynchronous=True)
NOTHING = Kind("no fixture (sync)", "", asynchronous=False)
OURS = Kind("overshoot (async, virtual time, in memory)", "overshoot", asynchronous=True, aim=Aim("≤", 1.5))
OURS_SYNC = Kind("overshoot (sync, thread, loopback)", "overshoot", asynchronous=False, aim=Aim("≤", 1.5))
KINDS = (
    NOTHING_ASYNC,
    NOTHING,
    OURS,
    OURS_SYNC,
    Kind("bare aiohttp server, loopback (async)", "bare_aiohttp", asynchronous=True),
    Kind("aioresponses (async)", "mocked_aiohttp", asynchronous=True, needs="aioresponses"),
    Kind("respx (async)", "mocked_httpx", asynchronous=True, needs="respx"),
    Kind(
        "pytest-httpserver (sync, one server for all)",
        "httpserver",
        asynchronous=False,
        needs="pytest_httpserver",
    ),
)

CONFTEST = """\
import json
import os
import time

import pytest
import pytest_asyncio

times = {}


@pytest_asyncio.fixture
async def bare_aiohttp():
    from aiohttp import web

    async def keepalive(request):
        return web.json_response({"status": "ok"})

    app = web.Application()
    app.router.add_post("/v0.2/streams/{stream_id}/keepalive", keepalive)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield runner.addresses[0]
    await runner.cleanup()


@pytest.fixture
def mocked_aiohttp():
    from aioresponses import aioresponses

    with aioresponses() as mocked:
        mocked.post("https://api.overshoot.ai/v0.2/streams/x/keepalive", payload={"status": "ok"})
        yield mocked


@pytest.fixture
def mocked_httpx():
    import respx

    with respx.mock(assert_all_called=False) as mocked:
        mocked.post("https://api.overshoot.ai/v0.2/streams/x/keepalive").respond(200, json={"status": "ok"})
        yield mocked


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.callspec.params["turn"])  # stable: the kinds stay in order within a turn


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item):
    started = time.perf_counter()
    result = yield
    times.setdefault(item.originalname, []).append(time.perf_counter() - started)
    return result


def pytest_sessionfinish():
    with open(os.environ["BENCHMARK_TIMES"], "w", encoding="utf-8") as file:
        json.dump(times, file)
"""


def benchmark(plan: Plan) -> Outcome:
    """Run it."""
    block = 2 if plan.quick else 15
    known = versions("pytest", "pytest-asyncio", "aiohttp", "pytest-httpserver", "aioresponses", "respx")
    outcome = Outcome(NAME, "what a fixture costs a test, within one pytest run", "ms", {}, versions=known)
    if find_spec("pytest_asyncio") is None:
        raise RuntimeError("pytest-asyncio is not installed: pip install -r benchmarks/requirements.txt")
    kinds = [kind for kind in KINDS if _here(kind, outcome)]
    with tempfile.TemporaryDirectory() as name:
        times = _run(Path(name), kinds, block * (plan.rounds + 1))
    for kind, own in times.items():
        # The first block pays for imports.
        blocks = [own[at : at + block] for at in range(block, len(own), block)]
        outcome.samples[kind.name] = [median(each) for each in blocks]
    for kind in times:
        if not kind.fixture:
            continue
        without = outcome.samples[(NOTHING_ASYNC if kind.asynchronous else NOTHING).name]
        costs = [1e3 * (own - base) for own, base in zip(outcome.samples[kind.name], without, strict=True)]
        outcome.figures.append(Figure(f"cost of {kind.name}", costs, "ms", kind.aim))
    return outcome


def _here(kind: Kind, outcome: Outcome) -> bool:
    """Whether the peer is installed and works; noted down if not."""
    if not kind.needs:
        return True
    if find_spec(kind.needs) is None:
        outcome.not_run[kind.name] = reason(ModuleNotFoundError(name=kind.needs))
        return False
    if kind.needs == "aioresponses":
        try:
            asyncio.run(requests_per_second.aioresponses_client(1))
        except Exception as error:
            outcome.not_run[kind.name] = reason(error)
            return False
    return True


def _run(home: Path, kinds: list[Kind], turns: int) -> dict[Kind, list[float]]:
    """Generate the tests and run them; returns each kind's times in seconds, in order."""
    progress(f"{NAME}: one pytest run of {turns} tests of each of {len(kinds)} kinds")
    tests = ["import pytest\n"]
    for number, kind in enumerate(kinds):
        arguments = ", ".join(filter(None, ("turn", kind.fixture)))
        prefix = "async " if kind.asynchronous else ""
        tests.append(
            f'\n@pytest.mark.parametrize("turn", range({turns}))\n'
            f"{prefix}def test_{number}({arguments}):\n    pass\n"
        )
    (home / "test_cost.py").write_text("\n".join(tests), encoding="utf-8")
    (home / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    ini = "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n"
    (home / "pytest.ini").write_text(ini, encoding="utf-8")
    file = home / "times.json"
    # Other plugins' work for each fixture (looptime's, say) would be counted as ours.
    plugins = ["asyncio", "overshoot_testkit"]
    plugins += ["pytest_httpserver"] if any(kind.fixture == "httpserver" for kind in kinds) else []
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "OVERSHOOT_"))
    }
    answer = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "--overshoot-fake", "test_cost.py"),
            *(part for plugin in ("no:cacheprovider", *plugins) for part in ("-p", plugin)),
        ],
        cwd=home,
        env=environment | {_TIMES: str(file), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=_PATIENCE,
    )
    if answer.returncode != 0:
        told = answer.stdout[-3000:] + answer.stderr[-3000:]
        raise RuntimeError(f"pytest failed with exit code {answer.returncode}:\n{told}")
    times = json.loads(file.read_text(encoding="utf-8"))
    return {kind: times[f"test_{number}"] for number, kind in enumerate(kinds)}
