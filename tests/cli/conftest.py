"""The program as its users meet it: in a process of its own, in a project that is not ours."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import textwrap

import pytest

CLIENTS = """
from overshoot_testkit.clients.reference import ReferenceClient


class Careful(ReferenceClient):
    name = "careful"


class Idle(ReferenceClient):
    "Says that it has started, and has not."

    name = "idle"

    async def start(self, target, options, on_result, on_error):
        pass
"""

# `python -m overshoot_testkit` by a user at a terminal. Where the tests run in the background of a shell,
# Ctrl-C is ignored, and children inherit that.
PROGRAM = """
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("overshoot_testkit", run_name="__main__", alter_sys=True)
"""

HELLO = {
    "protocol": 1,
    "name": "tiny",
    "version": "1",
    "capabilities": ["native"],
    "modes": ["frame"],
    "clock": "driver",
}


def environment(**changes: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "FORCE_COLOR"}}
    return {**kept, "PYTHONIOENCODING": "utf-8", "PYTHONDONTWRITEBYTECODE": "1", **changes}


@pytest.fixture
def project(tmp_path):
    """A folder with an adapter module, `theirs`, as another project would have it."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "theirs.py").write_text(CLIENTS, encoding="utf-8")
    return folder


@pytest.fixture
def begin(project):
    """Start the program in the project's folder; whatever happens, it has ended with the test."""
    running = []

    def start(*arguments: str, stdout: int = subprocess.PIPE, **changes: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", PROGRAM, *arguments]
        running.append(
            subprocess.Popen(
                command,
                cwd=project,
                env=environment(**changes),
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
        )
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.communicate()


@pytest.fixture
def program(begin):
    """Run the program to its end: exit code, output, errors."""

    def run(*arguments: str, **changes: str) -> tuple[int, str, str]:
        process = begin(*arguments, **changes)
        output, errors = process.communicate(timeout=60)
        return process.returncode, output, errors

    return run


@pytest.fixture
def lifeline():
    """A socket that a driver connects to, so that a test knows when it has begun and when it is gone."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(30)
        yield server


@pytest.fixture
def driver(project, lifeline):
    """A program that calls the test, then does `text` with `read()` and `say(…)` of the driver protocol."""

    def write(text: str) -> str:
        prelude = f"""
            import json, socket, sys, time
            lifeline = socket.create_connection(("127.0.0.1", {lifeline.getsockname()[1]}))
            def read():
                line = sys.stdin.readline()
                return json.loads(line) if line else sys.exit(0)
            def say(**message):
                print(json.dumps({{"jsonrpc": "2.0", **message}}), flush=True)
            def hello():
                say(id=read()["id"], result={HELLO!r})
        """
        path = project / "driver.py"
        path.write_text(textwrap.dedent(prelude) + textwrap.dedent(text), encoding="utf-8")
        return f'exec:"{sys.executable}" "{path}"'

    return write


@pytest.fixture
def gone(lifeline):
    """Whether the next driver that called is gone: the line to it has ended."""

    def look() -> bool:
        line, _ = lifeline.accept()
        with line:
            line.settimeout(15)
            try:
                return line.recv(1) == b""
            except ConnectionResetError:
                return True

    return look
