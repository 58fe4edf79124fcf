"""`overshoot-testkit scenario`: what has to do with scenario files."""

from __future__ import annotations

from typing import Annotated

import typer

from overshoot_testkit.cli._guard import guarded

scenario = typer.Typer(
    no_args_is_help=True, help="Check scenario files, and list those that ship.", rich_markup_mode=None
)


@scenario.command()
def check(
    scenarios: Annotated[
        list[str], typer.Argument(metavar="FILE…", help="Scenario files, or names of those that ship.")
    ],
) -> None:
    """Check scenario files: form, names, settings and routes, without playing them.

    Every mistake is told as `file:line: field: problem; fix`. Exit code 2 if there is one.
    """

    def look() -> int:
        from overshoot_testkit.cli._scenario_check import check  # noqa: PLC0415 - heavy: only to check

        return check(scenarios)

    raise typer.Exit(guarded(look))


@scenario.command(name="list")
def list_() -> None:
    """List the scenarios that ship: their names, and what happens in them."""

    def show() -> int:
        from overshoot_testkit.cli._scenario_check import show  # noqa: PLC0415

        return show()

    raise typer.Exit(guarded(show))
