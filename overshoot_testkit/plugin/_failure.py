"""A failed rule as text: expected, seen, the timeline, the command that replays it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from overshoot_testkit.reports._words import by_reason, moments, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from overshoot_testkit.lab import CaseVerdict, Finding, TimelineEntry, Verdict

FINDINGS_SHOWN = 3
"""Of one defect; the others are in verdicts.json."""


def failure_text(verdict: Verdict) -> str:
    """What a maintainer acts on."""
    lines = _heading(verdict)
    for found in by_reason(verdict).values():
        for case, finding in found[:FINDINGS_SHOWN]:
            lines += _finding(case, finding)
        if len(found) > FINDINGS_SHOWN:
            lines.append(f"  … and the same {len(found) - FINDINGS_SHOWN} times more")
        case_verdict = _case(verdict, found[0][0])
        if case_verdict.findings and case_verdict.findings[0] is found[0][1]:
            lines += _timeline(case_verdict.timeline)
        lines.append("")
    return "\n".join([*lines, f"replay: {verdict.replay}"])


def breakage_text(verdict: Verdict) -> str:
    """How the harness broke."""
    lines = [
        *_heading(verdict),
        f"  the harness broke, so this says nothing about the client: {verdict.reason}",
    ]
    for case in verdict.cases:
        if case.outcome == "harness_error":
            lines += _timeline(case.timeline)
            break
    return "\n".join([*lines, "", f"replay: {verdict.replay}"])


def warning_text(verdict: Verdict) -> str:
    """A failed SHOULD rule, in short."""
    finding = verdict.findings[0]
    statement = verdict.statement.rstrip(".")
    told = f"{verdict.rule} (SHOULD): {statement}; expected {finding.expected}; seen {finding.seen}"
    return printable(f"{told}; replay: {verdict.replay}")


def _heading(verdict: Verdict) -> list[str]:
    labels = [f"Rests on a stand-in: {printable(label)}" for label in verdict.labels]
    return [
        f"{verdict.rule} ({verdict.level}): {verdict.statement}",
        f"Source: {'; '.join(verdict.sources)}",
        *labels,
        "",
    ]


def _finding(case: str, finding: Finding) -> list[str]:
    at = "" if finding.at is None else f" at {finding.at:g} s"
    where = f"{case}{at}" if case != "default" else at.strip()
    return [
        *([f"  case      {printable(where)}"] if where else []),
        f"  expected  {printable(finding.expected)}",
        f"  seen      {printable(finding.seen)}",
    ]


def _timeline(entries: Sequence[TimelineEntry]) -> list[str]:
    if not entries:
        return []
    times = moments([entry.at for entry in entries])
    width = max(len(each) for each in times)
    lines = [
        f"  {'▶' if entry.marked else ' '} {at:>{width}}  {printable(entry.text)}"
        for entry, at in zip(entries, times, strict=True)
    ]
    return ["", "  timeline, in virtual seconds", *lines]


def _case(verdict: Verdict, name: str) -> CaseVerdict:
    return next(case for case in verdict.cases if case.case == name)
