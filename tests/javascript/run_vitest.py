"""Runs the JavaScript example's own tests, in a copy, against this testkit's `serve`.

usage: python tests/javascript/run_vitest.py

Needs Node 20 or newer with npm, and fails without. The copy keeps node_modules out of the repository.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parent.parent.parent / "docs" / "examples" / "vitest"
OLDEST_NODE = 20


def tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        sys.exit(f"{name} was not found: install Node {OLDEST_NODE} or newer, npm included")
    return found


def check_node() -> None:
    said = subprocess.run(
        [tool("node"), "--version"], capture_output=True, text=True, check=True
    ).stdout.strip()
    if int(said.removeprefix("v").partition(".")[0]) < OLDEST_NODE:
        sys.exit(f"Node {said} is too old: {OLDEST_NODE} or newer is needed")


def run(*command: str, cwd: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(command, cwd=cwd, env=environment, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: exit {done.returncode}")


def main() -> None:
    check_node()
    # The overshoot-testkit of this very environment goes before any other.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "NO_COLOR": "1"}
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "vitest"
        shutil.copytree(EXAMPLE, copy, ignore=shutil.ignore_patterns("node_modules"))
        run(
            tool("npm"),
            "ci",
            "--no-audit",
            "--no-fund",
            "--loglevel=error",
            cwd=copy,
            environment=environment,
        )
        run(tool("npx"), "vitest", "run", cwd=copy, environment=environment)


if __name__ == "__main__":
    main()
