"""How many rules were judged, and what that makes of the run's exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from overshoot_testkit.reports import ReportError

if TYPE_CHECKING:
    import pytest

    from overshoot_testkit.lab import Verdict
    from overshoot_testkit.plugin._suite import Suite

JUDGED = ("pass", "fail")
PREFIX = "overshoot::"


class Tally:
    """Counts rules by the reports of their items, whichever process these come from."""

    def __init__(self) -> None:
        self._rules: dict[str, dict[str, str] | None] = {}
        """By node id; None where the harness broke before there was a verdict."""
        self._expected = 0
        self._broken = 0
        self._notes: list[str] = []

    @staticmethod
    def entry(verdict: Verdict) -> dict[str, str]:
        """What a report carries of a verdict: plain data, which crosses process borders."""
        return {"level": verdict.level, "outcome": verdict.outcome}

    def expect(self, rules: int) -> None:
        """Say how many rules were chosen in this process."""
        self._expected = rules

    def take(self, report: Any) -> None:
        if report.when == "setup" and report.nodeid.startswith(PREFIX):
            self._rules[report.nodeid] = getattr(report, "overshoot", None)
            self._broken += report.failed

    def _judged(self, *levels: str) -> int:
        entries = [entry for entry in self._rules.values() if entry is not None]
        return sum(entry["outcome"] in JUDGED and entry["level"] in levels for entry in entries)

    def exit_status(self, session: pytest.Session) -> int:
        """2 when rules were run and none that is a MUST was judged, unless something else failed."""
        status = int(session.exitstatus)
        if (
            self._rules
            and not self._judged("MUST")
            and session.testsfailed == self._broken
            and status in {0, 1}
        ):
            self._notes.append("overshoot: no MUST rule was judged: nothing is known of the client (exit 2)")
            return 2
        return status

    def write(self, suite: Suite) -> None:
        """Write the suite's report files; why that cannot be is told in the summary."""
        if suite.report is not None and self._rules and not suite.verdicts:
            self._notes.append(
                f"overshoot: nothing was written to {suite.report}: no verdict in this process"
            )
        try:
            suite.write_reports()
        except ReportError as error:
            self._notes.append(f"overshoot: {error}")

    def lines(self) -> list[str]:
        """For the end of the run."""
        if not self._rules:
            return []
        count = max(self._expected, len(self._rules))
        rules = "rule" if count == 1 else "rules"
        return [f"overshoot: {self._judged('MUST', 'SHOULD')} of {count} {rules} judged", *self._notes]
