"""One client, one fake, one clock, one journal: what rules work with, and the engine that runs them."""

from overshoot_testkit.lab._driver import DriverBench
from overshoot_testkit.lab._engine import (
    Bench,
    CaseFinished,
    Observation,
    RuleFinished,
    RuleStarted,
    SuiteEvent,
    SuiteFinished,
    SuiteStarted,
    judge_case,
    run_suite,
)
from overshoot_testkit.lab._in_process import InProcessBench
from overshoot_testkit.lab._lab import Lab, NotStartedError
from overshoot_testkit.lab._opening import open_bench
from overshoot_testkit.lab._rule import ALL_TRANSPORTS, CONTRACT, USER_HARM, Case, Rule, Source, select
from overshoot_testkit.lab._systems import OVERSHOOT, System
from overshoot_testkit.lab._verdict import (
    OUTCOMES,
    CaseVerdict,
    Finding,
    Level,
    Outcome,
    Summary,
    TimelineEntry,
    Verdict,
)

__all__ = [
    "ALL_TRANSPORTS",
    "CONTRACT",
    "OUTCOMES",
    "OVERSHOOT",
    "USER_HARM",
    "Bench",
    "Case",
    "CaseFinished",
    "CaseVerdict",
    "DriverBench",
    "Finding",
    "InProcessBench",
    "Lab",
    "Level",
    "NotStartedError",
    "Observation",
    "Outcome",
    "Rule",
    "RuleFinished",
    "RuleStarted",
    "Source",
    "SuiteEvent",
    "SuiteFinished",
    "SuiteStarted",
    "Summary",
    "System",
    "TimelineEntry",
    "Verdict",
    "judge_case",
    "open_bench",
    "run_suite",
    "select",
]
