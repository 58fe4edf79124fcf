"""What happened and when, and nothing that is secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from overshoot_testkit.clock import SteppedClock
from overshoot_testkit.journal import (
    Event,
    Journal,
    Note,
    Recording,
    Request,
    Response,
    SocketMessage,
    StateChanged,
)

if TYPE_CHECKING:
    from pathlib import Path


def story() -> Journal:
    clock = SteppedClock()
    journal = Journal(clock)
    journal.add(Request("req_1", "POST", "/v0.2/streams", "create", key="key 1"))
    journal.add(Response("req_1", "create", "s1", 201))
    clock.step(22.5)
    journal.add(Request("req_2", "POST", "/v0.2/streams/s1/keepalive", "keepalive", "s1", "key 1"))
    journal.add(Response("req_2", "keepalive", "s1", 503))
    clock.step(24.5)
    journal.add(Request("req_3", "POST", "/v0.2/streams/s1/keepalive", "keepalive", "s1", "key 1"))
    return journal


def test_events_are_stamped_with_number_and_time() -> None:
    journal = story()

    assert [0, 1, 2, 3, 4] == [event.seq for event in journal]
    assert [0.0, 0.0, 22.5, 22.5, 24.5] == [event.at for event in journal]


def test_queries_by_class_values_and_window() -> None:
    journal = story()

    assert [22.5] == [each.at for each in journal.of(Response, status=503)]
    assert ["req_3"] == [each.request_id for each in journal.of(Request, since=22.6)]
    assert ["req_1"] == [each.request_id for each in journal.of(Request, until=22.4)]
    assert journal.first(Note) is None
    last = journal.last(Request, route="keepalive")
    assert last is not None
    assert "req_3" == last.request_id


def test_an_exchange_that_the_server_holds_has_no_response() -> None:
    exchanges = story().exchanges("keepalive")

    assert [503, None] == [each.response and each.response.status for each in exchanges]


def test_listeners_hear_each_event_until_they_leave() -> None:
    journal = story()
    heard: list[Event] = []
    leave = journal.subscribe(heard.append)
    note = journal.add(Note("one"))
    leave()
    leave()
    journal.add(Note("two"))

    assert [note] == heard


def test_a_dump_loads_as_the_same_events(tmp_path: Path) -> None:
    journal = story()
    journal.add(SocketMessage(1, "s1", "out", {"result": "naïve — ✓"}))
    journal.add(StateChanged("stream", "s1", "active", "ended", "lease_expired"))
    path = tmp_path / "journal.jsonl"
    journal.dump(path)

    loaded = Recording.load(path)

    assert journal.events == loaded.events
    assert journal.to_jsonl() == loaded.to_jsonl()


def test_every_event_class_can_be_loaded() -> None:
    # By name: a class with slots is made twice, and the first one lingers until it is collected.
    classes = {kind.__name__ for kind in Event.__subclasses__()}

    assert classes == set(Event.registry)
    assert all(kind.__name__ == name for name, kind in Event.registry.items())


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Bearer ovs_live_abc", "Bearer [redacted]"),
        ("/rtc?access_token=eyJh.eyJz.c2ln&x=1", "/rtc?access_token=[redacted]&x=1"),
        ("token eyJhbGciOi.eyJzdWIi.abc-_ in a text", "token [redacted] in a text"),
        ("v=0\r\na=ice-pwd:secret\r\n", "v=0\r\na=ice-pwd:[redacted]\r\n"),
        ({"api_key": "whatever it is"}, {"api_key": "[redacted]"}),
        (
            {"livekit": {"url": "wss://x", "token": "t"}},
            {"livekit": {"url": "wss://x", "token": "[redacted]"}},
        ),
        ([1, None, True, {"Authorization": "x"}], [1, None, True, {"Authorization": "[redacted]"}]),
    ],
)
def test_secrets_are_recognised_by_name_and_by_shape(value: object, expected: object) -> None:
    assert expected == Journal(SteppedClock()).secrets.value(value)


def test_known_secrets_are_replaced_by_their_labels_wherever_they_turn_up() -> None:
    secrets = Journal(SteppedClock()).secrets
    secrets.register("ovs_test_key", "[key 1]")
    secrets.register("opaque", "[token 1.1]", search=False)

    assert {"api_key": "[key 1]", "note": "my key is [key 1]!"} == secrets.value(
        {"api_key": "ovs_test_key", "note": "my key is ovs_test_key!"}
    )
    assert {"livekit_token": "[token 1.1]"} == secrets.value({"livekit_token": "opaque"})
    assert "[redacted]" == secrets.label("unknown")


def test_long_texts_are_cut_and_say_so() -> None:
    text = Journal(SteppedClock()).secrets.text("x" * 50_000)

    assert text.endswith("… (50000 characters)")
    assert len(text) < 4200


def test_moments_are_written_to_the_microsecond() -> None:
    event = Note("a third of the way")
    event.at = 0.1 + 0.2

    assert 0.3 == event.as_dict()["at"]
