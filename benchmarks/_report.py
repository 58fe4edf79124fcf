"""What was found, as tables and as JSON."""

from __future__ import annotations

import os
import platform
import sys
from statistics import median
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks._harness import quartiles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks._harness import Aim, Figure, Outcome, Plan

_WIDTH = 130
"""Columns where the output is no terminal."""
_FACTOR = {"ms": 1e3, "s": 1.0}


def show(outcome: Outcome) -> None:
    """Print one benchmark's tables."""
    console = Console(width=None if sys.stdout.isatty() else _WIDTH, highlight=False)
    console.print(f"\n[bold]{outcome.name}[/bold]: {outcome.title}")
    console.print("   ".join(f"{name} {version}" for name, version in outcome.versions.items()), style="dim")
    console.print(_contenders(outcome))
    console.print(_figures(outcome.figures))


def _contenders(outcome: Outcome) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("who")
    table.add_column(outcome.show, justify="right")
    table.add_column("quartiles", justify="right")
    for name, values in outcome.samples.items():
        shown = [
            1 / value if outcome.show == "per second" else value * _FACTOR[outcome.show] for value in values
        ]
        low, high = quartiles(shown)
        digits = 0 if outcome.show == "per second" else 3
        table.add_row(name, f"{median(shown):,.{digits}f}", f"{low:,.{digits}f} - {high:,.{digits}f}")
    for name, why in outcome.not_run.items():
        table.add_row(name, "not run", why)
    return table


def _figures(figures: Sequence[Figure]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading, justify in (
        ("figure", "left"),
        ("median", "right"),
        ("quartiles", "right"),
        ("aim", "left"),
    ):
        table.add_column(heading, justify=justify)  # type: ignore[arg-type] # two of rich's words
    for figure in figures:
        low, high = quartiles(figure.values)
        table.add_row(
            figure.label,
            f"{figure.median:.2f} {figure.unit}",
            f"{low:.2f} - {high:.2f}",
            _aim(figure.aim, met=figure.met, unit=figure.unit),
        )
    return table


def _aim(aim: Aim | None, *, met: bool | None, unit: str) -> str:
    if aim is None:
        return ""
    verdict = "[green]met[/green]" if met else "[red]MISSED[/red]"
    return f"{aim.bound} {aim.value:g} {unit}: {verdict}"


def as_json(outcomes: Sequence[Outcome], plan: Plan) -> dict[str, Any]:
    """Everything, raw samples included. Samples are seconds for one operation."""
    return {
        "machine": {
            "python": platform.python_version(),
            "implementation": platform.python_implementation(),
            "system": f"{platform.system()} {platform.machine()}",
            "processors": os.cpu_count(),
        },
        "rounds": plan.rounds,
        "quick": plan.quick,
        "benchmarks": [_outcome(outcome) for outcome in outcomes],
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {
        "name": outcome.name,
        "title": outcome.title,
        "versions": dict(outcome.versions),
        "not_run": outcome.not_run,
        "samples_seconds": outcome.samples,
        "figures": [
            {
                "label": figure.label,
                "unit": figure.unit,
                "median": figure.median,
                "quartiles": quartiles(figure.values),
                "values": list(figure.values),
                "aim": None if figure.aim is None else f"{figure.aim.bound} {figure.aim.value:g}",
                "met": figure.met,
            }
            for figure in outcome.figures
        ],
    }
