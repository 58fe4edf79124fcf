"""What the rules about stop make of recordings."""

from __future__ import annotations

import pytest
from hand_made import (
    called,
    closed,
    created,
    delete,
    deleted,
    failure,
    holding,
    probed,
    raised,
    reasons,
    recording,
    returned,
)

from overshoot_testkit.conformance.overshoot.cleanup import Clean01, Clean02, Clean05
from overshoot_testkit.journal import ResultDelivered
from overshoot_testkit.lab import Case

TWICE = Case("twice")
BEFORE_START = Case("before start")


def stopped(*, answers=(200,), left=None):
    """A stream, a stop at 10 s that sent a DELETE for each answer, and what was left at 12 s."""
    deletes = [pair for status in answers for pair in ((10.0, delete()), (10.0, deleted(status)))]
    return recording(
        (0.0, created()),
        (10.0, called("stop", 2)),
        *deletes,
        (10.0, returned("stop", 2)),
        (12.0, holding(**(left or {}))),
    )


# --- CLEAN-01 -----------------------------------------------------------------------------------------


def test_one_delete_and_nothing_left_is_clean():
    assert [] == reasons(Clean01(), stopped())


@pytest.mark.parametrize("status", [200, 204])
def test_both_documented_answers_are_a_success(status):
    assert [] == reasons(Clean01(), stopped(answers=[status]))


def test_a_failed_delete_before_the_successful_one_is_no_fault():
    assert [] == reasons(Clean01(), stopped(answers=[503, None, 200]))


@pytest.mark.parametrize(
    ("answers", "told"),
    [([], "no DELETE was sent"), ([401], "answered 401"), ([503, None], "answered 503, reset")],
)
def test_a_stream_that_is_not_closed(answers, told):
    [finding] = Clean01().judge(stopped(answers=answers), Case())

    assert ("not-closed", told, 10.0) == (finding.reason, finding.seen, finding.at)


def test_a_stream_closed_twice():
    assert ["closed-twice"] == reasons(Clean01(), stopped(answers=[200, 204]))


def test_each_stream_must_be_closed():
    seen = stopped()
    second = created()
    second.id = "s2"

    assert ["not-closed"] == reasons(Clean01(), recording((0.0, second), *((e.at, e) for e in seen)))


@pytest.mark.parametrize("kind", ["tasks", "timers", "connections", "threads", "files", "media"])
def test_whatever_is_left_is_named(kind):
    [finding] = Clean01().judge(stopped(left={kind: ["the one thing"]}), Case())

    assert (f"{kind}-left", "the one thing", 12.0) == (finding.reason, finding.seen, finding.at)


def test_idle_workers_of_the_loop_s_pools_are_not_the_client_s():
    pooled = {"threads": ["asyncio_0", "AnyIO worker thread"]}

    assert [] == reasons(Clean01(), stopped(left=pooled))
    assert ["threads-left"] == reasons(Clean01(), stopped(left={"threads": [*pooled["threads"], "poller"]}))


def test_a_stop_that_hangs():
    seen = recording((0.0, created()), (10.0, called("stop")), (10.0, delete()), (10.0, deleted()))

    assert ["never-returned"] == reasons(Clean01(), seen)


# --- CLEAN-02 -----------------------------------------------------------------------------------------


def twice(*between, error=None, before=None, after=None, active=False):
    """Two stops, at 10 s and 12 s, with a DELETE by the first."""
    return recording(
        (0.0, created()),
        (10.0, called("stop", 2)),
        (10.0, delete()),
        (10.0, deleted()),
        (10.0, returned("stop", 2)),
        (12.0, holding(**(before or {}))),
        (12.0, called("stop", 3)),
        *between,
        (12.0, returned("stop", 3, error)),
        (14.0, probed(active=active)),
        (14.0, holding(**(after or {}))),
    )


def test_a_second_stop_that_does_nothing_is_harmless():
    assert [] == reasons(Clean02(), twice(), TWICE)


def test_a_second_stop_that_raises():
    [finding] = Clean02().judge(twice(error=raised("validation", "not running")), TWICE)

    assert ("raised", "call 2 raised validation: not running") == (finding.reason, finding.seen)


def test_one_report_is_allowed_in_a_client_s_life():
    once = twice((12.0, failure("socket")))
    both = twice((12.0, failure("socket")), (12.0, failure("not_found")))

    assert ([], ["reported-again"]) == (reasons(Clean02(), once, TWICE), reasons(Clean02(), both, TWICE))


def test_after_the_terminal_error_was_reported_stop_reports_nothing():
    quiet, loud = twice(), twice((12.0, failure("not_found")))
    terminal = (5.0, failure("socket", "stream ended: lease_expired"))

    for expected, seen in (([], quiet), (["reported-again"], loud)):
        whole = recording(terminal, *((event.at, event) for event in seen))
        assert expected == reasons(Clean02(), whole, Case("after a terminal error"))


def test_closing_again_is_a_warning():
    [finding] = Clean02().judge(twice((12.0, delete()), (12.0, deleted(204))), TWICE)

    assert ("closed-again", "SHOULD") == (finding.reason, finding.level)


def test_a_delete_before_the_first_stop_is_not_counted():
    seen = recording((5.0, delete()), (5.0, deleted(204)), *((event.at, event) for event in twice()))

    assert [] == reasons(Clean02(), seen, TWICE)


def test_what_the_first_stop_left_is_another_rule_s_affair():
    left = {"timers": ["3 timers"]}

    assert [] == reasons(Clean02(), twice(before=left, after=left), TWICE)
    assert [] == reasons(Clean02(), twice(before=left, after={"timers": ["2 timers"]}), TWICE)


def test_what_the_second_stop_adds_is_not():
    counted = twice(before={"timers": ["3 timers"]}, after={"timers": ["4 timers"]})
    described = twice(after={"tasks": ["a task at client.py:1"]})

    assert ["timers-grown"] == reasons(Clean02(), counted, TWICE)
    assert ["tasks-grown"] == reasons(Clean02(), described, TWICE)


def test_a_stopped_client_is_inactive():
    assert ["still-active"] == reasons(Clean02(), twice(active=True), TWICE)


def test_before_start_there_is_nothing_to_report():
    def seen(*told):
        return recording((0.0, called("stop")), *told, (0.0, returned("stop")), (2.0, probed(active=False)))

    assert [] == reasons(Clean02(), seen(), BEFORE_START)
    assert ["reported-again"] == reasons(Clean02(), seen((0.0, failure("unknown"))), BEFORE_START)


def test_two_stops_at_once_of_which_one_hangs():
    seen = recording(
        (10.0, called("stop", 2)),
        (10.0, called("stop", 3)),
        (10.0, returned("stop", 2)),
        (70.0, probed(active=False)),
    )

    assert ["never-returned"] == reasons(Clean02(), seen, Case("twice at once"))


# --- CLEAN-05 -----------------------------------------------------------------------------------------


def test_callbacks_up_to_the_return_of_stop_are_fine():
    seen = recording(
        (9.0, ResultDelivered({})),
        (10.0, called("stop")),
        (10.0, ResultDelivered({})),
        (10.0, returned("stop")),
    )

    assert [] == reasons(Clean05(), seen)


def test_a_result_after_the_return_at_the_same_moment_is_too_late():
    seen = recording((10.0, called("stop")), (10.0, returned("stop")), (10.0, ResultDelivered({})))

    assert ["result-after-stop"] == reasons(Clean05(), seen)


def test_an_error_while_stop_is_under_way():
    seen = recording(
        (10.0, called("stop")), (10.0, closed(1001)), (10.0, failure("socket")), (11.0, returned("stop"))
    )

    assert ["error-from-stop"] == reasons(Clean05(), seen)


def test_an_error_after_the_return():
    seen = recording((10.0, called("stop")), (10.0, returned("stop")), (10.5, failure("socket")))

    assert ["error-after-stop"] == reasons(Clean05(), seen)


def test_an_error_before_stop_is_not_stop_s():
    seen = recording((9.0, failure("network")), (10.0, called("stop")), (10.0, returned("stop")))

    assert [] == reasons(Clean05(), seen)


def test_before_a_stop_that_hangs_has_returned_every_result_is_in_time():
    seen = recording((10.0, called("stop")), (50.0, ResultDelivered({})), (60.0, failure("network")))

    assert ["error-from-stop"] == reasons(Clean05(), seen)
