"""`overshoot-testkit rules`: list what clients are judged by."""

from __future__ import annotations

from typing import Annotated

import typer

from overshoot_testkit.cli._guard import guarded


def rules(
    rules: Annotated[
        str | None,
        typer.Option("--rules", metavar="GLOB[,GLOB]", help="Only these: ids or globs, such as 'KEEP-*'."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, with everything there is.")] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="With sources, needs, cases and the reason for each rule.")
    ] = False,
) -> None:
    """List the rules: id, level, and what a client does.

    MUST: a source says so, or a user is harmed otherwise. SHOULD: good practice; a failure is a warning.
    """

    def show() -> int:
        from overshoot_testkit.cli._catalogue import show  # noqa: PLC0415 - heavy: only to list

        return show(rules, as_json=as_json, verbose=verbose)

    raise typer.Exit(guarded(show))
