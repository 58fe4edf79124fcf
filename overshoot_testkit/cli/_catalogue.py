"""What `rules` prints: the catalogue, in short, in full or as JSON."""

from __future__ import annotations

import inspect
import json
from typing import TYPE_CHECKING, Any

from rich.text import Text

from overshoot_testkit.cli._guard import UserError
from overshoot_testkit.conformance.overshoot import RULES
from overshoot_testkit.lab import ALL_TRANSPORTS, select
from overshoot_testkit.reports import make_console

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from overshoot_testkit.lab import Rule


def choose(patterns: str | None) -> Sequence[Rule[Any]]:
    """The rules that match, all for None. Raise `UserError` if one of the patterns matches none."""
    if patterns is None:
        return RULES
    try:
        return select(RULES, patterns)
    except ValueError as error:
        raise UserError(str(error)) from error


def show(patterns: str | None, *, as_json: bool, verbose: bool) -> int:
    """Print the rules that match. Raise `UserError` if none does."""
    chosen = choose(patterns)
    console = make_console()
    if as_json:
        text = json.dumps([describe(rule) for rule in chosen], indent=2, ensure_ascii=True)
        console.print(Text(text), soft_wrap=True)
    elif verbose:
        for rule in chosen:
            _show_in_full(console, rule)
    else:
        _show_in_short(console, chosen)
    return 0


def describe(rule: Rule[Any]) -> dict[str, Any]:
    """A rule as JSON."""
    return {
        "id": rule.id,
        "level": rule.level,
        "statement": rule.statement,
        "sources": [str(source) for source in rule.sources],
        "transports": sorted(rule.transports),
        "needs": sorted(rule.needs),
        "cases": [case.name for case in rule.cases],
        "tolerances": dict(rule.tolerances),
        "rationale": inspect.cleandoc(rule.rationale()),
    }


def _show_in_short(console: Console, rules: Sequence[Rule[Any]]) -> None:
    width = max((len(rule.id) for rule in rules), default=0)
    for rule in rules:
        lead = f"{rule.id:<{width}}  {rule.level:<6}  "
        _hanging(console, Text(lead, style="bold"), rule.statement)
    console.print()
    console.print(Text(f"{len(rules)} rules. Sources, needs and reasons: --verbose, or --json", style="dim"))


def _show_in_full(console: Console, rule: Rule[Any]) -> None:
    console.print(Text(f"{rule.id} ({rule.level})", style="bold"))
    _hanging(console, Text("  "), rule.statement)
    every = rule.transports == ALL_TRANSPORTS
    facts = {
        "source": "; ".join(str(source) for source in rule.sources),
        "transport": "any" if every else ", ".join(sorted(rule.transports)),
        "needs": ", ".join(sorted(rule.needs)),
        "cases": ", ".join(case.name for case in rule.cases if case.name != "default"),
        "allows": ", ".join(f"{name} = {value:g}" for name, value in rule.tolerances.items()),
    }
    for name, value in facts.items():
        if value:
            _hanging(console, Text(f"    {name:<10}", style="dim"), value)
    for paragraph in inspect.cleandoc(rule.rationale()).split("\n\n"):
        if paragraph:
            _hanging(console, Text("    "), " ".join(paragraph.split()))
    console.print()


def _hanging(console: Console, lead: Text, text: str) -> None:
    lines = Text(text).wrap(console, max(console.width - lead.cell_len, 20))
    for number, line in enumerate(lines):
        line.rstrip()
        console.print(Text.assemble(lead if number == 0 else " " * lead.cell_len, line), soft_wrap=True)
