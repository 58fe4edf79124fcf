"""`overshoot-testkit faults`: what can go wrong."""

from __future__ import annotations

from typing import Annotated

import typer

from overshoot_testkit.cli._guard import guarded


def faults(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Explain this one, with examples.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, with everything there is.")] = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="The JSON Schema of a fault, for editors and other languages.")
    ] = False,
) -> None:
    """List the faults: what can happen to a request, a WebSocket, a connection or the server.

    The same names work from Python, in scenario files, over the admin API and with `--fault`.
    """

    def show() -> int:
        from overshoot_testkit.cli._vocabulary import show  # noqa: PLC0415 - heavy: only to list

        return show(name, as_json=as_json, schema=schema)

    raise typer.Exit(guarded(show))
