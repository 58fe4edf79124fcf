"""`overshoot-testkit conformance`: judge a client."""

from __future__ import annotations

from typing import Annotated

import typer

from overshoot_testkit.cli._guard import guarded


def conformance(  # noqa: PLR0917 - never called by hand: each is an option
    client: Annotated[
        str,
        typer.Option(
            "--client", metavar="SPEC", help="The client to judge; see the forms above.", show_default=False
        ),
    ],
    rules: Annotated[
        str | None,
        typer.Option(
            metavar="GLOB[,GLOB]", help="Only these rules: ids or globs, such as KEEP-05 or 'WS-*,LIFE-0?'."
        ),
    ] = None,
    report: Annotated[
        str | None,
        typer.Option(
            metavar="DIR", help="Write verdicts.json, junit.xml and the journals of failed cases there."
        ),
    ] = None,
    seed: Annotated[
        int,
        typer.Option(metavar="N", min=0, help="Of all that is random: the same seed, the same run."),
    ] = 0,
    strict: Annotated[
        bool, typer.Option("--strict", help="A failed SHOULD fails the run too, instead of warning.")
    ] = False,
    no_color: Annotated[
        bool, typer.Option("--no-color", help="No colours; so does the variable NO_COLOR.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Only which rules failed, and the verdict.")
    ] = False,
) -> None:
    """Judge a client by the rules of the streaming-vision API, with evidence for each failure.

    The client talks to a fake of the API on a clock of its own: hours of keepalives take a second, and no
    key, credits or network are needed. SPEC names the client:

    \b
      npm:PACKAGE[@VERSION]     a JavaScript SDK from npm
      node:PATH_OR_PACKAGE      a JavaScript SDK on this machine
      package.module:factory    a Python client; factory() gives a fresh one
      exec:COMMAND ARGUMENTS    any language, by a program that is a driver
      reference                 the client that ships here, and passes

    For example:

    \b
      overshoot-testkit conformance --client npm:@overshoot/sdk@0.1.0-alpha.2
      overshoot-testkit conformance --client node:./my-sdk --report report
      overshoot-testkit conformance --client my_adapter:MyClient --rules 'KEEP-*'
      overshoot-testkit conformance --client "exec:./my-driver --verbose" --quiet

    Exit codes:

    \b
      0    conformant, perhaps with warnings; with --strict without
      1    not conformant: the right answer for a client with defects
      2    no verdict: the command or the client spec is wrong, the harness broke,
           or no MUST rule could be judged
      130  interrupted

    `overshoot-testkit rules` lists what is judged.
    """  # noqa: D301 - \b tells click not to rewrap what follows

    def judge() -> int:
        from overshoot_testkit.cli._judging import Request, judge  # noqa: PLC0415 - heavy: only to judge

        return judge(Request(client, rules, report, seed, strict, no_color, quiet))

    raise typer.Exit(guarded(judge))
