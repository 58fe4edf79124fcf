"""The report on a console: progress while it runs, a table, each failure with its evidence, a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.live import Live
from rich.text import Text

from overshoot_testkit.lab import CaseFinished, RuleFinished, RuleStarted, SuiteFinished, SuiteStarted
from overshoot_testkit.reports._details import Details
from overshoot_testkit.reports._words import (
    LOOKS,
    counts_line,
    duration,
    kind_of,
    printable,
    verdict_sentence,
    virtual_seconds,
)

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from rich.console import Console

    from overshoot_testkit.lab import SuiteEvent, Summary, Verdict
    from overshoot_testkit.reports._reporter import RunFacts

SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
PLAIN_SPINNER = "|/-\\"


class ConsoleReporter:
    """Writes to `console` as events come. A context manager: leaving it gives the terminal back in any case.

    On a terminal progress is one line that moves on with the events (never by a thread: the machine's
    threads are what some rules count), elsewhere one plain line a rule. `quiet` leaves out progress, table
    and evidence. `directory` is where the other reports go, to point to.
    """

    def __init__(
        self, console: Console, facts: RunFacts, *, quiet: bool = False, directory: Path | None = None
    ) -> None:
        self._console = console
        self._facts = facts
        self._quiet = quiet
        self._directory = directory
        self._live: Live | None = None
        self._details = Details(console, directory)
        self._total = 0
        self._number = 0
        self._cases = 0
        self._current = ""
        self._seconds = 0.0
        self._labels: tuple[str, ...] = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end_progress()

    def consume(self, event: SuiteEvent) -> None:
        match event:
            case SuiteStarted():
                self._begin(event)
            case RuleStarted():
                self._number = event.number
                self._current = f"{event.rule} {event.statement}"
                self._show_progress()
            case CaseFinished():
                self._cases += 1
                self._seconds += event.case.virtual_seconds
                self._show_progress()
            case RuleFinished():
                self._line(event.verdict)
            case SuiteFinished():
                self._end_progress()
                self._conclude(event.summary)

    def _begin(self, event: SuiteStarted) -> None:
        self._total = len(event.rules)
        self._labels = event.labels
        if self._quiet:
            return
        client = printable(f"{event.client} {event.version}")
        seed = f", seed {self._facts.seed}" if self._facts.seed else ""
        against = f" against {self._facts.system}{seed}"
        self._console.print(Text.assemble("Judging ", (client, "bold"), against))
        if self._console.is_interactive:
            self._live = Live(console=self._console, auto_refresh=False, transient=True)
            self._live.start()

    def _show_progress(self) -> None:
        if self._live is None:
            return
        frames = SPINNER if self._console.encoding.startswith("utf") else PLAIN_SPINNER
        spun = frames[(self._number + self._cases) % len(frames)]
        done = f"{spun} rule {self._number} of {self._total}, {duration(self._seconds)} of virtual time: "
        line = Text.assemble((done, "cyan"), self._current, no_wrap=True, overflow="ellipsis")
        self._live.update(line, refresh=True)

    def _line(self, verdict: Verdict) -> None:
        """In a log, what is done must be seen as it is done: a run may be killed half-way."""
        if self._quiet or self._live is not None:
            return
        look = LOOKS[kind_of(verdict, strict=self._facts.strict)]
        width = len(str(self._total))
        number = f"[{self._number:>{width}}/{self._total}] {verdict.rule:<9} "
        self._console.print(Text.assemble(number, (str(look), look.style)))

    def _end_progress(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _conclude(self, summary: Summary) -> None:
        if not self._quiet:
            self._console.print()
            for row in _table(summary, self._console.width):
                self._console.print(row, soft_wrap=True)
            self._console.print()
            self._details.show(summary, self._labels)
            if self._directory is not None:
                self._console.print(Text(f"Reports: {self._directory}"), soft_wrap=True)
        else:
            for verdict in (*summary.failures, *summary.warnings):
                look = LOOKS[kind_of(verdict, strict=summary.strict)]
                line = Text.assemble((str(look), look.style), f" {verdict.rule} {verdict.statement}")
                self._console.print(line, soft_wrap=True)
        # Broken at words for eyes, not at all for logs, where people search for the sentence.
        whole = not self._console.is_terminal
        self._console.print(Text(counts_line(summary)), soft_wrap=whole)
        style = {0: "bold green", 1: "bold red"}.get(summary.exit_code, "bold magenta")
        client = printable(f"{summary.client} {summary.client_version}")
        told = f"{client}: {verdict_sentence(summary, rules=self._facts.rules)}"
        self._console.print(Text(told, style=style), soft_wrap=whole)


def _table(summary: Summary, width: int) -> list[Text]:
    """Rows by hand: rich's tables squeeze each column a little where ours may only squeeze the last."""
    looks = [LOOKS[kind_of(verdict, strict=summary.strict)] for verdict in summary.verdicts]
    names = max([4, *(len(verdict.rule) for verdict in summary.verdicts)])
    outcomes = max([7, *(len(str(look)) for look in looks)])
    heading = f"{'Rule':<{names}}  Level   {'Outcome':<{outcomes}}  {'Time':>8}  What a client does"
    rows = [Text(heading, style="bold")]
    for verdict, look in zip(summary.verdicts, looks, strict=True):
        time = duration(virtual_seconds(verdict)) if verdict.cases else ""
        row = Text.assemble(
            f"{verdict.rule:<{names}}  {verdict.level:<6}  ",
            (f"{look!s:<{outcomes}}", look.style),
            (f"  {time:>8}  ", "dim"),
            verdict.statement,
        )
        row.truncate(max(width, 60), overflow="ellipsis")
        rows.append(row)
    return rows
