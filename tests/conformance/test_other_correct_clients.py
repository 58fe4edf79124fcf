"""Clients that share nothing with the reference client but the vendor's pages: none may be accused."""

from __future__ import annotations

import json

import pytest
from client_on_aiohttp import OnAiohttp
from client_on_httpx import InTheUsersRoom, OnHttpx, OverWebRTC, WithJitter

from overshoot_testkit.conformance.overshoot import RULES
from overshoot_testkit.lab import OVERSHOOT, InProcessBench, SuiteFinished, run_suite

TWO_HOURS = 7200.0


@pytest.mark.parametrize("client", [OnHttpx, WithJitter, OverWebRTC, InTheUsersRoom, OnAiohttp])
def test_a_correct_client_passes_every_rule(client):
    bench = InProcessBench(client, OVERSHOOT, horizon=TWO_HOURS)

    *_, finished = run_suite(RULES, bench)

    assert isinstance(finished, SuiteFinished)
    assert [] == [
        (verdict.rule, verdict.outcome, verdict.reason, verdict.findings)
        for verdict in finished.summary.verdicts
        if verdict.outcome not in {"pass", "not_applicable"}
    ]


def verdict_on(client, rule):
    bench = InProcessBench(client, OVERSHOOT, horizon=TWO_HOURS)
    *_, finished = run_suite([each for each in RULES if each.id == rule], bench)
    return finished.summary.verdicts[0]


@pytest.mark.parametrize("rule", ["KEEP-03", "KEEP-09"])
def test_quick_retries_are_not_mistaken_for_none_nor_for_keepalives_after_stop(rule):
    class Hasty(OnHttpx):
        """Half a second between attempts: worth a warning of KEEP-04, and no more."""

        pause_between_attempts = 0.5

    assert ("pass", ()) == (verdict_on(Hasty, rule).outcome, verdict_on(Hasty, rule).findings)


def test_a_wrong_key_is_refused_by_the_server_itself():
    class ForgetsTheKey(OnHttpx):
        def _first_message(self):
            return json.dumps({"api_key": "none"})

    assert "first-message" in {finding.reason for finding in verdict_on(ForgetsTheKey, "LIFE-03").findings}
    assert "harness_error" not in {case.outcome for case in verdict_on(ForgetsTheKey, "WS-01").cases}


def test_retries_without_a_pause_are_hammering():
    class Hammers(OnHttpx):
        pause_between_attempts = 0.0
        attempts = 1_000_000

    assert "hammering" == verdict_on(Hammers, "KEEP-04").findings[0].reason


def test_a_keepalive_refused_off_the_beat_ends_a_stream_that_is_not_retried():
    class NeverTwice(WithJitter):
        """Takes a refused connection for the end, and keeps alive at an unsteady pace."""

        async def _ask(self, method, path, **content):
            try:
                return await super()._ask(method, path, **content)
            except Exception as error:
                if "ConnectError" in str(error):
                    raise RuntimeError from error
                raise

    cases = verdict_on(NeverTwice, "KEEP-03").cases

    assert ["refused"] == [case.case for case in cases if case.outcome == "fail"]
