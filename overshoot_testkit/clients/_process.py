"""A child process that speaks in lines, and of which nothing is left behind."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import signal
import subprocess
import sys
from collections import deque
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    OnLine = Callable[[str], object]
    OnEnd = Callable[["DriverError"], object]

STDERR_LINES_KEPT = 200
STDERR_LINES_SHOWN = 15
LONGEST_LINE = 64 * 1024 * 1024
"""Bytes. A result of 1 MiB is a test; a line of 64 MiB is a driver gone wrong."""

_LAST_WORDS = 1.0  # real seconds for standard error to arrive once standard output has ended


class DriverError(Exception):
    """The driver, not the client under test, failed: the case is a harness error.

    The message says what happened, and ends in what the driver last wrote to standard error.
    """


class LineProcess(asyncio.SubprocessProtocol):
    """A child process in a group of its own. Start one with `LineProcess.start`.

    `on_line` gets each line of its standard output; `on_end`, once, why there will be no more. Standard error
    is kept: the last 200 lines, without secrets. Works on every event loop that can start processes; its
    waits are real time.
    """

    def __init__(self, command: Sequence[str], on_line: OnLine, on_end: OnEnd) -> None:
        self._command = list(command)
        self._on_line = on_line
        self._on_end = on_end
        self._transport: asyncio.SubprocessTransport | None = None
        self._partial = {1: bytearray(), 2: bytearray()}
        self._stderr: deque[str] = deque(maxlen=STDERR_LINES_KEPT)
        self._secrets: list[str] = []
        self._exited = asyncio.Event()
        self._gone = asyncio.Event()  # it has exited, and all its pipes are read
        self._told_end = False

    @classmethod
    async def start(
        cls,
        command: Sequence[str],
        on_line: OnLine,
        on_end: OnEnd,
        *,
        cwd: str | os.PathLike[str] | None = None,
    ) -> LineProcess:
        """Run `command` (no shell sees it). Raise `DriverError` if it cannot be started."""
        if not command:
            raise DriverError(
                "cannot start the driver: the command is empty; give the program and its arguments"
            )
        process = cls(command, on_line, on_end)
        try:
            await asyncio.get_running_loop().subprocess_exec(
                lambda: process, *command, cwd=cwd, **_own_group()
            )
        except FileNotFoundError as error:
            raise DriverError(
                f"cannot start the driver: there is no {error.filename or command[0]!r}. "
                "Is it installed, and on PATH?"
            ) from error
        except OSError as error:
            raise DriverError(f"cannot start the driver with {process.command_line}: {error}") from error
        return process

    @property
    def command_line(self) -> str:
        return shlex.join(self._command)

    @property
    def pid(self) -> int:
        return self._running.get_pid()

    @property
    def exit_code(self) -> int | None:
        """Of the child; None while it runs, negative after a signal."""
        return self._running.get_returncode()

    @property
    def stderr(self) -> tuple[str, ...]:
        """The last lines of standard error, oldest first."""
        return tuple(self._stderr)

    def redact(self, secret: str | None) -> None:
        """From now on `secret` is written as `[redacted]` in standard error and in errors."""
        if secret:
            self._secrets.append(secret)

    def error(self, what: str) -> DriverError:
        """An error with `what`, the command and the end of standard error in its text."""
        tail = [f"  {line}" for line in self.stderr[-STDERR_LINES_SHOWN:]]
        said = (
            "It wrote nothing to standard error."
            if not tail
            else "\n".join(["Its last standard error:", *tail])
        )
        return DriverError(self._clean(f"the driver {what}.\nCommand: {self.command_line}\n{said}"))

    def write_line(self, line: str) -> None:
        """Send a line. What a process that has gone does not read is lost without an error here."""
        stdin = cast("asyncio.WriteTransport | None", self._running.get_pipe_transport(0))
        if stdin is not None and not stdin.is_closing():
            stdin.write(line.encode() + b"\n")

    async def aclose(self, grace: float = 2.0) -> None:
        """End it: wait `grace` real seconds for it to exit by itself, then kill it and all its children."""
        self._told_end = True
        stdin = self._running.get_pipe_transport(0)
        if stdin is not None:
            stdin.close()
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(grace):
                    await self._exited.wait()
        finally:
            self._kill_group()
        try:
            # A grandchild that left the group may hold a pipe open: after a kill, waiting on brings nothing.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LAST_WORDS):
                    await self._gone.wait()
        finally:
            self._running.close()

    # asyncio.SubprocessProtocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.SubprocessTransport", transport)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        partial = self._partial[fd]
        partial += data
        *lines, rest = partial.split(b"\n")
        self._partial[fd] = bytearray(rest)
        for line in lines:
            self._got_line(fd, line.decode(errors="replace").rstrip("\r"))
        if len(rest) > LONGEST_LINE:
            self._partial[fd].clear()
            self._end(f"wrote a line of more than {LONGEST_LINE // 1024**2} MiB")

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:  # noqa: ARG002 (asyncio's signature)
        if rest := self._partial.pop(fd, None):
            self._got_line(fd, rest.decode(errors="replace"))
        if fd == 1:
            # Its last words, and its exit code, are about to come: they are what explains the end.
            asyncio.get_running_loop().call_later(_LAST_WORDS, self._ended)

    def process_exited(self) -> None:
        self._exited.set()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 (asyncio's signature)
        self._gone.set()
        self._ended()

    # what follows from them

    def _got_line(self, fd: int, line: str) -> None:
        if fd == 2:
            self._stderr.append(self._clean(line))
        elif line.strip() and not self._told_end:
            self._on_line(line)

    def _ended(self) -> None:
        code = self.exit_code
        self._end("closed its standard output" if code is None else f"ended {_how(code)}")

    def _end(self, what: str) -> None:
        if not self._told_end:
            self._told_end = True
            self._on_end(self.error(what))

    def _clean(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "[redacted]")
        return text

    def _kill_group(self) -> None:
        if sys.platform == "win32":
            subprocess.run(  # noqa: S603 (a number is all that varies)
                ["taskkill", "/T", "/F", "/PID", str(self.pid)],  # noqa: S607 (a part of Windows)
                capture_output=True,
                check=False,
            )
        else:
            # The group lives as long as it has members; empty, it is gone (on macOS: not permitted).
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)

    @property
    def _running(self) -> asyncio.SubprocessTransport:
        assert self._transport is not None, "made by LineProcess.start"
        return self._transport


def _own_group() -> dict[str, Any]:
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


def _how(code: int) -> str:
    if code >= 0:
        return f"with exit code {code}"
    with contextlib.suppress(ValueError):
        return f"by signal {signal.Signals(-code).name}"
    return f"by signal {-code}"
