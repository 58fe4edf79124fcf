"""`junit.xml`, which every CI system reads: one test case a rule."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from overshoot_testkit.lab import SuiteFinished, SuiteStarted
from overshoot_testkit.reports._files import write_file
from overshoot_testkit.reports._words import (
    by_reason,
    counts,
    duration,
    kind_of,
    moments,
    verdict_sentence,
    virtual_seconds,
    without_controls,
)

if TYPE_CHECKING:
    from pathlib import Path

    from overshoot_testkit.lab import SuiteEvent, Summary, Verdict
    from overshoot_testkit.reports._reporter import RunFacts


class JunitReporter:
    """Writes `junit.xml` into `directory` when the run is over.

    MUST failed: failure. SHOULD failed: passes, said in its output (strict: failure). Not applicable, not
    judged: skipped with the reason. Harness error: error. Without times: the clock's would mislead, since a
    virtual day is not a day of CI, and the machine's would differ from run to run.
    """

    def __init__(self, directory: Path, facts: RunFacts) -> None:
        self.path = directory / "junit.xml"
        self._facts = facts
        self._labels: tuple[str, ...] = ()

    def consume(self, event: SuiteEvent) -> None:
        if isinstance(event, SuiteStarted):
            self._labels = event.labels
        elif isinstance(event, SuiteFinished):
            tree = ET.ElementTree(self._suites(event.summary))
            ET.indent(tree)
            text = io.StringIO()
            tree.write(text, encoding="unicode")
            write_file(self.path, f'<?xml version="1.0" encoding="UTF-8"?>\n{text.getvalue()}\n')

    def _suites(self, summary: Summary) -> ET.Element:
        of = counts(summary)
        numbers = {
            "tests": str(len(summary.verdicts)),
            "failures": str(of["fail"]),
            "errors": str(of["harness_error"]),
        }
        suites = ET.Element("testsuites", {"name": "overshoot-testkit", **numbers})
        skipped = str(of["not_applicable"] + of["not_judged"])
        name = without_controls(f"{summary.client} {summary.client_version}")
        suite = ET.SubElement(suites, "testsuite", {"name": name, **numbers, "skipped": skipped})
        properties = ET.SubElement(suite, "properties")
        for key, value in self._properties(summary):
            ET.SubElement(properties, "property", {"name": key, "value": without_controls(value)})
        for verdict in summary.verdicts:
            suite.append(_testcase(verdict, strict=summary.strict))
        _text(suite, "system-out", verdict_sentence(summary, rules=self._facts.rules))
        return suites

    def _properties(self, summary: Summary) -> list[tuple[str, str]]:
        return [
            ("client", summary.client),
            ("client_version", summary.client_version),
            ("system", self._facts.system),
            ("seed", str(self._facts.seed)),
            ("strict", str(summary.strict).lower()),
            ("tool_version", self._facts.tool_version),
            *(("label", label) for label in self._labels),
        ]


def _testcase(verdict: Verdict, *, strict: bool) -> ET.Element:
    theme = verdict.rule.partition("-")[0]
    case = ET.Element("testcase", {"classname": f"conformance.{theme}", "name": verdict.rule})
    kind = kind_of(verdict, strict=strict)
    if kind == "fail":
        finding = verdict.findings[0]
        message = f"{verdict.statement.rstrip('.')}. Expected: {finding.expected}. Seen: {finding.seen}"
        _text(case, "failure", _account(verdict), message=message, type=finding.reason)
    elif kind == "harness_error":
        _text(case, "error", _account(verdict), message=verdict.reason, type="harness_error")
    elif kind in {"not_applicable", "not_judged"}:
        _text(case, "skipped", "", message=f"{kind.replace('_', ' ')}: {verdict.reason}")
    else:
        warned = "WARNING\n" if kind == "warning" else ""
        _text(case, "system-out", warned + _account(verdict))
    return case


def _text(parent: ET.Element, tag: str, text: str, **attributes: str) -> None:
    clean = {name: without_controls(value) for name, value in attributes.items()}
    ET.SubElement(parent, tag, clean).text = without_controls(text) or None


def _account(verdict: Verdict) -> str:
    """All there is to say of a rule, in plain lines."""
    lines = [
        f"{verdict.rule} ({verdict.level}): {verdict.statement}",
        f"Source: {'; '.join(verdict.sources)}",
        f"Virtual time: {duration(virtual_seconds(verdict))}",
    ]
    if verdict.reason:
        lines.append(verdict.reason)
    for reason, findings in by_reason(verdict).items():
        for case, finding in findings:
            at = "" if finding.at is None else f" at {finding.at:g} s"
            lines += [
                "",
                f"{reason} ({finding.level}, case {case}{at})",
                f"  expected: {finding.expected}",
                f"  seen:     {finding.seen}",
            ]
    for case_verdict in verdict.cases:
        entries = case_verdict.timeline
        if entries:
            lines += ["", f"Timeline of case {case_verdict.case}, virtual seconds:"]
            for entry, at in zip(entries, moments([entry.at for entry in entries]), strict=True):
                lines.append(f"{'>' if entry.marked else ' '} {at:>10}  {entry.text}")
    lines += [f"Rests on: {label}" for label in verdict.labels]
    if verdict.replay and verdict.outcome in {"fail", "harness_error"}:
        lines += ["", f"Replay: {verdict.replay}"]
    return "\n".join(lines)
