"""Runs rules against a client and says what happened as it happens.

The engine is a generator of events; reporters consume them. Nothing here prints.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from overshoot_testkit.lab._timeline import timeline
from overshoot_testkit.lab._verdict import CaseVerdict, Outcome, Summary, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from overshoot_testkit.journal import Recording
    from overshoot_testkit.lab._rule import Case, Rule
    from overshoot_testkit.lab._verdict import Finding


@dataclass(frozen=True, slots=True)
class SuiteStarted:
    client: str
    version: str
    rules: tuple[str, ...]
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleStarted:
    rule: str
    statement: str
    number: int
    """Counts from 1."""


@dataclass(frozen=True, slots=True)
class CaseFinished:
    rule: str
    case: CaseVerdict


@dataclass(frozen=True, slots=True)
class RuleFinished:
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class SuiteFinished:
    summary: Summary


SuiteEvent = SuiteStarted | RuleStarted | CaseFinished | RuleFinished | SuiteFinished


@dataclass(frozen=True, slots=True)
class Observation:
    """What running a case gave: a recording, and why it cannot be judged if it cannot."""

    recording: Recording
    problem: str | None = None
    outcome: Outcome = "harness_error"
    """Meaningful with a problem: `harness_error`, or `not_judged` when the client did not get that far."""
    unfired: tuple[str, ...] = ()
    seconds: float = 0.0
    evidence: bool = False
    """Whether what was recorded up to the problem is evidence against the client."""


class Bench(Protocol):
    """Where cases run: in process on virtual time, or with a driver. One for the whole run of a suite."""

    name: str
    version: str
    capabilities: frozenset[str]
    labels: tuple[str, ...]

    def observe(self, rule: Rule[Any], case: Case, transport: str) -> Observation:
        """Run one case's scenario in a laboratory of its own."""
        ...


def run_suite(
    rules: Sequence[Rule[Any]], bench: Bench, *, replay: str = "", strict: bool = False
) -> Iterator[SuiteEvent]:
    """Judge a client by each rule in turn. `replay` is a command with `{rule}` in it."""
    yield SuiteStarted(bench.name, bench.version, tuple(rule.id for rule in rules), bench.labels)
    verdicts: list[Verdict] = []
    for number, rule in enumerate(rules, 1):
        yield RuleStarted(rule.id, rule.statement, number)
        cases: list[CaseVerdict] = []
        hindrance = _not_applicable(rule, bench)
        if hindrance is None:
            transport = _transport(rule, bench)
            for case in rule.cases:
                cases.append(judge_case(rule, case, bench.observe(rule, case, transport)))
                yield CaseFinished(rule.id, cases[-1])
        verdict = _verdict(rule, cases, hindrance, bench.labels, replay)
        verdicts.append(verdict)
        yield RuleFinished(verdict)
    yield SuiteFinished(Summary(bench.name, bench.version, tuple(verdicts), strict=strict))


def judge_case(rule: Rule[Any], case: Case, observed: Observation) -> CaseVerdict:
    """The verdict on one observation; pure, so that it can be repeated on a recording."""
    journal = observed.recording.to_jsonl()
    proved = _proved(rule, case, observed) if observed.evidence else ()
    if observed.problem is not None and not proved:
        shown = timeline(observed.recording, ())
        return CaseVerdict(
            case.name,
            observed.outcome,
            observed.problem,
            timeline=shown,
            virtual_seconds=observed.seconds,
            journal=journal,
        )
    try:
        findings = proved or tuple(rule.judge(observed.recording, case))
    except Exception as error:  # noqa: BLE001 - a broken judgement is the harness's failure, said as such
        return CaseVerdict(
            case.name,
            "harness_error",
            f"the judgement broke: {type(error).__name__}: {error}",
            virtual_seconds=observed.seconds,
            journal=journal,
        )
    if observed.unfired and not proved:
        # Law: a fault that never fired makes the rule an error, whatever the judgement made of the rest.
        return CaseVerdict(
            case.name,
            "harness_error",
            f"never fired: {'; '.join(observed.unfired)}",
            timeline=timeline(observed.recording, findings),
            virtual_seconds=observed.seconds,
            journal=journal,
        )
    return CaseVerdict(
        case.name,
        "fail" if findings else "pass",
        findings=findings,
        timeline=timeline(observed.recording, findings) if findings else (),
        virtual_seconds=observed.seconds,
        journal=journal,
    )


def _proved(rule: Rule[Any], case: Case, observed: Observation) -> tuple[Finding, ...]:
    """Findings in a scenario that was cut short: about what came before that, not about what is missing."""
    with contextlib.suppress(Exception):
        found = rule.judge(observed.recording, case)
        return tuple(each for each in found if each.at is not None and each.at <= observed.seconds)
    return ()


def _transport(rule: Rule[Any], bench: Bench) -> str:
    usable = rule.transports & bench.capabilities
    return next(name for name in ("native", "webrtc", "livekit") if name in usable)


def _not_applicable(rule: Rule[Any], bench: Bench) -> str | None:
    if not rule.transports & bench.capabilities:
        return f"needs transport {' or '.join(sorted(rule.transports))}"
    missing = rule.needs - bench.capabilities
    return f"needs capability {', '.join(sorted(missing))}" if missing else None


def _verdict(
    rule: Rule[Any], cases: list[CaseVerdict], hindrance: str | None, labels: tuple[str, ...], replay: str
) -> Verdict:
    outcome, reason = _combined(cases) if hindrance is None else ("not_applicable", hindrance)
    return Verdict(
        rule=rule.id,
        level=rule.level,
        statement=rule.statement,
        sources=tuple(str(source) for source in rule.sources),
        outcome=outcome,
        reason=reason,
        cases=tuple(cases),
        labels=labels,
        replay=replay.format(rule=rule.id),
    )


def _combined(cases: list[CaseVerdict]) -> tuple[Outcome, str]:
    """A failed case fails the rule; a broken one breaks it unless one failed; one pass is not enough."""
    order: tuple[Outcome, ...] = ("fail", "harness_error", "not_judged", "pass")
    for outcome in order:
        found = [case for case in cases if case.outcome == outcome]
        if found:
            named = [
                f"{case.case}: {case.reason}" if case.case != "default" else case.reason for case in found
            ]
            return outcome, "; ".join(reason for reason in named if outcome not in {"pass", "fail"})
    return "not_judged", "the rule has no cases"
