"""What the rules about keepalives make of recordings."""

from __future__ import annotations

import pytest
from hand_made import (
    STREAM,
    called,
    created,
    delete,
    failure,
    handshake,
    keepalive,
    probed,
    reasons,
    recording,
)

from overshoot_testkit.conformance.overshoot.keepalive import (
    Keep01,
    Keep02,
    Keep03,
    Keep04,
    Keep05,
    Keep06,
    Keep09,
)
from overshoot_testkit.journal import FaultFired, LeaseRenewed, Request, Response, StateChanged
from overshoot_testkit.lab import Case


def renewed(at, ttl=45.0, stream=STREAM):
    return at, LeaseRenewed(stream, ttl, at + ttl)


def ended(reason="lease_expired"):
    return StateChanged("stream", STREAM, "active", "ended", reason)


def answered(status):
    return Response("req_8", "keepalive", STREAM, status)


def levels(rule, seen, case=None):
    return {finding.level for finding in rule.judge(seen, case or Case())}


# --- KEEP-01 and KEEP-02 ------------------------------------------------------------------------------


def test_a_lease_renewed_in_time_until_stop_is_right():
    seen = recording(
        renewed(0), renewed(20), renewed(40), (60, called("stop")), (60, ended("client_requested"))
    )

    assert [] == reasons(Keep01(), seen)


def test_a_lease_that_lapsed_is_told_once_and_not_as_late_as_well():
    seen = recording(renewed(0), renewed(40), (85, ended()), (90, called("stop")))

    assert ["lapsed"] == reasons(Keep01(), seen)
    assert {"MUST"} == levels(Keep01(), seen)


def test_a_stream_that_ends_in_another_way_before_stop_did_not_run_that_long():
    seen = recording(renewed(0), (30, ended("client_requested")), (90, called("stop")))

    assert ["ended"] == reasons(Keep01(), seen)


def test_an_end_at_the_moment_of_stop_but_before_it_is_no_stop():
    seen = recording(renewed(0), (45, ended()), (45, called("stop")))

    assert ["lapsed"] == reasons(Keep01(), seen)


@pytest.mark.parametrize(("at", "found"), [(31.0, []), (31.001, ["late"])])
def test_two_thirds_of_a_lease_and_a_second(at, found):
    seen = recording(renewed(0), renewed(at), (60, called("stop")))

    assert found == reasons(Keep01(), seen)
    assert {"SHOULD"} >= levels(Keep01(), seen)


def test_each_lease_is_measured_by_its_own_length():
    slow_then_quick = recording(renewed(0, 90), renewed(60, 30), renewed(80, 30))
    too_slow = recording(renewed(0, 90), renewed(60, 30), renewed(82, 30))

    assert [] == reasons(Keep02(), slow_then_quick)
    assert ["late"] == reasons(Keep02(), too_slow)


def test_leases_of_different_streams_are_not_compared():
    assert [] == reasons(Keep01(), recording(renewed(0), renewed(40, stream="s2")))


def test_at_20_seconds_a_lapse_is_a_warning():
    seen = recording(renewed(0, 20), (20, ended()))

    assert {"SHOULD"} == levels(Keep02(), seen, Case("20 s", {"level": "SHOULD"}))
    assert {"MUST"} == levels(Keep02(), seen, Case("30 s"))


# --- KEEP-03 ------------------------------------------------------------------------------------------


def test_a_stream_that_goes_on_is_right_and_may_tell_of_the_failure():
    seen = recording(
        (15, answered(503)), (15, failure("server")), (135, probed(active=True)), (135, called("stop")),
        (135, ended("client_requested")), (135, probed(active=False)),
    )  # fmt: skip

    assert [] == reasons(Keep03(), seen)


def test_a_stream_that_ends_before_stop():
    seen = recording((15, answered(503)), (15, ended("client_requested")), (135, called("stop")))

    assert ["stream-ended"] == reasons(Keep03(), seen)


def test_a_client_that_gives_up_while_the_server_goes_on():
    assert ["inactive"] == reasons(Keep03(), recording((135, probed(active=False)), (135, called("stop"))))


def test_another_stream_is_not_the_same_stream():
    create = Request("req_1", "POST", "/v0.2/streams", "create")

    assert ["created-again"] == reasons(Keep03(), recording((0, create), (20, create)))


# --- KEEP-04 ------------------------------------------------------------------------------------------

ANSWERED, AWAY = Keep04.cases
FIRED = FaultFired("Answer#1", "Answer(503)")
GAVE_UP = failure("server")
IDLE = (135, probed(active=False))


def failing(*attempts, then=((19.0, GAVE_UP), IDLE)):
    """A lease to 45 s, and keepalives that fail, the first at 15 s."""
    return recording(renewed(0), (15.0, FIRED), *((at, keepalive()) for at in attempts), *then)


@pytest.mark.parametrize("attempts", [(15, 17, 19), (15, 17, 19, 21), (15, 16.91, 18.82)])
def test_three_or_four_attempts_two_seconds_apart_are_right(attempts):
    assert [] == reasons(Keep04(), failing(*attempts, then=((attempts[-1], GAVE_UP), IDLE)), ANSWERED)


@pytest.mark.parametrize("attempts", [(15,), (15, 17), (15, 17, 19, 21, 23)])
def test_fewer_or_more_attempts_are_worth_a_warning(attempts):
    seen = failing(*attempts, then=((attempts[-1], GAVE_UP), IDLE))

    assert ["attempts"] == reasons(Keep04(), seen, ANSWERED)
    assert {"SHOULD"} == levels(Keep04(), seen, ANSWERED)


@pytest.mark.parametrize(("last", "found"), [(43.0, []), (42.9, ["attempts"])])
def test_a_cycle_may_be_cut_short_by_the_end_of_the_lease(last, found):
    seen = recording(renewed(0), (last, FIRED), (last, keepalive()), (last, GAVE_UP), IDLE)

    assert found == reasons(Keep04(), seen, ANSWERED)


@pytest.mark.parametrize(("third", "found"), [(25.0, []), (25.001, ["attempts", "attempts"])])
def test_a_pause_of_more_than_eight_seconds_begins_another_cycle(third, found):
    seen = failing(15, 17, third, then=((third, GAVE_UP), IDLE))

    assert found == reasons(Keep04(), seen, ANSWERED)


def test_attempts_too_close_together():
    seen = failing(15, 16.89, 18.9)

    assert ["too-soon"] == reasons(Keep04(), seen, ANSWERED)


@pytest.mark.parametrize(("at", "found"), [(45.5, []), (45.501, ["after-the-lease"])])
def test_no_attempt_after_the_lease_is_gone(at, found):
    seen = failing(39.5, 41.5, 43.5, at, then=((at, GAVE_UP), IDLE))

    assert found == reasons(Keep04(), seen, ANSWERED)


@pytest.mark.parametrize(("count", "found"), [(30, []), (31, ["hammering"])])
def test_attempts_are_bounded(count, found):
    attempts = [15 + i * 0.5 for i in range(count)]
    seen = failing(*attempts, then=((attempts[-1], GAVE_UP), IDLE))

    must = [each.reason for each in Keep04().judge(seen, ANSWERED) if each.level == "MUST"]
    assert found == must


@pytest.mark.parametrize(("at", "found"), [(50.0, []), (50.001, ["reported-late"])])
def test_the_failure_is_reported_when_the_lease_is_gone_at_the_latest(at, found):
    assert found == reasons(Keep04(), failing(15, 17, 19, then=((at, GAVE_UP), IDLE)), ANSWERED)


def test_a_zombie():
    seen = failing(15, 17, 19, then=((135, probed(active=True)),))

    assert ["not-reported", "still-active"] == reasons(Keep04(), seen, ANSWERED)


def test_what_a_terminal_client_may_still_send():
    deletes = [(19.0 + i, delete()) for i in range(3)]
    seen = failing(15, 17, 19, then=((19.0, GAVE_UP), *deletes, (25, handshake()), IDLE))

    assert ["went-on-asking"] == reasons(Keep04(), seen, ANSWERED)


def test_two_reports_are_one_too_many_unless_the_socket_was_lost_as_well():
    seen = failing(15, 17, 19, then=((15, failure("socket")), (19, GAVE_UP), IDLE))

    assert ["reported-twice"] == reasons(Keep04(), seen, ANSWERED)
    assert [] == reasons(Keep04(), seen, AWAY)


# --- KEEP-05 ------------------------------------------------------------------------------------------


def refused(status, *then):
    """A lease to 60 s, and a keepalive that is refused at 15 s."""
    return recording(renewed(0), renewed(15), (15, keepalive()), (15, answered(status)), *then)


def test_a_402_that_is_reported_and_not_repeated_is_right():
    seen = refused(402, (15, failure("credits")), (15, delete()), (21, probed(active=False)))

    assert [] == reasons(Keep05(), seen)


@pytest.mark.parametrize("after", [15, 17, 37.5])
def test_a_keepalive_after_the_402(after):
    seen = refused(402, (after, keepalive()), (16, failure("credits")), (21, probed(active=False)))

    assert "retried-after-402" == reasons(Keep05(), seen)[0]


@pytest.mark.parametrize(("at", "found"), [(20.0, []), (20.001, ["reported-late"])])
def test_a_402_is_reported_at_once(at, found):
    assert found == reasons(Keep05(), refused(402, (at, failure("credits")), (21, probed(active=False))))


def test_a_402_that_the_socket_repeats_when_the_stream_ends():
    late = (60, failure("socket", reason="insufficient_credits"))

    assert ["reported-twice"] == reasons(Keep05(), refused(402, (15, failure("credits")), late))


def test_a_402_that_nobody_hears_of():
    assert ["not-reported", "still-active"] == reasons(Keep05(), refused(402, (21, probed(active=True))))


# --- KEEP-06 ------------------------------------------------------------------------------------------

UNKNOWN = Case("404", {"status": 404})


def test_a_404_that_is_reported_and_not_repeated_is_right():
    assert [] == reasons(Keep06(), refused(404, (15, failure("not_found"))), UNKNOWN)


def test_repeating_it_is_worth_a_warning_and_silence_is_not_allowed():
    repeated = refused(404, (17, keepalive()), (17, failure("not_found")))
    silent = refused(404, (200, probed(active=True)))

    assert {"SHOULD"} == levels(Keep06(), repeated, UNKNOWN)
    assert ["retried"] == reasons(Keep06(), repeated, UNKNOWN)
    assert {"MUST"} == levels(Keep06(), silent, UNKNOWN)
    assert ["not-reported", "still-active"] == reasons(Keep06(), silent, UNKNOWN)


@pytest.mark.parametrize(("at", "found"), [(65.0, []), (65.001, ["reported-late"])])
def test_it_may_take_until_the_lease_is_gone(at, found):
    assert found == reasons(Keep06(), refused(404, (at, failure("not_found"))), UNKNOWN)


def test_only_the_status_of_the_case_counts():
    assert [] == reasons(Keep06(), refused(401, (17, keepalive())), UNKNOWN)


# --- KEEP-09 ------------------------------------------------------------------------------------------


def test_a_keepalive_before_stop_is_right_even_at_the_same_moment():
    seen = recording((0, created()), (15, keepalive()), (15, called("stop", 2)), (15, answered(200)))

    assert [] == reasons(Keep09(), seen)


@pytest.mark.parametrize("at", [15, 30])
def test_a_keepalive_after_stop(at):
    assert ["after-stop"] == reasons(Keep09(), recording((15, called("stop", 2)), (at, keepalive())))


def test_without_a_stop_none_is_too_late():
    assert [] == reasons(Keep09(), recording((15, keepalive())))
