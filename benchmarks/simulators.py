"""One virtual hour of plain HTTP at one request a second, on our loop and on other simulators.

simloop and simloom need Python 3.12 or later, so this is measured in a process of its own, with an
interpreter that has them: this one, the one given by --peer-python, or one that is found. Where that lacks
the peers, an environment is made for it under .benchmarks/. All contenders are measured in that process.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks._harness import Outcome, Plan, progress

NAME = "simulators"
ROOT = Path(__file__).resolve().parent.parent
OURS, LOOPTIME = "simulation, in memory", "looptime, loopback"
PEERS = ("simloop", "simloom", "looptime")
NEEDED = ("aiohttp", "time_machine", *PEERS)
_CANDIDATES = ("python3.13", "python3.14", "python3.12")
_PATIENCE = 900.0
"""Real seconds that the other process, or pip, may take."""


def benchmark(plan: Plan) -> Outcome:
    """Run it."""
    seconds = 60 if plan.quick else 3600
    title = f"{seconds} virtual seconds of plain HTTP at 1 request/s"
    outcome = Outcome(NAME, title, "s", {})
    python, why = _interpreter(plan)
    if python is None:
        outcome.not_run = dict.fromkeys(PEERS, why)
        return outcome
    # simloom takes seconds for what the others do in tenths.
    rounds = 1 if plan.quick else max(1, (plan.rounds + 1) // 2)
    command = [python, "-m", "benchmarks._simulators_child", str(seconds), str(rounds)]
    answer = subprocess.run(
        command, cwd=ROOT, env=_environment(), stdout=subprocess.PIPE, check=False, timeout=_PATIENCE
    )
    if answer.returncode != 0:
        raise RuntimeError(f"{python} could not measure: exit code {answer.returncode}, see above")
    found = json.loads(answer.stdout)
    outcome.samples, outcome.not_run, outcome.versions = found["samples"], found["not_run"], found["versions"]
    for peer in (LOOPTIME, "simloop", "simloom"):
        outcome.compare(OURS, peer, "time")
    return outcome


def _environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}


def _interpreter(plan: Plan) -> tuple[str | None, str]:
    """An interpreter with all that is needed; or None and why there is none."""
    if plan.peer_python is not None:
        candidates = [plan.peer_python]
    else:
        candidates = [sys.executable] if sys.version_info >= (3, 12) else []
        candidates += [path for path in map(_find, _CANDIDATES) if path is not None]
    known = [(path, _problem(path)) for path in candidates]
    for path, problem in known:
        if problem == "":
            return path, ""
    for path, problem in known:
        if problem.startswith("it lacks"):
            return _own_environment(path) if plan.install else (None, f"{path}: {problem}")
    if known:
        return None, "; ".join(f"{path}: {problem}" for path, problem in known)
    return (
        None,
        f"needs Python 3.12 or later; none of {', '.join(_CANDIDATES)} was found (--peer-python PYTHON)",
    )


def _find(name: str) -> str | None:
    """An interpreter by its name: on the path, or among pyenv's."""
    version = name.removeprefix("python")
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    ours = sorted(pyenv.glob(f"{version}.*/bin/python"))
    on_path = shutil.which(name)
    # A pyenv shim is on the path also where it leads nowhere, so what pyenv really has comes first.
    return str(ours[-1]) if ours else on_path


def _problem(python: str) -> str:
    """Why this interpreter will not do; empty if it will."""
    program = (
        "import importlib.util as u, sys; "
        f"print(sys.version_info >= (3, 12), *[n for n in {NEEDED!r} if u.find_spec(n) is None])"
    )
    try:
        answer = subprocess.run(
            [python, "-c", program], capture_output=True, text=True, check=False, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"does not run: {error}"
    if answer.returncode != 0:
        return f"does not run: {' '.join(answer.stderr.split())[-200:]}"
    new_enough, *missing = answer.stdout.split()
    if new_enough != "True":
        return "is older than Python 3.12"
    return f"it lacks {', '.join(missing)}" if missing else ""


def _own_environment(python: str) -> tuple[str | None, str]:
    """Make one for this interpreter, or take the one that was made before."""
    version = subprocess.run(
        [python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    home = ROOT / ".benchmarks" / f"python{version}"
    inside = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if inside.exists() and not _problem(str(inside)):
        return str(inside), ""
    progress(f"{NAME}: making an environment with {python} in {home.relative_to(ROOT)}")
    requirements = ROOT / "benchmarks" / "requirements-simulators.txt"
    for command in (
        [python, "-m", "venv", "--clear", str(home)],
        [
            str(inside),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "-r",
            str(requirements),
        ],
    ):
        made = subprocess.run(command, stdout=sys.stderr, check=False, timeout=_PATIENCE)
        if made.returncode != 0:
            return None, f"{' '.join(command[:4])} … failed with exit code {made.returncode}, see above"
    problem = _problem(str(inside))
    return (None, problem) if problem else (str(inside), "")
