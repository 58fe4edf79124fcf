"""Feedback: kept by key, and shown again."""

from __future__ import annotations

import pytest
from fake_stories import story

from overshoot_testkit.fakes.overshoot import Account

TWO = {"ovs_one": Account(), "ovs_two": Account()}
GOOD = {"rating": 9, "category": "accuracy", "feedback": "Saw the cat."}


async def say(wire, stream, body=GOOD, **how):
    return await wire.call("POST", f"/streams/{stream}/feedback", json=body, **how)


@story()
async def test_what_was_said_is_listed_oldest_first(wire):
    stream = await wire.create()
    await wire.clock.sleep(2)
    assert (200, {"status": "ok"}) == await say(wire, stream)
    await wire.clock.sleep(0.5)
    assert 200 == (await say(wire, stream, {"rating": 0, "category": "latency"}))[0]
    status, listed = await wire.call("GET", "/streams/feedback")

    assert 200 == status
    assert {"stream_id": stream, **GOOD}.items() <= listed[0].items()
    assert "2026-01-01T00:00:02+00:00" == listed[0]["created_at"] == listed[0]["updated_at"]
    assert (0, "latency", "") == tuple(listed[1][each] for each in ("rating", "category", "feedback"))
    assert "2026-01-01T00:00:02.500000+00:00" == listed[1]["created_at"]
    assert listed[0]["id"] != listed[1]["id"]


@story()
async def test_without_any_the_list_is_empty(wire):
    assert (200, []) == await wire.call("GET", "/streams/feedback")


@story(accounts=TWO)
async def test_nobody_sees_or_rates_another_keys_streams(wire):
    stream = await wire.create(key="ovs_one")
    await say(wire, stream, key="ovs_one")
    status, answer = await say(wire, stream, key="ovs_two")

    assert (400, "stream_not_found") == (status, answer["error"])
    assert (200, []) == await wire.call("GET", "/streams/feedback", key="ovs_two")
    assert 1 == len((await wire.call("GET", "/streams/feedback", key="ovs_one"))[1])
    assert 401 == (await wire.call("GET", "/streams/feedback", key=None))[0]
    assert 401 == (await say(wire, stream, key=None))[0]


@story()
async def test_a_stream_that_has_ended_can_still_be_rated_and_one_that_never_was_cannot(wire):
    stream = await wire.create()
    await wire.delete(stream)

    assert 200 == (await say(wire, stream))[0]
    assert 400 == (await say(wire, "none"))[0]


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"category": "c"}, "rating"),
        ({"rating": 11, "category": "c"}, "rating"),
        ({"rating": -1, "category": "c"}, "rating"),
        ({"rating": 5.5, "category": "c"}, "rating"),
        ({"rating": "5", "category": "c"}, "rating"),
        ({"rating": 5}, "category"),
        ({"rating": 5, "category": ""}, "category"),
        ({"rating": 5, "category": "c", "feedback": None}, "feedback"),
        ({"rating": 5, "category": "c", "more": 1}, "more"),
    ],
)
def test_what_the_contract_does_not_allow(body, where):
    @story()
    async def told(wire):
        status, answer = await say(wire, await wire.create(), body)

        assert (422, ["body", where]) == (status, answer["details"][0]["loc"])
        assert (200, []) == await wire.call("GET", "/streams/feedback")

    told()


@story()
async def test_a_key_in_the_text_stays_out_of_the_journal(wire):
    stream = await wire.create()
    await say(wire, stream, {**GOOD, "feedback": f"My key is {wire.key}"})
    _, listed = await wire.call("GET", "/streams/feedback")

    assert f"My key is {wire.key}" == listed[0]["feedback"]
    assert wire.key not in wire.journal.to_jsonl()


@story()
async def test_there_is_no_other_method(wire):
    stream = await wire.create()

    assert 405 == (await wire.call("POST", "/streams/feedback", json=GOOD))[0]
    assert 405 == (await wire.call("GET", f"/streams/{stream}/feedback"))[0]
