"""`overshoot-testkit serve`: the fake as a server, for programs in any language."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from overshoot_testkit.cli._guard import guarded


class ClockChoice(StrEnum):
    """Whose time the fake goes by."""

    REAL = "real"
    STEPPED = "stepped"


def serve(  # noqa: PLR0917 - never called by hand: each is an option
    host: Annotated[
        str,
        typer.Option(metavar="HOST", help="Where to listen. Other machines reach only 0.0.0.0 or the like."),
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(metavar="N", min=0, max=65535, help="The API's port; 0 for any that is free.")
    ] = 0,
    admin_port: Annotated[
        int, typer.Option(metavar="N", min=0, max=65535, help="The admin API's port; 0 for any that is free.")
    ] = 0,
    profile: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FILE",
            help="Settings of the server: seed, older, strict, or a file.",
            show_default="seed",
        ),
    ] = None,
    scenario: Annotated[
        str | None,
        typer.Option(metavar="NAME|FILE", help="Play this schedule of faults and checks, from the start."),
    ] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option(metavar="WORDS", help="Set a fault, such as 'answer 503 route=keepalive times=2'."),
    ] = None,
    clock: Annotated[
        ClockChoice, typer.Option(help="Real time, or time that only the admin API moves.")
    ] = ClockChoice.REAL,
    api_key: Annotated[
        str | None, typer.Option(metavar="KEY", help="The API key that clients use; any text.")
    ] = None,
    admin_token_env: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The environment variable that has the admin API's token."),
    ] = None,
    seed: Annotated[
        int, typer.Option(metavar="N", min=0, help="Of all that is random: the same seed, the same run.")
    ] = 0,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line: ready, each event, summary.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No log: only where it listens, and the summary.")
    ] = False,
    no_color: Annotated[
        bool, typer.Option("--no-color", help="No colours; so does the variable NO_COLOR.")
    ] = False,
) -> None:
    """Serve the fake of the API, for tests and programs in any language, until Ctrl-C.

    Two ports: the API, and an admin API that sets faults, moves time, shows streams and journal, takes
    snapshots and resets; a page at /_testkit/ui shows it all. For example:

    \b
      overshoot-testkit serve
      overshoot-testkit serve --port 8080 --fault 'answer 503 route=keepalive times=2'
      overshoot-testkit serve --clock stepped --profile older --json
      overshoot-testkit serve --scenario deploy-in-the-middle

    A program that starts it uses --json, and reads the first line:

    \b
      {"event": "ready", "url": "http://127.0.0.1:40123/v0.2",
       "admin_url": "http://127.0.0.1:40124/_testkit", "api_key": "ovs_test_key"}

    Clients find it by OVERSHOOT_API_URL (that url) and OVERSHOOT_API_KEY. `overshoot-testkit faults` lists
    what can go wrong. Ctrl-C or SIGTERM ends it, with a summary. Exit codes:

    \b
      0    ended as asked
      1    a check of the scenario failed
      2    not served: a port in use, a profile, scenario or fault that is wrong
    """  # noqa: D301 - \b tells click not to rewrap what follows

    def run() -> int:
        from overshoot_testkit.cli._serving import Order, serve  # noqa: PLC0415 - heavy: only to serve

        return serve(
            Order(
                host,
                port,
                admin_port,
                profile,
                scenario,
                tuple(fault or ()),
                clock.value,
                api_key,
                admin_token_env,
                seed,
                as_json,
                quiet,
                no_color,
            )
        )

    raise typer.Exit(guarded(run))
