"""Draws docs/images/verdict.svg: a true verdict, on a client that is broken in one way.

usage: python docs/images/make_verdict.py
"""

from __future__ import annotations

import io
import re
from pathlib import Path

from rich.console import Console

from overshoot_testkit.conformance.overshoot import RULES
from overshoot_testkit.conformance.overshoot.broken.keepalive import Retries402
from overshoot_testkit.lab import OVERSHOOT, CaseFinished, InProcessBench, RuleStarted, run_suite, select
from overshoot_testkit.reports import ConsoleReporter, RunFacts, tell

PATTERN = "KEEP-0[3-6]"
COMMAND = f"overshoot-testkit conformance --client my_sdk:Client --rules '{PATTERN}'"
EXTERNAL_FONT = re.compile(r"@font-face \{.*?\}", re.DOTALL)


def main() -> None:
    console = Console(record=True, width=88, file=io.StringIO(), force_terminal=True, highlight=False)
    console.print(f"$ {COMMAND}\n", markup=False)
    bench = InProcessBench(type("Client", (Retries402,), {"name": "my-sdk", "version": "0.3"}), OVERSHOOT)
    facts = RunFacts(OVERSHOOT.name, "0.1.0", rules=PATTERN)
    replay = "overshoot-testkit conformance --client my_sdk:Client --rules {rule}"
    events = run_suite(select(RULES, PATTERN), bench, replay=replay)
    # Progress is for whoever waits; a picture shows the table and the evidence.
    shown = (event for event in events if not isinstance(event, RuleStarted | CaseFinished))
    with ConsoleReporter(console, facts) as reporter:
        tell(shown, [reporter])
    drawn = EXTERNAL_FONT.sub("", console.export_svg(title="overshoot-testkit"))
    Path(__file__).with_name("verdict.svg").write_text(drawn, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
