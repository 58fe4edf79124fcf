"""What the rules about starting a stream and about its results make of recordings."""

from __future__ import annotations

import pytest
from hand_made import (
    STREAM,
    called,
    created,
    delete,
    failure,
    holding,
    keepalive,
    probed,
    raised,
    reasons,
    recording,
    returned,
)

from overshoot_testkit.conformance.overshoot.lifecycle import Life01, Life03, Life05, Life09
from overshoot_testkit.journal import Request, ResultDelivered, SocketMessage, SocketOpened
from overshoot_testkit.lab import Case

BODY = {
    "mode": "frame",
    "processing": {"interval_seconds": 2.0},
    "inference": {"prompt": "Describe what you see", "model": "Qwen/Qwen3.5-9B"},
}


def create(*, key="key 1", content_type="application/json", body=BODY):
    return Request("req_1", "POST", "/v0.2/streams", "create", None, key, content_type, body)


# --- LIFE-01 ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content_type", ["application/json", "Application/JSON; charset=utf-8"])
def test_one_valid_create_is_right(content_type):
    assert [] == reasons(Life01(), recording((0.0, create(content_type=content_type))))


def test_no_create_at_all():
    assert ["no-create"] == reasons(Life01(), recording((0.0, called("start"))))


def test_each_further_create_is_one_too_many():
    seen = recording((0.0, create()), (1.0, create()), (2.0, create()))

    assert ["created-again", "created-again"] == reasons(Life01(), seen)


@pytest.mark.parametrize("key", [None, "key 2"])
def test_another_key_or_none(key):
    assert ["wrong-key"] == reasons(Life01(), recording((0.0, create(key=key))))


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-www-form-urlencoded"])
def test_a_body_that_is_not_said_to_be_json(content_type):
    assert ["not-json"] == reasons(Life01(), recording((0.0, create(content_type=content_type))))


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {"not_json": "prompt=Describe"},
        {**BODY, "processing": {"interval_seconds": "2"}},
        {**BODY, "processing": {"interval_seconds": 60.1}},
        {**BODY, "inference": {"model": "Qwen/Qwen3.5-9B"}},
        {**BODY, "source": {"type": "webrtc"}},
        {**BODY, "mode": "video"},
    ],
)
def test_a_body_that_the_contract_does_not_allow(body):
    assert ["invalid-body"] == reasons(Life01(), recording((0.0, create(body=body))))


@pytest.mark.parametrize(
    "body",
    [
        {**BODY, "source": {"type": "native"}},
        {**BODY, "source": None, "client": {"request_id": "7", "sdk": "mine"}},
        {**BODY, "webrtc": {"type": "offer", "sdp": "v=0"}},
        {**BODY, "processing": {"clip_length_seconds": 0.1, "delay_seconds": 0.2, "target_fps": 30}},
    ],
)
def test_every_form_that_the_contract_allows(body):
    assert [] == reasons(Life01(), recording((0.0, create(body=body))))


# --- LIFE-03 ------------------------------------------------------------------------------------------


def opened(number=1):
    return SocketOpened(number, STREAM)


def said(data, number=1):
    return SocketMessage(number, STREAM, "in", data)


KEY = {"api_key": "key 1"}


def test_the_key_first_is_right_whatever_follows():
    seen = recording((1.0, opened()), (1.0, said(KEY)), (2.0, said("ping")))

    assert [] == reasons(Life03(), seen)


def test_a_socket_is_needed():
    assert ["no-socket"] == reasons(Life03(), recording((0.0, called("start"))))


@pytest.mark.parametrize("data", [{"api_key": "[redacted]"}, {"token": "key 1"}, "key 1", {"binary": 30}])
def test_anything_but_the_key_first(data):
    seen = recording((1.0, opened()), (1.0, said(data)), (1.0, said(KEY)))

    assert ["first-message"] == reasons(Life03(), seen)


def test_each_socket_is_judged():
    seen = recording(
        (1.0, opened(1)), (1.0, said(KEY)), (9.0, opened(2)), (9.0, said({"hello": 1}, number=2))
    )

    assert ["first-message"] == reasons(Life03(), seen)


@pytest.mark.parametrize(("at", "found"), [(6.0, []), (6.001, ["silent"])])
def test_the_key_has_five_seconds(at, found):
    assert found == reasons(Life03(), recording((1.0, opened()), (at, said(KEY))))


@pytest.mark.parametrize(("last", "found"), [(5.999, []), (6.0, ["silent"])])
def test_a_silent_socket_is_only_judged_when_its_time_is_up(last, found):
    assert found == reasons(Life03(), recording((1.0, opened()), (last, called("stop"))))


# --- LIFE-05 ------------------------------------------------------------------------------------------


def message(name, number=1, **fields):
    data = {"id": name, "result": "A cat.", "ok": True, "total_latency_ms": 520, "error": None, **fields}
    return SocketMessage(number, STREAM, "out", data)


def delivered(name, **fields):
    return ResultDelivered(message(name, **fields).data)


def test_every_result_once_and_in_order_is_right():
    seen = recording((1.0, message("a")), (1.0, delivered("a")), (2.0, message("b")), (2.0, delivered("b")))

    assert [] == reasons(Life05(), seen)


def test_the_same_result_on_two_sockets_is_one():
    seen = recording((1.0, message("a", 1)), (1.0, message("a", 2)), (1.0, delivered("a")))

    assert [] == reasons(Life05(), seen)


def test_unknown_fields_may_go_and_absent_ones_may_come_as_null():
    seen = recording(
        (1.0, message("a", confidence=0.5)), (1.0, ResultDelivered({**delivered("a").result, "mode": None}))
    )

    assert [] == reasons(Life05(), seen)


def test_a_result_that_never_arrives():
    seen = recording((1.0, message("a")), (2.0, message("b")), (2.0, delivered("b")))

    assert ["lost"] == reasons(Life05(), seen)


@pytest.mark.parametrize(("sent_at", "found"), [(9.0, ["lost"]), (9.001, [])])
def test_a_result_within_the_last_second_before_stop_may_be_lost(sent_at, found):
    assert found == reasons(Life05(), recording((sent_at, message("a")), (10.0, called("stop"))))


def test_a_result_that_arrives_twice():
    seen = recording((1.0, message("a")), (1.0, delivered("a")), (1.5, delivered("a")))

    assert ["twice"] == reasons(Life05(), seen)


def test_results_that_change_places():
    seen = recording((1.0, message("a")), (2.0, message("b")), (2.0, delivered("b")), (2.1, delivered("a")))

    assert ["out-of-order"] == reasons(Life05(), seen)


@pytest.mark.parametrize("result", [{"id": "z"}, "A cat.", None])
def test_a_result_that_nobody_sent(result):
    assert ["unknown"] == reasons(Life05(), recording((1.0, ResultDelivered(result))))


@pytest.mark.parametrize(
    "changed",
    [
        {"result": "A cat"},
        {"result": {"parsed": True}},
        {"ok": 1},
        {"ok": False},
        {"error": ""},
        {"total_latency_ms": 521},
    ],
)
def test_a_result_that_was_altered(changed):
    seen = recording((1.0, message("a")), (1.0, delivered("a", **changed)))

    assert ["altered"] == reasons(Life05(), seen)


# --- LIFE-09 ------------------------------------------------------------------------------------------

REFUSED = Case("402", {"kind": "credits"})
NO = raised("credits")


def failed(*then, error=NO, case=REFUSED):
    """A start at 0 s that raised at 1 s, and what came after."""
    return reasons(
        Life09(), recording((0.0, called("start")), (1.0, returned("start", error=error)), *then), case
    )


def test_a_failure_raised_once_with_its_kind_is_right():
    assert [] == failed((1.0, probed(active=False)), (200.0, holding()))


def test_a_callback_during_start_tells_the_same_failure_as_its_exception():
    assert [] == failed()
    seen = recording((0.0, called("start")), (1.0, failure("credits")), (1.0, returned("start", error=NO)))

    assert [] == reasons(Life09(), seen, REFUSED)


def test_a_callback_without_an_exception_is_a_report_too():
    seen = recording((0.0, called("start")), (1.0, returned("start")), (1.5, failure("credits")))

    assert [] == reasons(Life09(), seen, REFUSED)


def test_silence():
    seen = recording((0.0, called("start")), (1.0, returned("start")), (1.0, probed(active=False)))

    assert ["unreported"] == reasons(Life09(), seen, REFUSED)


def test_a_start_that_never_returns_is_silence():
    assert ["unreported"] == reasons(Life09(), recording((0.0, called("start"))), REFUSED)


def test_a_second_report_after_start_has_failed():
    assert ["reported-twice"] == failed((2.5, failure("credits")))


def test_the_wrong_kind():
    assert ["wrong-kind"] == failed(error=raised("unknown"))


def test_garbage_may_be_of_any_kind():
    assert [] == failed(error=raised("unknown"), case=Case("garbage", {"kind": None}))


def test_a_client_that_thinks_it_runs():
    assert ["still-active"] == failed((2.0, probed(active=True)), (121.0, probed(active=True)))


def test_a_client_may_think_so_for_a_moment():
    assert [] == failed((1.999, probed(active=True)))


@pytest.mark.parametrize(("at", "found"), [(2.0, []), (2.001, ["went-on-asking"])])
def test_nothing_is_asked_of_the_server_any_more(at, found):
    assert found == failed((at, keepalive()))


@pytest.mark.parametrize(("count", "found"), [(5, []), (6, ["deletes-without-end"])])
def test_deletes_are_allowed_a_few_times(count, found):
    assert found == failed(*[(5.0 + i, delete()) for i in range(count)])


def test_a_stream_on_the_server():
    assert ["stream-left"] == failed((1.0, created()))


@pytest.mark.parametrize(
    ("kind", "at", "found"),
    [
        ("credits", 2.0, []),
        ("credits", 2.001, ["reported-twice"]),
        ("server", 1.5, ["reported-twice"]),
    ],
)
def test_a_callback_of_the_same_kind_just_after_the_exception_tells_the_same_failure(kind, at, found):
    assert found == failed((at, failure(kind)))


def test_the_loops_own_worker_threads_are_not_the_clients():
    assert [] == failed((200.0, holding(threads=["asyncio_0", "AnyIO worker thread"])))


@pytest.mark.parametrize("what", ["tasks", "timers", "connections", "threads", "files", "media"])
def test_anything_held_after_stop(what):
    assert ["remains"] == failed((130.0, holding(**{what: ["one"]})))
