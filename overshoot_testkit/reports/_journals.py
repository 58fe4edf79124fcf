"""The journals of cases that did not pass, so that a failure can be studied."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from overshoot_testkit.lab import RuleFinished, SuiteStarted
from overshoot_testkit.reports._files import write_file

if TYPE_CHECKING:
    from pathlib import Path

    from overshoot_testkit.lab import SuiteEvent

FOLDER = "journals"


def journal_name(rule: str, case: str) -> str:
    """File name of a case's journal; what no file system likes in a name becomes `_`."""
    return f"{_safe(rule)}-{_safe(case)}.jsonl"


def _safe(text: str) -> str:
    return re.sub(r"[^\w.-]", "_", text, flags=re.ASCII)


class JournalsReporter:
    """Writes `journals/RULE-case.jsonl` into `directory` for each case that ran and did not pass."""

    def __init__(self, directory: Path) -> None:
        self._folder = directory / FOLDER

    def consume(self, event: SuiteEvent) -> None:
        if isinstance(event, SuiteStarted):
            self._forget(event.rules)
        elif isinstance(event, RuleFinished):
            for case in event.verdict.cases:
                if case.outcome != "pass" and case.journal:
                    write_file(self._folder / journal_name(event.verdict.rule, case.case), case.journal)

    def _forget(self, rules: tuple[str, ...]) -> None:
        """An earlier run's journals of these rules would pass for this run's."""
        for rule in rules:
            for stale in self._folder.glob(f"{_safe(rule)}-*.jsonl"):
                stale.unlink(missing_ok=True)
