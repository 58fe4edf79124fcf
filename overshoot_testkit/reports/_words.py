"""The words and signs that every report uses for a verdict."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from overshoot_testkit.lab import Finding, Summary, Verdict

Kind = Literal["pass", "fail", "warning", "not_applicable", "not_judged", "harness_error"]
"""An outcome as people see it: a failed SHOULD is a warning unless the run is strict."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a kind of verdict looks; `style` is rich's."""

    sign: str
    word: str
    style: str

    def __str__(self) -> str:
        return f"{self.sign} {self.word}"


LOOKS: dict[Kind, Look] = {
    "pass": Look("✓", "pass", "green"),
    "fail": Look("✗", "FAIL", "bold red"),
    "warning": Look("!", "warning", "yellow"),
    "not_applicable": Look("–", "not applicable", "dim"),
    "not_judged": Look("?", "not judged", "cyan"),
    "harness_error": Look("⚠", "harness error", "bold magenta"),
}

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def kind_of(verdict: Verdict, *, strict: bool) -> Kind:
    return "warning" if verdict.is_warning and not strict else verdict.outcome


def printable(text: str) -> str:
    """`text` with control characters and lone surrogates made visible: no client paints our terminal."""
    return _CONTROL.sub(lambda found: ascii(found.group())[1:-1], text.replace("\r\n", "\n"))


def without_controls(text: str) -> str:
    """`text` without the characters that XML 1.0 cannot hold."""
    return _CONTROL.sub("", text)


def plural(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def duration(seconds: float) -> str:
    """Seconds of the clock in the unit that reads best."""
    for limit, size, unit in ((100, 1, "s"), (6000, 60, "min"), (48 * 3600, 3600, "h")):
        if seconds < limit:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds / 86400:.1f} d"


def moments(times: list[float]) -> list[str]:
    """Moments in seconds, all with as many decimals (3 at most) as the finest of them needs."""
    decimals = max((len(f"{at:.3f}".rstrip("0").partition(".")[2]) for at in times), default=0)
    return [f"{at:.{max(decimals, 1)}f}" for at in times]


def by_reason(verdict: Verdict) -> dict[str, list[tuple[str, Finding]]]:
    """Findings by the name of the defect, each with its case, in the order they were made."""
    found: dict[str, list[tuple[str, Finding]]] = {}
    for case in verdict.cases:
        for finding in case.findings:
            found.setdefault(finding.reason, []).append((case.case, finding))
    return found


def virtual_seconds(verdict: Verdict) -> float:
    """Of all cases of a rule together."""
    return sum(case.virtual_seconds for case in verdict.cases)


def counts(summary: Summary) -> dict[Kind, int]:
    """How many verdicts there are of each kind."""
    kinds = [kind_of(verdict, strict=summary.strict) for verdict in summary.verdicts]
    return {kind: kinds.count(kind) for kind in LOOKS}


def counts_line(summary: Summary) -> str:
    """`N of M rules judged: a passed, b failed, c warnings; d not applicable …`."""
    of = counts(summary)
    judged = [f"{of['pass']} passed", f"{of['fail']} failed"]
    if of["warning"]:
        judged.append(plural(of["warning"], "warning"))
    others = [f"{of[kind]} {LOOKS[kind].word}" for kind in ("not_applicable", "not_judged") if of[kind]]
    if of["harness_error"]:
        others.append(plural(of["harness_error"], "harness error"))
    line = f"{summary.judged} of {plural(len(summary.verdicts), 'rule')} judged: {', '.join(judged)}"
    return f"{line}; {', '.join(others)}" if others else line


def verdict_sentence(summary: Summary, *, rules: str | None = None) -> str:
    """The run in one plain sentence; `rules` are the patterns that chose them, if not all were run."""
    of = counts(summary)
    broken = f"{plural(of['harness_error'], 'rule')} ended in a harness error"
    scope = f" by the rules chosen ({rules})" if rules is not None else ""
    if summary.exit_code == 1:
        should = sum(verdict.is_warning for verdict in summary.failures)
        parts = {"MUST rule": len(summary.failures) - should, "SHOULD rule": should}
        failed = [plural(number, noun) for noun, number in parts.items() if number]
        strictly = " (strict)" if should else ""
        also = f"; {broken}" if of["harness_error"] else ""
        return f"not conformant{scope}: {' and '.join(failed)} failed{strictly}{also}"
    if summary.exit_code == 2:
        return f"no verdict: {broken if of['harness_error'] else 'no MUST rule was judged'}"
    warnings = f", with {plural(of['warning'], 'warning')}" if of["warning"] else ""
    unknown = f"; {plural(of['not_judged'], 'rule')} could not be judged" if of["not_judged"] else ""
    return f"conformant{scope}{warnings}{unknown}"
