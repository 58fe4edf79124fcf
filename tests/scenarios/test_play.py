"""A scenario that is played: when checks look, what they see, and what is reported."""

from __future__ import annotations

import pytest

from overshoot_testkit.clock import SteppedClock
from overshoot_testkit.documents import parse
from overshoot_testkit.faults import Answer, FaultPlan, Occasion
from overshoot_testkit.journal import Checked, Journal, Note, StateChanged
from overshoot_testkit.scenarios import play, scenario_from

KEEPALIVE = Occasion("keepalive", "POST")


class Server:
    """A subject that is no vendor's: it counts."""

    def __init__(self):
        self.clock = SteppedClock()
        self.journal = Journal(self.clock)
        self.faults = FaultPlan(self.clock, self.journal)
        self.faults.routes = ("keepalive",)
        self.faults.carry_out = lambda action, stream: None
        self.results = self
        self.scripted = []
        self.applied = []
        self.open = 1

    def script(self, lines):
        self.scripted += lines

    def apply(self, settings, profile=None):
        self.applied.append((dict(settings), profile))

    def facts(self):
        return {"open": self.open}

    def note(self, at, text):
        self.clock.call_at(at, lambda: self.journal.add(Note(text)))

    def to(self, moment):
        while self.clock.step(moment):
            pass


@pytest.fixture
def server():
    return Server()


def played(server, text, **how):
    return play(scenario_from(parse(text, "yaml", "plan.yaml")), server, **how)


def outcomes(playing):
    return [(each.check.name, each.passed, each.seen) for each in playing.checks]


def check(expect, at="end", name="it"):
    return f"title: t\nchecks:\n  - {{name: {name}, at: {at}, expect: {expect}}}\n"


# --- when


def test_a_check_sees_all_that_happens_at_its_moment_whatever_the_order_of_timers(server):
    server.note(60, "set before")
    playing = played(server, check("{count: {event: Note}, equals: 4}", at=60))
    server.note(60, "set after")
    server.clock.call_at(60, lambda: server.note(60, "set at the moment itself"))
    server.note(60 + 1e-9, "as the journal writes it down, at the moment too")
    server.note(60.000001, "a microsecond later")
    server.to(61)

    assert [("it", True, "4")] == outcomes(playing)
    assert [60.000001] == [each.at for each in server.journal.of(Checked)]


def test_a_state_is_what_it_is_once_the_moment_is_over(server):
    playing = played(server, check("{fact: open, equals: 3}", at=60))
    server.clock.call_at(60, lambda: setattr(server, "open", 3))
    server.clock.call_at(60.5, lambda: setattr(server, "open", 4))
    server.to(70)

    assert [("it", True, "3")] == outcomes(playing)


def test_a_check_that_is_due_when_the_scenario_ends_looks_then(server):
    playing = played(server, check("{fact: open, equals: 1}", at=60))
    server.to(60)
    playing.finish()

    assert [("it", True, "1")] == outcomes(playing)
    assert playing.report() is None


def test_a_check_whose_moment_never_came_has_failed(server):
    playing = played(server, check("{fact: open, equals: 1}", at=60))
    server.to(59)
    playing.finish()
    server.to(70)

    assert [("it", False, "the scenario was over at 59 s")] == outcomes(playing)


def test_at_the_end_is_when_it_is_finished_and_that_only_once(server):
    playing = played(server, check("{fact: open, equals: 2}"))
    server.to(100)
    server.open = 2
    playing.finish()
    playing.finish()

    assert [("it", True, "2")] == outcomes(playing)
    assert 1 == len(server.journal.of(Checked))


def test_always_is_at_every_moment_at_which_anything_happened_and_fails_at_the_first(server):
    playing = played(server, check("{fact: open, at_most: 1}", at="always"))
    server.note(10, "fine")

    def grow():
        server.open += 1
        server.journal.add(Note("more"))

    server.clock.call_at(20, grow)
    server.clock.call_at(30, grow)
    server.to(40)
    playing.finish()

    assert [("it", False, "2")] == outcomes(playing)
    assert "    seen      2, at 20 s" in playing.report().splitlines()


def test_always_does_not_look_in_the_middle_of_a_moment(server):
    playing = played(server, check("{fact: open, equals: 1}", at="always"))

    def there_and_back():
        server.open = 2
        server.journal.add(Note("in between"))
        server.open = 1

    server.clock.call_at(10, there_and_back)
    server.to(20)
    playing.finish()

    assert [("it", True, "1")] == outcomes(playing)


def test_always_looks_at_the_beginning_too(server):
    server.open = 5
    playing = played(server, check("{fact: open, equals: 1}", at="always"))
    server.to(1)
    server.open = 1
    playing.finish()

    assert [("it", False, "5")] == outcomes(playing)


def test_moments_count_from_when_it_is_played(server):
    server.to(100)
    text = "title: t\nfaults: [{action: deploy, seconds: 1, at: 30, name: d}]\nchecks:\n"
    text += (
        "  - {name: before, at: 30, expect: {count: {event: FaultFired, since: 0, until: 30}, equals: 0}}\n"
    )
    text += "  - {name: at, at: 30, expect: {count: {event: FaultFired, since: 30}, equals: 1}}\n"
    playing = played(server, text)
    server.to(200)

    assert [("before", True, "0"), ("at", True, "1")] == outcomes(playing)
    assert [130.0] == [fault.moment for fault in playing.faults]


# --- what


@pytest.mark.parametrize(
    ("expect", "passed", "seen"),
    [
        ("{count: {event: Note}, equals: 3}", True, "3"),
        ("{count: {event: Note, text: b}, equals: 2}", False, "1"),
        ("{count: {event: Note, since: 20}, equals: 2}", True, "2"),
        ("{count: {event: Note, until: 20}, equals: 1}", True, "1"),
        ("{count: {event: Note}, at_least: 1, at_most: 2}", False, "3"),
        ("{count: {event: Request}, at_most: 0}", True, "0"),
        ("{fact: open, at_least: 2}", False, "1"),
        ("{last: {event: StateChanged, entity: stream}, has: {after: ended, reason: why}}", True,
         "after 'ended', reason 'why' at 30 s"),
        ("{last: {event: StateChanged, entity: stream}, has: {after: open}}", False, "after 'ended' at 30 s"),
        ("{last: {event: StateChanged, entity: room}, has: {after: open}}", False, "no such event"),
    ],
)  # fmt: skip
def test_what_checks_see(server, expect, passed, seen):
    for moment, text in ((10, "a"), (20, "b"), (30, "c")):
        server.note(moment, text)
    server.clock.call_at(30, lambda: server.journal.add(StateChanged("stream", "s1", "open", "ended", "why")))
    playing = played(server, check(expect))
    server.to(40)
    playing.finish()

    assert [("it", passed, seen)] == outcomes(playing)


@pytest.mark.parametrize(
    ("bounds", "fired", "passed"),
    [("", 0, False), ("", 2, True), (", equals: 1", 2, False), (", at_most: 0", 0, True)],
)
def test_how_often_a_fault_fired(server, bounds, fired, passed):
    text = "title: t\nfaults: [{action: answer, status: 503, name: down}, {action: answer, status: 500}]\n"
    text += f"checks: [{{name: it, expect: {{fired: down{bounds}}}}}]"
    playing = played(server, text)
    for _ in range(fired):
        server.faults.due(KEEPALIVE, {"request"})
    playing.finish()

    assert [passed] == [each.passed for each in playing.checks]


def test_settings_results_and_seed_reach_the_server(server):
    text = "title: t\nprofile: p\nsettings: {a: 1}\nseed: 7\nresults: [one, null]\n"
    played(server, text)

    assert [({"a": 1}, "p")] == server.applied
    assert ["one", None] == server.scripted
    assert 7 == server.faults.seed


def test_a_server_that_was_made_for_the_scenario_is_not_changed(server):
    played(server, "title: t\nsettings: {a: 1}\n", configured=True)

    assert [] == server.applied


# --- what is reported


def test_the_report_names_each_failed_check_and_each_fault_that_never_fired(server):
    text = """\
title: A story
faults:
  - {action: answer, status: 503, name: down, on: {route: keepalive}}
  - {action: deploy, seconds: 1, at: 5, name: deploy}
checks:
  - {name: fine, at: 10, expect: {fact: open, equals: 1}}
  - {name: told, at: 10, expect: {count: {event: Note, text: x, since: 1}, at_least: 2}}
"""
    playing = played(server, text)
    server.to(20)
    playing.finish()

    assert """\
scenario 'A story': 1 of 2 checks failed, 1 fault never fired

  told (plan.yaml:7, at 10 s)
    expected  at least 2 × Note with text 'x' from 1 s on
    seen      0

  down: Answer(status=503) on keepalive: never fired""" == playing.report()
    assert "never fired" not in playing.report(faults=False)
    assert ["told"] == [each.check.name for each in playing.failed]


def test_a_fault_that_was_taken_back_is_not_missed(server):
    playing = played(server, "title: t\nfaults: [{action: answer, status: 503}]")
    assert [Answer(503)] == [fault.action for fault in playing.unfired()]
    playing.faults[0].remove()
    playing.finish()

    assert playing.report() is None


def test_each_outcome_is_in_the_journal(server):
    playing = played(server, check("{fact: open, equals: 2}", name="two"))
    playing.finish()

    (event,) = server.journal.of(Checked)
    assert ("two", False, "open 2", "1") == (event.check, event.passed, event.expected, event.seen)


def test_one_that_is_dropped_looks_no_more(server):
    text = (
        check("{fact: open, equals: 2}", at=10) + "  - {name: b, at: always, expect: {fact: open, equals: 2}}"
    )
    playing = played(server, text)
    playing.drop()
    server.note(5, "x")
    server.to(20)
    playing.finish()

    assert [] == playing.checks
    assert [] == server.journal.of(Checked)
