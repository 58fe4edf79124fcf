"""A journal as people read it."""

from __future__ import annotations

import dataclasses

from overshoot_testkit.clock import SteppedClock
from overshoot_testkit.journal import Event, Journal, Note, ResultDelivered, SocketMessage, describe
from overshoot_testkit.lab import Finding
from overshoot_testkit.lab._timeline import AFTER, BEFORE, timeline


def journal_of(*events: tuple[float, Event]) -> Journal:
    clock = SteppedClock()
    journal = Journal(clock)
    for at, event in events:
        clock.step(at)
        journal.add(event)
    return journal


def at(moment: float | None) -> list[Finding]:
    return [Finding("reason", "this", "that", moment)]


def test_lines_around_the_finding_and_a_mark_where_its_moment_begins() -> None:
    journal = journal_of(*((float(i), Note(str(i))) for i in range(100)))
    shown = timeline(journal, at(50.0))

    assert [float(i) for i in range(50 - BEFORE, 50 + AFTER + 1)] == [entry.at for entry in shown]
    assert [50.0] == [entry.at for entry in shown if entry.marked]


def test_several_lines_at_the_moment_are_marked_once() -> None:
    journal = journal_of((1, Note("before")), (2, Note("cause")), (2, Note("effect")), (3, Note("after")))

    assert [False, True, False, False] == [entry.marked for entry in timeline(journal, at(2.0))]


def test_without_a_moment_the_last_lines() -> None:
    journal = journal_of(*((float(i), Note(str(i))) for i in range(100)))

    assert "99" in timeline(journal, at(None))[-1].text
    assert BEFORE + AFTER == len(timeline(journal, at(None)))


def test_a_run_of_results_is_one_line() -> None:
    results = [(float(i), SocketMessage(1, "s", "out", {"result": "r"})) for i in range(10)]
    delivered = [(9.0, ResultDelivered({"result": "r"})) for _ in range(9)]
    journal = journal_of((0, Note("begin")), *results, *delivered, (20, Note("end")))

    assert ["- begin", "… 10 results sent, 9 delivered, until 9 s", "- end"] == [
        entry.text for entry in timeline(journal, ())
    ]


def test_every_event_a_reader_should_see_has_a_line() -> None:
    silent = {"TokenIssued", "Inventory"}  # labels and lists: the findings tell of them

    assert silent == {
        name for name, kind in Event.registry.items() if describe(_blank(kind)) is None
    }  # fmt: skip


def _blank(kind: type[Event]) -> Event:
    event = kind.__new__(kind)
    for each in dataclasses.fields(kind):
        setattr(event, each.name, 0)
    return event


def test_what_is_said_again_at_the_same_moment_is_one_line() -> None:
    journal = journal_of((1, Note("again")), (1, Note("again")), (2, Note("again")))

    assert [(1.0, "- again"), (2.0, "- again")] == [(e.at, e.text) for e in timeline(journal, at(None))]
