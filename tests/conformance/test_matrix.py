"""Clients × rules: the proof that each rule catches what it is there to catch, and nothing else."""

from __future__ import annotations

import pytest

from overshoot_testkit.clients.reference import ReferenceClient
from overshoot_testkit.conformance.overshoot import RULES
from overshoot_testkit.conformance.overshoot.broken import BROKEN
from overshoot_testkit.lab import OVERSHOOT, InProcessBench, RuleFinished, run_suite

TWO_HOURS = 7200.0
RULE = {rule.id: rule for rule in RULES}

each_rule = pytest.mark.parametrize("rule", RULE)


def verdict_on(client, rule, horizon=TWO_HOURS):
    bench = InProcessBench(client, OVERSHOOT, horizon=horizon)
    return next(event.verdict for event in run_suite([RULE[rule]], bench) if isinstance(event, RuleFinished))


def journals_of(verdict):
    return [case.journal for case in verdict.cases]


@each_rule
def test_the_reference_client_passes(rule):
    verdict = verdict_on(ReferenceClient, rule, horizon=86_400.0)

    assert ("pass", ()) == (verdict.outcome, verdict.findings), verdict.reason


def test_every_rule_has_a_broken_client():
    assert set(RULE) == set(BROKEN)


@each_rule
def test_a_broken_client_is_caught_for_its_own_reason(rule):
    broken = BROKEN[rule]

    verdict = verdict_on(broken.factory, rule)

    assert "fail" == verdict.outcome, verdict.reason
    assert broken.reason in {finding.reason for finding in verdict.findings}


@each_rule
def test_a_broken_client_trips_no_rule_without_cause(rule):
    broken = BROKEN[rule]

    verdicts = {other: verdict_on(broken.factory, other) for other in RULE if other != rule}

    assert set(broken.also_trips) == {other for other, each in verdicts.items() if each.outcome == "fail"}
    assert all(broken.also_trips.values())
    assert [] == [each.reason for each in verdicts.values() if each.outcome == "harness_error"]


@each_rule
def test_the_same_run_gives_the_same_journal(rule):
    for client in (ReferenceClient, BROKEN[rule].factory):
        assert journals_of(verdict_on(client, rule)) == journals_of(verdict_on(client, rule))
