"""What the rules about the result socket make of recordings."""

from __future__ import annotations

import pytest
from hand_made import (
    called,
    closed,
    delete,
    failure,
    handshake,
    keepalive,
    probed,
    raised,
    reasons,
    recording,
    returned,
)

from overshoot_testkit.conformance.overshoot.socket import Ws01, Ws02


def refused(*then):
    """A socket closed with 1008 at 10 s, and what the client did."""
    return recording((10.0, closed(1008, "authentication failed")), *then)


def ended(*then, reason="lease_expired"):
    """A stream that ended at 10 s, and what the client did."""
    return recording((10.0, closed(1001, f"stream ended: {reason}")), *then)


INACTIVE = (15.0, probed(active=False)), (100.0, probed(active=False))


# --- WS-01 --------------------------------------------------------------------------------------------


def test_a_refused_key_reported_once_as_authentication_is_right():
    seen = refused((10.0, failure("authentication")), (10.0, delete()), *INACTIVE)

    assert [] == reasons(Ws01(), seen)


def test_an_exception_from_start_is_a_report_too():
    failed = returned("start", error=raised("authentication"))
    seen = recording((0.0, called("start")), (0.0, closed(1008)), (0.1, failed), *INACTIVE)

    assert [] == reasons(Ws01(), seen)


def test_a_handshake_at_the_very_moment_of_the_close_is_a_reconnect():
    seen = refused((10.0, handshake()), (10.0, failure("authentication")), *INACTIVE)

    assert ["reconnected"] == reasons(Ws01(), seen)


def test_the_handshake_before_the_close_is_none():
    seen = recording((10.0, handshake()), (10.0, closed(1008)), (10.0, failure("authentication")), *INACTIVE)

    assert [] == reasons(Ws01(), seen)


def test_silence_after_1008_is_a_lost_error():
    assert ["not-reported"] == reasons(Ws01(), refused(*INACTIVE))


def test_a_report_must_come_within_five_seconds():
    late = refused((15.1, failure("authentication")), *INACTIVE)
    in_time = refused((15.0, failure("authentication")), *INACTIVE)

    assert (["reported-late"], []) == (reasons(Ws01(), late), reasons(Ws01(), in_time))


def test_a_second_report_is_one_too_many():
    seen = refused((10.0, failure("authentication")), (11.0, failure("network")), *INACTIVE)

    assert ["reported-twice"] == reasons(Ws01(), seen)


def test_the_report_must_say_that_it_is_the_key():
    seen = refused((10.0, failure("socket", "closed with 1008")), *INACTIVE)
    [finding] = Ws01().judge(seen, Ws01.cases[0])

    assert ("not-told-as-authentication", 10.0) == (finding.reason, finding.at)
    assert "reported as socket (closed with 1008) at 10 s" == finding.seen


def test_a_client_that_calls_itself_active_is_a_zombie():
    seen = refused((10.0, failure("authentication")), (100.0, probed(active=True)))

    assert ["still-active"] == reasons(Ws01(), seen)


def test_keepalives_must_stop():
    seen = refused((10.0, failure("authentication")), (15.0, keepalive()), *INACTIVE)

    assert ["went-on-asking"] == reasons(Ws01(), seen)


def test_a_keepalive_that_was_on_its_way_is_none_of_them():
    seen = refused((10.0, failure("authentication")), (10.9, keepalive()), *INACTIVE)

    assert [] == reasons(Ws01(), seen)


def test_failures_before_the_close_are_not_this_rule_s():
    seen = recording((3.0, failure("network")), *((e.at, e) for e in refused(*INACTIVE)))

    assert ["not-reported"] == reasons(Ws01(), seen)


def test_a_client_s_own_close_code_says_nothing():
    assert [] == reasons(Ws01(), recording((10.0, closed(1008, by="client"))))


# --- WS-02 --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "report",
    [
        failure("socket", "the stream is over", close_code=1001, reason="lease_expired"),
        failure("socket", "stream ended: lease_expired"),
        failure("socket", "Stream ended: lease expired."),
        failure("unknown", "over", reason="stream ended: lease_expired"),
    ],
)
def test_the_reason_may_be_a_field_or_a_part_of_the_message(report):
    assert [] == reasons(Ws02(), ended((10.0, report), *INACTIVE))


@pytest.mark.parametrize(
    "report",
    [
        failure("socket", "the result socket was closed"),
        failure("socket", "closed with 1001", close_code=1001),
        failure("socket", "stream ended: client_requested", reason="client_requested"),
        failure("socket", "the lease"),
    ],
)
def test_a_report_without_the_reason_loses_it(report):
    assert ["reason-lost"] == reasons(Ws02(), ended((10.0, report), *INACTIVE))


def test_the_reason_is_that_of_the_close_frame():
    told = failure("socket", "stream ended: webrtc_disconnected")
    seen = ended((10.0, told), *INACTIVE, reason="webrtc_disconnected")

    assert [] == reasons(Ws02(), seen)


def test_reconnecting_to_an_ended_stream_is_wrong():
    report = failure("socket", "stream ended: lease_expired")
    seen = ended((10.5, handshake()), (10.5, closed(1001)), (10.5, report), *INACTIVE)

    assert ["reconnected"] == reasons(Ws02(), seen)


def test_an_ended_stream_that_nobody_hears_of():
    seen = ended((15.0, keepalive()), (15.0, probed(active=True)))

    assert {"not-reported", "still-active"} == set(reasons(Ws02(), seen))


@pytest.mark.parametrize(("why", "found"), [("insufficient_credits", []), ("lease_expired", ["reason-lost"])])
def test_a_failure_of_kind_credits_says_that_they_are_used_up(why, found):
    seen = recording(
        (10.0, closed(1001, f"stream ended: {why}")), (10.0, failure("credits", "out of money")), *INACTIVE
    )

    assert found == reasons(Ws02(), seen)
