"""The program: its commands, `--version`, and how it is entered. Heavy imports wait until a command runs."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from overshoot_testkit.cli._conformance import conformance
from overshoot_testkit.cli._faults import faults
from overshoot_testkit.cli._guard import guarded
from overshoot_testkit.cli._rules import rules
from overshoot_testkit.cli._scenario import scenario
from overshoot_testkit.cli._serve import serve

PROGRAM = "overshoot-testkit"

app = typer.Typer(
    name=PROGRAM,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    # Plain help: it reads the same in a terminal, a pipe and a CI log, and starts without importing rich.
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
for command in (conformance, serve, rules, faults):
    app.command()(command)
app.add_typer(scenario, name="scenario")


def _version(wanted: bool) -> None:
    if wanted:
        from overshoot_testkit.cli._version import tool_version  # noqa: PLC0415 - reads package metadata

        typer.echo(f"{PROGRAM} {tool_version()}")
        raise typer.Exit


@app.callback()
def _program(
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """A fake of the Overshoot streaming-vision API, and a suite of rules that judges any client of it.

    Begin with a real SDK:

    \b
      overshoot-testkit conformance --client npm:@overshoot/sdk
    """  # noqa: D301 - \b tells click not to rewrap what follows


def main() -> None:
    """Run the command that `sys.argv` names, and exit with its code."""
    program = PROGRAM
    if sys.argv and sys.argv[0].endswith("__main__.py"):
        program = "python -m overshoot_testkit"
    sys.exit(guarded(lambda: app(prog_name=program)))
