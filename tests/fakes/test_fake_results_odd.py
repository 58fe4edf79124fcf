"""Results that fail, are cut, late, early, doubled or out of order: by settings, and by script."""

from __future__ import annotations

import json

import jsonschema
import pytest
from fake_stories import FRAME, story

from overshoot_testkit.fakes.overshoot import ABSENT, ResultSettings, Say
from overshoot_testkit.faults import LogNormal, Uniform
from overshoot_testkit.journal import SocketMessage

PATTERN = {
    "type": "object",
    "properties": {"plate": {"type": "string", "pattern": "^[A-Z]{2}-\\d{3}$"}},
    "required": ["plate"],
}


def with_schema(schema, **inference):
    return {**FRAME, "inference": {**FRAME["inference"], "output_schema_json": schema, **inference}}


async def heard(wire, count, body=FRAME):
    socket = await wire.socket(await wire.create(body))
    return [json.loads((await socket.receive()).data) for _ in range(count)]


def moments(wire):
    return [round(each.at, 6) for each in wire.journal.of(SocketMessage, direction="out")]


def odd(**results):
    return story(lease_ttl=3600, results=ResultSettings(**results))


@story()
async def test_a_pattern_is_obeyed(wire):
    messages = await heard(wire, 3, with_schema(PATTERN))

    for message in messages:
        jsonschema.validate(json.loads(message["result"]), PATTERN)
        assert (True, "stop") == (message["ok"], message["finish_reason"])


@odd(failed=0.5, errors=("gpu on fire",))
async def test_a_share_fails(wire):
    messages = await heard(wire, 40)
    failed = [each for each in messages if not each["ok"]]

    assert 10 < len(failed) < 30
    assert {("", "gpu on fire", None)} == {(e["result"], e["error"], e["finish_reason"]) for e in failed}
    assert len(failed) == (await wire.info(messages[0]["stream_id"]))["inferences_failed"]


@odd(filtered_prompts=("SEE",))
async def test_prompts_with_a_word_are_filtered(wire):
    (message,) = await heard(wire, 1)

    assert ("", True, "content_filter") == (message["result"], message["ok"], message["finish_reason"])


@story()
async def test_text_longer_than_its_tokens_is_cut_and_is_no_json_any_more(wire):
    (message,) = await heard(wire, 1, with_schema(PATTERN, max_output_tokens=3))

    assert ("length", 12, True) == (message["finish_reason"], len(message["result"]), message["ok"])
    with pytest.raises(json.JSONDecodeError):
        json.loads(message["result"])


@odd(cut=1.0, padding=7, extra_members={"trace": "abc"})
async def test_cut_in_the_middle_longer_and_with_members_that_nobody_knows(wire):
    (message,) = await heard(wire, 1)

    whole = len("A person stands up and walks to the left.") + 7
    assert ("length", whole // 2, "abc") == (
        message["finish_reason"], len(message["result"]), message["trace"]
    )  # fmt: skip


@odd(burst=3)
async def test_results_come_in_bursts_after_a_gap(wire):
    messages = await heard(wire, 6)

    assert [5.1] * 3 + [11.1] * 3 == moments(wire)
    assert [4520.0, 2520.0, 520.0] * 2 == [each["total_latency_ms"] for each in messages]


@odd(duplicated=1.0)
async def test_results_come_twice(wire):
    first, again, other = await heard(wire, 3)

    assert first == again
    assert first["id"] != other["id"]


@odd(reordered=1.0)
async def test_results_change_places(wire):
    wire.fake.change(generate=lambda request: str(request.index))

    assert ["1", "0", "3", "2"] == [each["result"] for each in await heard(wire, 4)]
    assert [3.1, 3.1, 7.1, 7.1] == moments(wire)


@story(inference_latency_ms=Uniform(100, 900), total_latency_ms=LogNormal(520, 0.5))
async def test_a_result_comes_as_late_as_it_says(wire):
    messages = await heard(wire, 12)

    early = [round(at - (1.1 + 2 * index), 6) for index, at in enumerate(moments(wire))]
    said = [round((each["total_latency_ms"] - 520) / 1000, 6) for each in messages]
    assert said == early
    assert len({each["inference_latency_ms"] for each in messages}) == 12
    assert all(100 <= each["inference_latency_ms"] <= each["total_latency_ms"] for each in messages)


@story(inference_latency_ms=Uniform(0, 60_000), lease_ttl=3600)
async def test_results_stay_in_order_however_late_they_are(wire):
    wire.fake.change(generate=lambda request: str(request.index))
    messages = await heard(wire, 10)

    assert [str(index) for index in range(10)] == [each["result"] for each in messages]
    assert sorted(moments(wire)) == moments(wire)


@story(first_result_latency=Uniform(2, 4), results=ResultSettings(jitter=0.25))
async def test_the_first_result_and_each_gap_can_vary(wire):
    await heard(wire, 2)
    first, second = moments(wire)

    assert 2.25 <= first <= 4.25
    assert 2.0 == round(second - first, 6)


@story()
async def test_a_script_says_what_texts_cannot(wire):
    wire.fake.results.script(
        [
            Say(late=5),
            "waits for it",
            Say("twice", copies=2),
            Say("second", after_next=True),
            "first",
            Say("four and more", cut=4),
            Say(filtered=True),
            Say(error="too dark"),
            Say("x", padding=3, members={"prompt": ABSENT, "more": 1}),
            lambda request: Say(f"number {request.index}", cut=0.5),
        ]
    )
    messages = await heard(wire, 11)

    assert [
        "waits for it", "twice", "twice", "first", "second", "four", "", "", "x...", "numb",
    ] == [each["result"] for each in messages[1:]]  # fmt: skip
    assert [6.1, 6.1, 6.1, 6.1, 9.1, 9.1, 11.1] == moments(wire)[:7]
    assert [5520.0, 3520.0] == [each["total_latency_ms"] for each in messages[:2]]
    assert ["length", "content_filter", None] == [each["finish_reason"] for each in messages[6:9]]
    assert (False, "too dark") == (messages[8]["ok"], messages[8]["error"])
    assert (1, False) == (messages[9]["more"], "prompt" in messages[9])


@story(results=ResultSettings(failed=1.0, padding=5))
async def test_nothing_is_odd_about_scripted_results_but_what_they_say(wire):
    wire.fake.results.script(["as it is"])
    scripted, other = await heard(wire, 2)

    assert ("as it is", True) == (scripted["result"], scripted["ok"])
    assert not other["ok"]


@story()
async def test_what_is_held_back_ends_with_its_audience(wire):
    wire.fake.results.script([Say("late", late=5), "next"])
    stream = await wire.create()
    socket = await wire.socket(stream)
    await wire.clock.sleep(3)
    await socket.close()
    await wire.clock.sleep(1)
    again = await wire.socket(stream)

    assert "next" == json.loads((await again.receive()).data)["result"]
    assert 5.1 == round(wire.clock.now(), 6)


@pytest.mark.parametrize(("name", "value"), [("late", -1), ("copies", -1), ("cut", -2), ("padding", -1)])
def test_a_line_that_cannot_be_is_refused(name, value):
    with pytest.raises(ValueError, match=f"Say.{name}: {value} must be at least"):
        Say(**{name: value})


@odd(jitter=0.25)
async def test_an_inference_that_begins_later_ends_later(wire):
    await heard(wire, 2)

    assert [1.35, 3.35] == moments(wire)


@story(inference_latency_ms=Uniform(100, 900))
async def test_a_slower_inference_makes_a_later_result(wire):
    messages = await heard(wire, 3)

    assert [20.0] * 3 == [  # 520 in all, of which usually 500
        round(each["total_latency_ms"] - each["inference_latency_ms"], 3) for each in messages
    ]
    assert 3 == len({round(at % 2, 6) for at in moments(wire)})
