"""`verdicts.json`: the whole run for programs. Its JSON Schema stands beside this module."""

from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING, Any

from overshoot_testkit.lab import SuiteFinished, SuiteStarted
from overshoot_testkit.reports._files import write_file
from overshoot_testkit.reports._words import counts, verdict_sentence

if TYPE_CHECKING:
    from pathlib import Path

    from overshoot_testkit.lab import SuiteEvent, Summary
    from overshoot_testkit.reports._reporter import RunFacts

FORMAT = 1
"""Version of the file's format. It grows when a member changes its meaning or goes."""


class JsonReporter:
    """Writes `verdicts.json` into `directory` when the run is over. The same run gives the same bytes."""

    def __init__(self, directory: Path, facts: RunFacts) -> None:
        self.path = directory / "verdicts.json"
        self._facts = facts
        self._labels: tuple[str, ...] = ()

    def consume(self, event: SuiteEvent) -> None:
        if isinstance(event, SuiteStarted):
            self._labels = event.labels
        elif isinstance(event, SuiteFinished):
            text = json.dumps(self._document(event.summary), indent=2, ensure_ascii=False)
            write_file(self.path, f"{text}\n")

    def _document(self, summary: Summary) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "tool": {"name": "overshoot-testkit", "version": self._facts.tool_version},
            "client": {"name": summary.client, "version": summary.client_version},
            "system": self._facts.system,
            "seed": self._facts.seed,
            "strict": summary.strict,
            "rules": self._facts.rules,
            "labels": list(self._labels),
            "verdicts": [verdict.as_dict() for verdict in summary.verdicts],
            "summary": {"rules": len(summary.verdicts), "judged": summary.judged, **counts(summary)},
            "sentence": verdict_sentence(summary, rules=self._facts.rules),
            "exit_code": summary.exit_code,
        }


def verdicts_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of `verdicts.json`."""
    text = resources.files("overshoot_testkit.reports").joinpath("verdicts.schema.json").read_text("utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema
