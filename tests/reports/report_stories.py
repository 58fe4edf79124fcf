"""Runs as the engine tells them, made by hand: one of every kind of verdict."""

from __future__ import annotations

from overshoot_testkit.lab import (
    CaseFinished,
    CaseVerdict,
    Finding,
    RuleFinished,
    RuleStarted,
    SuiteFinished,
    SuiteStarted,
    Summary,
    TimelineEntry,
    Verdict,
)
from overshoot_testkit.reports import RunFacts

FACTS = RunFacts(system="overshoot v0.2", tool_version="0.1.0", seed=7)
CLIENT, VERSION = "shaky-sdk", "1.4.2"
STAND_IN = "peer connection and camera are stand-ins: no ICE, no media"
REPLAY = "overshoot-testkit conformance --client node:./a-long-path/to/the/package --seed 7 --rules {}"
JOURNAL = '{"at":0.0,"event":"client_called","method":"start","seq":0}\n'


def passed():
    return Verdict(
        "LIFE-01",
        "MUST",
        "start sends one POST /streams with the key and a body that the contract allows",
        ("Transport & Connectivity › Manual Integration", "contract"),
        "pass",
        cases=(CaseVerdict("default", "pass", virtual_seconds=4.0, journal=JOURNAL),),
        labels=(STAND_IN,),
        replay=REPLAY.format("LIFE-01"),
    )


def failed():
    found = Finding(
        "retried_after_402",
        expected="no keepalive after the 402 at 22.5 s",
        seen="3 more keepalives, the first at 24.5 s",
        at=24.5,
    )
    timeline = (
        TimelineEntry(0.0, "client.start() called"),
        TimelineEntry(0.125, "→ POST /v0.2/streams"),
        TimelineEntry(0.125, "← 201 create"),
        TimelineEntry(22.5, "→ POST /v0.2/streams/str_1/keepalive"),
        TimelineEntry(22.5, "fault 1: answer 402"),
        TimelineEntry(22.5, "← 402 keepalive"),
        TimelineEntry(24.5, "→ POST /v0.2/streams/str_1/keepalive", marked=True),
        TimelineEntry(24.5, "← 402 keepalive"),
        TimelineEntry(26.5, "→ POST /v0.2/streams/str_1/keepalive"),
    )
    return Verdict(
        "KEEP-05",
        "MUST",
        "402 is terminal at once: no retry",
        ("Starting & Stopping Streams › Keepalive",),
        "fail",
        cases=(CaseVerdict("default", "fail", "", (found,), timeline, 82.5, JOURNAL),),
        labels=(STAND_IN,),
        replay=REPLAY.format("KEEP-05"),
    )


def failed_in_many_cases():
    """The same defect in six cases, one of them with a defect of its own."""
    cases = []
    for name in ("401", "402", "422", "429", "500", "refused"):
        silent = Finding("not_reported", f"one report of the failed create ({name})", "no report", 60.0)
        findings = [silent]
        if name == "refused":
            findings.append(Finding("left_socket", "nothing left open", "1 connection still open"))
        timeline = (
            TimelineEntry(0.0, "→ POST /v0.2/streams"),
            TimelineEntry(60.0, "- a minute on", marked=True),
        )
        cases.append(CaseVerdict(name, "fail", "", tuple(findings), timeline, 60.0, JOURNAL))
    return Verdict(
        "LIFE-09",
        "MUST",
        "each create failure is reported once, with its kind, and leaves nothing behind",
        ("Starting & Stopping Streams › Concurrent Stream Limits", "contract"),
        "fail",
        cases=tuple(cases),
        labels=(STAND_IN,),
        replay=REPLAY.format("LIFE-09"),
    )


def warned():
    found = Finding("too_eager", "attempts at least 2 s apart", "attempts 0.5 s apart", 23.0, "SHOULD")
    return Verdict(
        "KEEP-04",
        "MUST",
        "keepalive attempts are bounded, and none is made once the lease is gone",
        ("Starting & Stopping Streams › Keepalive Retry Behavior",),
        "fail",
        cases=(CaseVerdict("default", "fail", "", (found,), (), 7200.0, JOURNAL),),
        labels=(STAND_IN,),
        replay=REPLAY.format("KEEP-04"),
    )


def not_applicable():
    return Verdict(
        "WS-04",
        "MUST",
        "a quiet, healthy stream survives 20 recycled sockets",
        ("Transport & Connectivity › Deploy Resilience",),
        "not_applicable",
        "needs transport native",
        labels=(STAND_IN,),
    )


def not_judged():
    reason = "start had not returned after 60 s"
    return Verdict(
        "WS-01",
        "MUST",
        "close code 1008 is terminal and reported as authentication",
        ("contract",),
        "not_judged",
        reason,
        cases=(CaseVerdict("default", "not_judged", reason, (), (), 60.0, JOURNAL),),
        labels=(STAND_IN,),
        replay=REPLAY.format("WS-01"),
    )


def broken():
    reason = "the driver ended with exit code 3.\nCommand: node driver.mjs\nIt said:\n  out of memory"
    timeline = (TimelineEntry(0.0, "client.start() called"),)
    return Verdict(
        "CLEAN-02",
        "MUST",
        "after stop nothing is left: no socket, timer, task or thread",
        ("user harm",),
        "harness_error",
        reason,
        cases=(CaseVerdict("default", "harness_error", reason, (), timeline, 0.0, JOURNAL),),
        labels=(STAND_IN,),
        replay=REPLAY.format("CLEAN-02"),
    )


def everything():
    return [passed(), failed(), failed_in_many_cases(), warned(), not_applicable(), not_judged(), broken()]


def run_of(*verdicts, strict=False, labels=(STAND_IN,)):
    """The events of a run that ended in these verdicts."""
    yield SuiteStarted(CLIENT, VERSION, tuple(verdict.rule for verdict in verdicts), labels)
    for number, verdict in enumerate(verdicts, 1):
        yield RuleStarted(verdict.rule, verdict.statement, number)
        for case in verdict.cases:
            yield CaseFinished(verdict.rule, case)
        yield RuleFinished(verdict)
    yield SuiteFinished(Summary(CLIENT, VERSION, tuple(verdicts), strict=strict))
