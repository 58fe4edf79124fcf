"""What the suite says of a client: findings, and one verdict a rule."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Level = Literal["MUST", "SHOULD"]
Outcome = Literal["pass", "fail", "not_applicable", "not_judged", "harness_error"]

OUTCOMES: tuple[Outcome, ...] = ("pass", "fail", "not_applicable", "not_judged", "harness_error")


@dataclass(frozen=True, slots=True)
class Finding:
    """One way in which a client broke a rule.

    `reason` is a short stable name of the defect (a broken client is caught for *that* reason); `expected`
    and `seen` are for people. `at` is in seconds of the case's timeline.
    """

    reason: str
    expected: str
    seen: str
    at: float | None = None
    level: Level = "MUST"


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One line of the timeline that a failure shows."""

    at: float
    text: str
    marked: bool = False
    """Whether this is the moment of the finding."""


@dataclass(frozen=True, slots=True)
class CaseVerdict:
    """How one case of a rule ended."""

    case: str
    outcome: Outcome
    reason: str = ""
    findings: tuple[Finding, ...] = ()
    timeline: tuple[TimelineEntry, ...] = ()
    virtual_seconds: float = 0.0
    journal: str = field(default="", repr=False, compare=False)
    """The case's journal, one JSON object a line."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a client stands to one rule."""

    rule: str
    level: Level
    statement: str
    sources: tuple[str, ...]
    outcome: Outcome
    reason: str = ""
    """Why it was not judged or not applicable, or how the harness broke."""
    cases: tuple[CaseVerdict, ...] = ()
    labels: tuple[str, ...] = ()
    """Stand-ins that this verdict rests on."""
    replay: str = ""
    """The one command that runs this again."""

    @property
    def failed_level(self) -> Level | None:
        """MUST if a finding of that level was made, SHOULD if only such, None without findings."""
        levels = {finding.level for case in self.cases for finding in case.findings}
        return "MUST" if "MUST" in levels else ("SHOULD" if levels else None)

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(finding for case in self.cases for finding in case.findings)

    @property
    def is_warning(self) -> bool:
        """A failure that leaves a client conformant unless the run is strict."""
        return self.outcome == "fail" and self.failed_level == "SHOULD"

    def as_dict(self) -> dict[str, Any]:
        """As in `verdicts.json`; see its JSON Schema."""
        return {
            "rule": self.rule,
            "level": self.level,
            "statement": self.statement,
            "sources": list(self.sources),
            "outcome": self.outcome,
            "failed_level": self.failed_level,
            "reason": self.reason,
            "labels": list(self.labels),
            "replay": self.replay,
            "cases": [
                {
                    "case": case.case,
                    "outcome": case.outcome,
                    "reason": case.reason,
                    "virtual_seconds": round(case.virtual_seconds, 6),
                    "findings": [
                        {
                            "reason": finding.reason,
                            "level": finding.level,
                            "expected": finding.expected,
                            "seen": finding.seen,
                            "at": finding.at,
                        }
                        for finding in case.findings
                    ],
                    "timeline": [
                        {"at": round(entry.at, 6), "text": entry.text, "marked": entry.marked}
                        for entry in case.timeline
                    ],
                }
                for case in self.cases
            ],
        }


@dataclass(frozen=True, slots=True)
class Summary:
    """A whole run."""

    client: str
    client_version: str
    verdicts: tuple[Verdict, ...]
    strict: bool = False

    def count(self, outcome: Outcome) -> int:
        return sum(verdict.outcome == outcome for verdict in self.verdicts)

    @property
    def judged(self) -> int:
        return self.count("pass") + self.count("fail")

    @property
    def failures(self) -> tuple[Verdict, ...]:
        """Failures that make the client not conformant."""
        return tuple(
            verdict
            for verdict in self.verdicts
            if verdict.outcome == "fail" and (self.strict or not verdict.is_warning)
        )

    @property
    def warnings(self) -> tuple[Verdict, ...]:
        return tuple(verdict for verdict in self.verdicts if verdict.is_warning and not self.strict)

    @property
    def exit_code(self) -> int:
        """0 conformant, 1 not, 2 when the harness broke or no MUST rule was judged."""
        if self.failures:
            return 1
        must_judged = any(
            verdict.level == "MUST" and verdict.outcome in {"pass", "fail"} for verdict in self.verdicts
        )
        return 2 if self.count("harness_error") or not must_judged else 0
