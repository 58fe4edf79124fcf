"""The part of the console report that a maintainer acts on: each failure with its evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from overshoot_testkit.reports._journals import FOLDER, journal_name
from overshoot_testkit.reports._words import LOOKS, by_reason, kind_of, moments, printable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rich.console import Console

    from overshoot_testkit.lab import CaseVerdict, Finding, Level, Summary, TimelineEntry, Verdict
    from overshoot_testkit.reports._words import Kind

FINDINGS_SHOWN = 3
"""Of one defect in one rule; the others are in verdicts.json."""
LINES_OF_A_BROKEN_CASE = 6


class Details:
    """Writes failures in full, warnings in short, and why rules were not judged."""

    def __init__(self, console: Console, directory: Path | None) -> None:
        self._console = console
        self._directory = directory
        self._common: frozenset[str] = frozenset()
        """Labels of the whole run, said once at the end."""

    def show(self, summary: Summary, labels: Sequence[str]) -> None:
        self._common = frozenset(labels)
        of: dict[Kind, list[Verdict]] = {kind: [] for kind in LOOKS}
        for verdict in summary.verdicts:
            of[kind_of(verdict, strict=summary.strict)].append(verdict)
        for verdict in of["fail"]:
            self._failure(verdict)
        for verdict in of["harness_error"]:
            self._breakage(verdict)
        for verdict in of["warning"]:
            self._warning(verdict)
        self._unjudged(of["not_judged"])
        self._unjudged(of["not_applicable"])
        self._labels(labels)

    def _failure(self, verdict: Verdict) -> None:
        self._heading(verdict, "fail")
        for found in by_reason(verdict).values():
            self._findings(found, verdict.failed_level, FINDINGS_SHOWN)
            # The first case shows the defect; the same again for each further case would bury the next one.
            case = _case(verdict, found[0][0])
            if case.timeline and case.findings and case.findings[0] is found[0][1]:
                self._timeline(case.timeline, f"{_named(case.case)}virtual seconds")
            self._blank()
        self._evidence(verdict)

    def _breakage(self, verdict: Verdict) -> None:
        self._heading(verdict, "harness_error")
        for line in verdict.reason.splitlines():
            self._hanging(Text("  "), line)
        broken = next((case for case in verdict.cases if case.outcome == "harness_error"), None)
        if broken is not None and broken.timeline:
            last = broken.timeline[-LINES_OF_A_BROKEN_CASE:]
            self._timeline(last, f"{_named(broken.case)}the last it did, virtual seconds")
        self._blank()
        self._evidence(verdict)

    def _warning(self, verdict: Verdict) -> None:
        self._heading(verdict, "warning")
        for found in by_reason(verdict).values():
            self._findings(found, verdict.failed_level, 1)
        self._blank()
        self._command("replay", verdict.replay)
        self._blank()

    def _heading(self, verdict: Verdict, kind: Kind) -> None:
        look = LOOKS[kind]
        softer = verdict.failed_level not in {None, verdict.level}
        level = f"the {verdict.failed_level} part of a {verdict.level} rule" if softer else verdict.level
        title = Text(f"{look} {verdict.rule} ({level})", style=look.style)
        self._console.rule(title, align="left", style="dim")
        self._hanging(Text(), verdict.statement, "bold")
        self._hanging(Text("Source: ", style="dim"), "; ".join(verdict.sources), "dim")
        for label in (label for label in verdict.labels if label not in self._common):
            self._console.print(Text(f"Rests on: {printable(label)}", style="dim"))
        self._blank()

    def _findings(self, found: Sequence[tuple[str, Finding]], failed: Level | None, shown: int) -> None:
        """Findings of one defect, each expectation with what was seen; cases that tell the same, together."""
        alike: dict[tuple[str, str], list[tuple[str, Finding]]] = {}
        for case, finding in found:
            alike.setdefault((finding.expected, finding.seen), []).append((case, finding))
        groups = list(alike.items())
        for (expected, seen), group in groups[:shown]:
            self._where(group)
            softer = " (SHOULD)" if failed == "MUST" and group[0][1].level == "SHOULD" else ""
            self._labelled("expected", f"{expected}{softer}")
            self._labelled("seen", seen, "bold")
        more = [case for _, group in groups[shown:] for case, _ in group]
        if more:
            cases = [case for case in dict.fromkeys(more) if case != "default"]
            where = f", in {', '.join(cases)}" if cases else ""
            self._labelled("", f"… and {len(more)} more like it{where}", "dim")

    def _where(self, group: Sequence[tuple[str, Finding]]) -> None:
        cases = [case for case in dict.fromkeys(case for case, _ in group) if case != "default"]
        times = {finding.at for _, finding in group}
        at = times.pop() if len(times) == 1 else None
        when = "" if at is None else f"at {at:g} s"
        if cases:
            self._labelled("cases" if len(cases) > 1 else "case", f"{', '.join(cases)} {when}".rstrip())
        elif when:
            self._labelled("when", when)

    def _timeline(self, entries: Sequence[TimelineEntry], title: str) -> None:
        self._blank()
        self._console.print(Text(f"  timeline: {title}", style="dim"))
        times = moments([entry.at for entry in entries])
        width = max(map(len, times))
        for entry, at in zip(entries, times, strict=True):
            mark = ("▶" if entry.marked else " ", "bold red")
            prefix = Text.assemble("  ", mark, " ", (at.rjust(width), "cyan"), "  ")
            self._hanging(prefix, entry.text, "bold" if entry.marked else "")

    def _labelled(self, name: str, text: str, style: str = "") -> None:
        self._hanging(Text(f"  {name:<8}  ", style="dim"), text, style)

    def _hanging(self, prefix: Text, text: str, style: str = "") -> None:
        """`text` wrapped to the right of `prefix`; by hand, because rich's tables end each line in blanks."""
        room = max(self._console.width - prefix.cell_len, 20)
        lines = Text(printable(text), style=style).wrap(self._console, room)
        for number, line in enumerate(lines):
            line.rstrip()
            before = prefix if number == 0 else Text(" " * prefix.cell_len)
            self._console.print(Text.assemble(before, line), soft_wrap=True)

    def _evidence(self, verdict: Verdict) -> None:
        self._command("replay", verdict.replay)
        if self._directory is not None:
            cases = [case.case for case in verdict.cases if case.outcome != "pass" and case.journal]
            for name in cases[:1]:
                self._command("journal", str(self._directory / FOLDER / journal_name(verdict.rule, name)))
            if cases[1:]:
                self._labelled("", f"beside it those of {', '.join(cases[1:])}", "dim")
        self._blank()

    def _command(self, name: str, text: str) -> None:
        """Never wrapped: it is there to be copied."""
        if text:
            self._console.print(Text.assemble((f"  {name:<8}  ", "dim"), text), soft_wrap=True)

    def _unjudged(self, verdicts: Sequence[Verdict]) -> None:
        """One line for each reason, with the rules that it holds for."""
        reasons: dict[str, list[str]] = {}
        for verdict in verdicts:
            reasons.setdefault(verdict.reason, []).append(verdict.rule)
        for reason, rules in reasons.items():
            look = LOOKS[kind_of(verdicts[0], strict=False)]
            self._hanging(Text(f"{look}: {', '.join(rules)}: ", style=look.style), reason, look.style)
        if verdicts:
            self._blank()

    def _labels(self, labels: Sequence[str]) -> None:
        if not labels:
            return
        self._console.print(Text("These verdicts rest on:"))
        for label in labels:
            self._hanging(Text("  • "), label)
        self._blank()

    def _blank(self) -> None:
        self._console.print()


def _named(case: str) -> str:
    return "" if case == "default" else f"case {case}, "


def _case(verdict: Verdict, name: str) -> CaseVerdict:
    return next(case for case in verdict.cases if case.case == name)
