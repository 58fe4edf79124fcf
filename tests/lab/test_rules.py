"""Rules by pattern: ids and globs, in the order of the catalogue."""

from __future__ import annotations

import pytest

from overshoot_testkit.conformance.overshoot import RULES
from overshoot_testkit.lab import select


def ids(patterns: str) -> list[str]:
    return [rule.id for rule in select(RULES, patterns)]


def test_patterns_choose_in_the_order_of_the_catalogue_and_each_rule_once() -> None:
    assert ["KEEP-05", "WS-01", "WS-02"] == ids("ws-*, KEEP-05, WS-01")
    assert [rule.id for rule in RULES] == ids("*")


def test_a_pattern_that_matches_none_is_refused_with_what_there_is() -> None:
    with pytest.raises(ValueError, match=r"no rule matches 'KEPT-\*'.*themes: CLEAN, KEEP, LIFE, WS"):
        select(RULES, "WS-01,KEPT-*")
