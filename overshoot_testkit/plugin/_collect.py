"""The conformance suite as pytest items: `overshoot::KEEP-05`, one a rule."""

from __future__ import annotations

import inspect
import warnings
from typing import TYPE_CHECKING, Any

import pytest

from overshoot_testkit.plugin._failure import breakage_text, failure_text, warning_text
from overshoot_testkit.plugin._tally import Tally

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from overshoot_testkit.lab import Rule, Verdict
    from overshoot_testkit.plugin._suite import Suite

NAME = "overshoot"


class OvershootWarning(UserWarning):
    """The client fails a rule that it SHOULD follow."""


class RuleFailure(Exception):  # noqa: N818 - a verdict on the client, shown as text and never as a traceback
    """A rule was failed, or the harness broke."""


class Catalogue(pytest.Collector):
    """The rules that were chosen."""

    suite: Suite

    def collect(self) -> Iterator[pytest.Item]:
        for rule in self.suite.rules:
            item: RuleItem = RuleItem.from_parent(self, name=rule.id)
            item.rule, item.suite = rule, self.suite
            yield item


class RuleItem(pytest.Item):
    """One rule. It is judged in set-up, so that a harness that breaks is an error and a verdict a result."""

    rule: Rule[Any]
    suite: Suite
    verdict: Verdict | None = None

    def setup(self) -> None:
        self.verdict = verdict = self.suite.judge(self.rule)
        if verdict.outcome == "harness_error":
            raise RuleFailure(breakage_text(verdict))
        if verdict.outcome in {"not_applicable", "not_judged"}:
            pytest.skip(f"{verdict.outcome.replace('_', ' ')}: {verdict.reason}")

    def runtest(self) -> None:
        assert self.verdict is not None
        known = self.suite.known.get(self.rule.id)
        if self.verdict.outcome == "pass":
            if known is not None:
                raise RuleFailure(
                    f"{known.place}: {known.rule} is listed as known failing ({known.reason}), but it passes."
                    " Remove the line"
                )
        elif known is not None:
            pytest.xfail(f"known failing: {known.reason}")
        elif self.verdict.is_warning and not self.suite.strict:
            self._warn(warning_text(self.verdict))
        else:
            raise RuleFailure(failure_text(self.verdict))

    def _warn(self, text: str) -> None:
        # Straight into pytest's summary: a project's own `-W error` is not meant to decide on SHOULD rules.
        path, line, _ = self.reportinfo()
        message = warnings.WarningMessage(text, OvershootWarning, str(path), line + 1, line="")
        self.ihook.pytest_warning_recorded.call_historic(
            kwargs={
                "warning_message": message,
                "when": "runtest",
                "nodeid": self.nodeid,
                "location": None,
            }
        )

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, RuleFailure):
            return str(excinfo.value)
        if type(excinfo.value).__name__ in {"ClientSpecError", "DriverError"}:
            return f"the client cannot be made ready: {excinfo.value}"
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path | str, int, str]:
        kind = type(self.rule)
        return inspect.getsourcefile(kind) or NAME, inspect.getsourcelines(kind)[1] - 1, self.nodeid


class Conformance:
    """Hooks of a run with --overshoot-client."""

    def __init__(self, suite: Suite, config: pytest.Config) -> None:
        self._suite = suite
        self._config = config
        self._tally = Tally()

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, session: pytest.Session, items: list[pytest.Item]) -> None:
        """Add the rules to whatever else was collected; before anybody selects by name or marker."""
        catalogue: Catalogue = Catalogue.from_parent(session, name=NAME, nodeid=NAME)
        catalogue.suite = self._suite
        items.extend(session.genitems(catalogue))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, Any, Any]:
        report = yield
        if isinstance(item, RuleItem):
            if report.failed and call.excinfo is not None:
                # pytest itself asks the item only about its call, not about its set-up.
                report.longrepr = item.repr_failure(call.excinfo)
            if report.skipped and isinstance(report.longrepr, tuple) and not hasattr(report, "wasxfail"):
                # Where the rule was skipped is told by its name; our own line would say nothing.
                report.longrepr = (item.nodeid, None, report.longrepr[2])
            if item.verdict is not None and report.when == "setup":
                report.overshoot = Tally.entry(item.verdict)
        return report

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._tally.expect(sum(isinstance(item, RuleItem) for item in session.items))

    def pytest_runtest_logreport(self, report: Any) -> None:
        # Reports cross from xdist's workers with their attributes, so this counts in every kind of run.
        self._tally.take(report)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the reports; a run in which no MUST rule was judged has not shown anything."""
        if hasattr(self._config, "workerinput"):
            return
        self._tally.write(self._suite)
        session.exitstatus = self._tally.exit_status(session)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        for line in self._tally.lines():
            terminalreporter.write_line(line)

    def pytest_unconfigure(self) -> None:
        self._suite.close()
