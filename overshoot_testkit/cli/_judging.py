"""What `conformance` does once its arguments are read."""

from __future__ import annotations

import contextlib
import os
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from overshoot_testkit.cli._catalogue import choose
from overshoot_testkit.cli._guard import UserError
from overshoot_testkit.cli._version import tool_version
from overshoot_testkit.clients import ClientSpecError, DriverError
from overshoot_testkit.lab import OVERSHOOT, open_bench, run_suite
from overshoot_testkit.reports import (
    ConsoleReporter,
    JournalsReporter,
    JsonReporter,
    JunitReporter,
    ReportError,
    RunFacts,
    make_console,
    prepare_directory,
    tell,
)

if TYPE_CHECKING:
    from overshoot_testkit.reports import Reporter


@dataclass(frozen=True, slots=True)
class Request:
    """A command line of `conformance`."""

    client: str
    rules: str | None = None
    report: str | None = None
    seed: int = 0
    strict: bool = False
    no_color: bool = False
    quiet: bool = False

    @property
    def replay(self) -> str:
        """The command that judges one rule again, with `{rule}` where its id goes."""
        words = ["overshoot-testkit", "conformance", "--client", self.client]
        words += ["--seed", str(self.seed)] if self.seed else []
        words += ["--strict"] if self.strict else []
        command = subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)
        return command.replace("{", "{{").replace("}", "}}") + " --rules {rule}"


def judge(request: Request) -> int:
    """Judge the client, write the reports, and return the exit code. `UserError` for a wrong request."""
    chosen = choose(request.rules)
    try:
        directory = Path(request.report) if request.report is not None else None
        if directory is not None:
            prepare_directory(directory)
        console = make_console(no_color=request.no_color)
        facts = RunFacts(OVERSHOOT.name, tool_version(), request.seed, request.strict, request.rules)

        def progress(line: str) -> None:
            if not request.quiet:
                console.print(Text(line, style="dim"), soft_wrap=True)

        with contextlib.ExitStack() as stack:
            bench = stack.enter_context(
                open_bench(request.client, OVERSHOOT, seed=request.seed, progress=progress)
            )
            shown = stack.enter_context(
                ConsoleReporter(console, facts, quiet=request.quiet, directory=directory)
            )
            # Files first: the console then points to what is there.
            reporters = [*_files(directory, facts), shown]
            events = run_suite(chosen, bench, replay=request.replay, strict=request.strict)
            return tell(events, reporters).exit_code
    except (ClientSpecError, DriverError, ReportError) as error:
        raise UserError(str(error)) from error


def _files(directory: Path | None, facts: RunFacts) -> list[Reporter]:
    if directory is None:
        return []
    return [JournalsReporter(directory), JsonReporter(directory, facts), JunitReporter(directory, facts)]
