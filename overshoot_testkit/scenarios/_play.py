"""Plays a scenario: sets its faults, looks when its checks are due, and says what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from overshoot_testkit.documents import DocumentError, Problem, near
from overshoot_testkit.journal import Checked
from overshoot_testkit.scenarios._checks import JUST_AFTER, Check, Fact, Seen, View

if TYPE_CHECKING:
    from overshoot_testkit.clock import Timer
    from overshoot_testkit.documents import Document, Path
    from overshoot_testkit.faults import Fault
    from overshoot_testkit.journal import Event
    from overshoot_testkit.scenarios._scenario import Scenario
    from overshoot_testkit.scenarios._subject import Subject


def play(scenario: Scenario, subject: Subject, *, configured: bool = False) -> Playing:
    """Play a scenario on a fake, from now on.

    configured: the fake was made with the scenario's profile and settings; they are not applied again.
    Raises DocumentError for what this fake does not have (a route, a setting, a fact); nothing of the
    scenario is set then, except that settings may have been applied.
    """
    return Playing(scenario, subject, configured=configured)


class Outcome(NamedTuple):
    """What came of a check."""

    check: Check
    passed: bool
    expected: str
    seen: str
    at: float
    """Seconds of the scenario."""


class Playing:
    """A scenario that runs. `checks` has the outcomes so far; `finish` ends it.

    A check at a moment looks one microsecond later, on the fake's clock. In virtual and stepped time the
    clock moves on only when everything that happens at a moment has happened, so the check sees all of it,
    whatever the order of timers, and of the journal nothing that came later. Events belong to the moment that
    the journal writes down, which is rounded to microseconds.

    Each outcome is a `journal.Checked` event, at the moment of looking. For a check of `always` that is the
    first moment at which it does not hold, or the end.
    """

    def __init__(self, scenario: Scenario, subject: Subject, *, configured: bool = False) -> None:
        self.scenario = scenario
        self.subject = subject
        self.start = subject.clock.now()
        self.faults: list[Fault] = []
        self.checks: list[Outcome] = []
        self._pending = dict(enumerate(scenario.checks))
        self._timers: list[Timer] = []
        self._next_look: float | None = None
        self._is_over = False
        self._know_facts()
        if not configured:
            self._configure()
        self._set_faults()
        if scenario.results:
            subject.results.script(scenario.results)
        for index, check in self._pending.items():
            if isinstance(check.at, int | float):
                self._call_at(self.start + check.at, self._look, index)
        self._unsubscribe = subject.journal.subscribe(self._watch)
        self._watch_always()

    # --- before it begins

    def _know_facts(self) -> None:
        known = self.subject.facts()
        problems = [
            self._document.problem(
                ("checks", index, "expect", "fact"),
                f"the server knows no {check.expect.fact!r}; {near(check.expect.fact, known)}",
            )
            for index, check in self._pending.items()
            if isinstance(check.expect, Fact) and check.expect.fact not in known
        ]
        if problems:
            raise DocumentError(self._document.name, problems)

    def _configure(self) -> None:
        scenario = self.scenario
        if scenario.settings or scenario.profile is not None:
            scenario.configure(self.subject.apply)

    def _set_faults(self) -> None:
        if self.scenario.seed is not None:
            self.subject.faults.seed = self.scenario.seed
        problems: list[Problem] = []
        for index, spec in enumerate(self.scenario.faults):
            try:
                self.faults.append(spec.set(self.subject.faults, start=self.start))
            except (TypeError, ValueError) as error:
                problems.append(_refused(self._document, ("faults", index), str(error)))
        if problems:
            for fault in self.faults:
                fault.remove()
            raise DocumentError(self._document.name, problems)

    @property
    def _document(self) -> Document:
        return self.scenario.document

    # --- while it runs

    def _call_at(self, when: float, callback: object, *args: object) -> None:
        self._timers.append(self.subject.clock.call_at(when + JUST_AFTER, callback, *args))  # type: ignore[arg-type]

    def _watch(self, event: Event) -> None:
        if not isinstance(event, Checked):
            self._watch_always()

    def _watch_always(self) -> None:
        """Look once for all that happens at this moment, when it has happened."""
        if self._is_over or not any(check.at == "always" for check in self._pending.values()):
            return
        now = self.subject.clock.now()
        if self._next_look is None or self._next_look < now:
            self._next_look = now + JUST_AFTER
            self._call_at(now, self._look_always)

    def _look_always(self) -> None:
        self._next_look = None
        for index, check in list(self._pending.items()):
            if check.at == "always" and not (seen := self._see(check)).passed:
                self._record(index, seen)

    def _look(self, index: int) -> None:
        if index in self._pending:
            self._record(index, self._see(self._pending[index]))

    def _see(self, check: Check) -> Seen:
        now = self.subject.clock.now()
        if isinstance(check.at, int | float):
            now = min(now, self.start + check.at)
        return check.expect.look(View(self.subject, self.start, round(now, 6)))

    def _record(self, index: int, seen: Seen) -> None:
        check = self._pending.pop(index)
        at = round(self.subject.clock.now() - self.start, 6)
        self.checks.append(Outcome(check, *seen, at))
        self.subject.journal.add(Checked(check.name, *seen))

    # --- the end

    def finish(self) -> None:
        """End it: look at what is due now and at the end. A check whose moment has not come has failed."""
        if self._is_over:
            return
        now = self.subject.clock.now()
        for index, check in list(self._pending.items()):
            seen = self._see(check)
            if isinstance(check.at, int | float) and self.start + check.at > now + JUST_AFTER:
                seen = Seen(False, seen.expected, f"the scenario was over at {now - self.start:.10g} s")
            self._record(index, seen)
        self.drop()

    def drop(self) -> None:
        """End it without looking any more: its checks are forgotten, its faults stay set."""
        self._is_over = True
        self._pending.clear()
        self._unsubscribe()
        for timer in self._timers:
            timer.cancel()

    @property
    def failed(self) -> list[Outcome]:
        """The checks that did not hold, so far."""
        return [each for each in self.checks if not each.passed]

    def unfired(self) -> list[Fault]:
        """The scenario's faults that never took effect, and were not taken back."""
        return [fault for fault in self.faults if not fault.fired and fault in list(self.subject.faults)]

    def report(self, *, faults: bool = True) -> str | None:
        """What failed, in words; None if all is well. faults: also those that never fired."""
        failed = self.failed
        unfired = self.unfired() if faults else []
        if not failed and not unfired:
            return None
        total = len(self.scenario.checks)
        parts = [f"{len(failed)} of {total} checks failed"] if failed else []
        parts += [f"{len(unfired)} fault{'s' * (len(unfired) != 1)} never fired"] if unfired else []
        lines = [f"scenario {self.scenario.title!r}: {', '.join(parts)}"]
        for each in failed:
            index = self.scenario.checks.index(each.check)
            where = self._document.where(("checks", index))
            lines += [
                "",
                f"  {each.check.name} ({where}, {each.check.when()})",
                f"    expected  {each.expected}",
                f"    seen      {each.seen}"
                + (f", at {round(each.at, 5):.10g} s" if each.check.at == "always" else ""),
            ]
        if unfired:
            lines += ["", *(f"  {fault}: never fired" for fault in unfired)]
        return "\n".join(lines)


def _refused(document: Document, path: Path, text: str) -> Problem:
    """A plan says what it refuses as "route: there is no …": the field, where it stands in the document."""
    field, colon, rest = text.partition(": ")
    name = field.rpartition(".")[2]
    for inner in ((name,), ("on", name)):
        if colon and (*path, *inner) in document.lines:
            return document.problem((*path, *inner), rest)
    return document.problem(path, text)
