"""The conformance suite as this run has it: its rules, the client's bench, the verdicts so far."""

from __future__ import annotations

import contextlib
import os
import shlex
import subprocess
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import pytest

from overshoot_testkit.clients import ClientSpecError, parse_spec
from overshoot_testkit.conformance.overshoot import RULES
from overshoot_testkit.lab import (
    OVERSHOOT,
    CaseFinished,
    RuleFinished,
    SuiteFinished,
    SuiteStarted,
    Summary,
    open_bench,
    run_suite,
    select,
)
from overshoot_testkit.plugin._known_failing import KnownFailing, KnownFailingError, read_known_failing
from overshoot_testkit.reports import (
    JournalsReporter,
    JsonReporter,
    JunitReporter,
    ReportError,
    RunFacts,
    prepare_directory,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from overshoot_testkit.lab import Bench, Rule, SuiteEvent, Verdict
    from overshoot_testkit.plugin._options import Options
    from overshoot_testkit.reports import Reporter


class Suite:
    """One client and the rules it is judged by. Raises `pytest.UsageError` for what cannot be used."""

    def __init__(self, config: pytest.Config, options: Options, client: str) -> None:
        self._spec = client
        self.strict = options.strict
        self._patterns = options.rules
        self.report = options.report
        self._bench: Bench | None = None
        self._failure: Exception | None = None
        self._open = contextlib.ExitStack()
        self.verdicts: list[Verdict] = []
        try:
            parse_spec(client)
            self.rules: Sequence[Rule[Any]] = select(RULES, options.rules) if options.rules else RULES
            self.known = self._known_failing(config, options)
            if options.report is not None:
                prepare_directory(options.report)
        except (ClientSpecError, KnownFailingError, ReportError) as error:
            raise pytest.UsageError(str(error)) from error
        except ValueError as error:
            raise pytest.UsageError(f"--overshoot-rules: {error}") from error

    @staticmethod
    def _known_failing(config: pytest.Config, options: Options) -> dict[str, KnownFailing]:
        path = options.known_failing
        if path is None:
            return {}
        here = config.invocation_params.dir
        shown = path.relative_to(here).as_posix() if path.is_relative_to(here) else str(path)
        return read_known_failing(path, [rule.id for rule in RULES], shown)

    @property
    def replay(self) -> str:
        """The command that judges one rule again, with `{rule}` where its id goes."""
        words = ["--overshoot-client", self._spec, *(["--overshoot-strict"] if self.strict else [])]
        command = subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)
        return "pytest overshoot::{rule} " + command.replace("{", "{{").replace("}", "}}")

    def judge(self, rule: Rule[Any]) -> Verdict:
        """Judge the client by one rule. Raises whatever keeps the client from being made ready."""
        verdict: Verdict | None = None
        for event in run_suite([rule], self._opened(), replay=self.replay, strict=self.strict):
            if isinstance(event, RuleFinished):
                verdict = event.verdict
        if verdict is None:
            raise RuntimeError(f"{rule.id}: the engine gave no verdict")
        self.verdicts.append(verdict)
        return verdict

    def _opened(self) -> Bench:
        """The bench, made ready when the first rule needs it; a failure is told again for each rule."""
        if self._failure is not None:
            raise self._failure
        if self._bench is None:
            try:
                opening = open_bench(self._spec, OVERSHOOT, seed=0, progress=lambda _: None)
                self._bench = self._open.enter_context(opening)
            except Exception as error:
                self._failure = error
                raise
        return self._bench

    def write_reports(self) -> None:
        """Write what `--overshoot-report` asked for. Raises ReportError."""
        if self.report is None or self._bench is None:
            return
        chosen = [verdict.rule for verdict in self.verdicts]
        patterns = self._patterns if len(chosen) == len(self.rules) else ",".join(chosen)
        facts = RunFacts(OVERSHOOT.name, version("overshoot-testkit"), 0, self.strict, patterns)
        reporters: list[Reporter] = [
            JournalsReporter(self.report),
            JsonReporter(self.report, facts),
            JunitReporter(self.report, facts),
        ]
        for event in self._events(self._bench):
            for reporter in reporters:
                reporter.consume(event)

    def _events(self, bench: Bench) -> Iterator[SuiteEvent]:
        """The run as the engine would have told it, had it been one."""
        rules = tuple(verdict.rule for verdict in self.verdicts)
        yield SuiteStarted(bench.name, bench.version, rules, bench.labels)
        for verdict in self.verdicts:
            yield from (CaseFinished(verdict.rule, case) for case in verdict.cases)
            yield RuleFinished(verdict)
        yield SuiteFinished(Summary(bench.name, bench.version, tuple(self.verdicts), strict=self.strict))

    def close(self) -> None:
        """End the client's processes and remove what was fetched."""
        self._open.close()
