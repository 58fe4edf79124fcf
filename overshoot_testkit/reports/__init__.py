"""The engine's events in; what people and machines read out: console, JSON, JUnit XML, journals."""

from overshoot_testkit.reports._console import ConsoleReporter
from overshoot_testkit.reports._files import ReportError, prepare_directory
from overshoot_testkit.reports._journals import JournalsReporter
from overshoot_testkit.reports._json import JsonReporter, verdicts_schema
from overshoot_testkit.reports._junit import JunitReporter
from overshoot_testkit.reports._reporter import Reporter, RunFacts, tell
from overshoot_testkit.reports._terminal import make_console
from overshoot_testkit.reports._words import verdict_sentence

__all__ = [
    "ConsoleReporter",
    "JournalsReporter",
    "JsonReporter",
    "JunitReporter",
    "ReportError",
    "Reporter",
    "RunFacts",
    "make_console",
    "prepare_directory",
    "tell",
    "verdict_sentence",
    "verdicts_schema",
]
