"""A journal of bounded memory: the latest events, with the numbers they have always had."""

from __future__ import annotations

import pytest

from overshoot_testkit.clock import SteppedClock
from overshoot_testkit.journal import Journal, Note


def test_at_least_so_many_of_the_latest_events_are_kept_and_a_quarter_more_at_most() -> None:
    journal = Journal(SteppedClock(), keep=8)
    lengths = []
    for number in range(100):
        journal.add(Note(str(number)))
        lengths.append(len(journal))
        assert [*range(number + 1 - len(journal), number + 1)] == [event.seq for event in journal]

    assert [*range(1, 11), 8, 9, 10, 8] == lengths[:14]
    assert "99" == journal.of(Note)[-1].text


def test_what_came_since_a_number_is_found_also_where_older_events_are_gone() -> None:
    journal = Journal(SteppedClock(), keep=4)
    for number in range(20):
        journal.add(Note(str(number)))

    assert [18, 19] == [event.seq for event in journal.since(18)]
    assert journal.events == journal.since(0)
    assert [] == journal.since(20)


def test_emptied_it_counts_from_0_again() -> None:
    journal = Journal(SteppedClock(), keep=4)
    for number in range(20):
        journal.add(Note(str(number)))
    journal.clear()

    assert [] == journal.since(0)
    assert 0 == journal.add(Note("again")).seq


def test_a_bound_below_1_is_refused() -> None:
    with pytest.raises(ValueError, match="keep: 0 must be at least 1"):
        Journal(SteppedClock(), keep=0)
