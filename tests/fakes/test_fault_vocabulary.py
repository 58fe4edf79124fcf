"""Every action is documented, and seen on the wire by a test that the documentation names."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from overshoot_testkit import faults

HERE = Path(__file__).parent
PAGE = (HERE.parent.parent / "docs" / "faults.md").read_text(encoding="utf-8")
ACTIONS = sorted(
    name
    for name in faults.__all__
    if isinstance(each := getattr(faults, name), type) and issubclass(each, faults.Action)
    if name != "Action"
)
ROW = re.compile(r"^\|(?P<what>.*)\| `(?P<module>test_\w+)::(?P<test>\w+)` \|$", re.MULTILINE)
TOLD = re.compile(r"STORIES = \[(.*?)\]", re.DOTALL)


def source(module: str) -> str:
    return (HERE / f"{module}.py").read_text(encoding="utf-8")


def function(module: str, name: str) -> str:
    """A test's text, its decorators included; empty if there is none."""
    text = source(module)
    for each in ast.parse(text).body:
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and each.name == name:
            begins = min([each.lineno, *(decorator.lineno for decorator in each.decorator_list)])
            return "\n".join(text.splitlines()[begins - 1 : each.end_lineno])
    return ""


@pytest.mark.parametrize("action", ACTIONS)
def test_each_action_has_a_row(action):
    assert [row for row in ROW.finditer(PAGE) if re.search(rf"`{action}\(", row["what"])]


def test_each_row_names_a_test_of_its_actions_that_runs():
    rows = list(ROW.finditer(PAGE))
    for row in rows:
        text = function(row["module"], row["test"])
        assert text, f"no such test: {row[0]}"
        for action in ACTIONS:
            if re.search(rf"\b{action}\(", row["what"]):
                assert re.search(rf"\b{action}\(", text), f"{action}: {row[0]}"
        if not row["test"].startswith("test_"):
            told = "".join(TOLD.findall(source(row["module"])))
            assert f"    {row['test']},\n" in told, f"no story: {row['test']}"
    assert len(rows) > 60


def test_each_row_of_a_table_names_a_test():
    tables = PAGE.partition("## What\n")[2]
    rows = [line for line in tables.splitlines() if line.startswith(("| `", "| a "))]

    assert [] == [line for line in rows if not ROW.fullmatch(line)]


def test_every_peer_is_there_whole():
    for name in (
        *("EMPTY_RESPONSE", "MALFORMED_RESPONSE_CHUNK", "RANDOM_DATA_THEN_CLOSE", "CONNECTION_RESET_BY_PEER"),
        *("latency", "bandwidth", "slow_close", "timeout", "reset_peer", "slicer", "limit_data", "down"),
        *("seeded", "succeed first", "outage window", "ramp", "truncated", "malformed", "quota"),
    ):
        assert name in PAGE, name
