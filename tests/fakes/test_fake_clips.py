"""Questions about the clip of a result: answered once it is stored."""

from __future__ import annotations

import json

import jsonschema
import pytest
from fake_stories import CLIP, FRAME, story

from overshoot_testkit.fakes.overshoot import Account
from overshoot_testkit.journal import Response

MODEL = "Qwen/Qwen3.5-9B"
TWO = {"ovs_one": Account(), "ovs_two": Account()}


async def ask(wire, result_id, key="", **more):
    body = {"result_id": result_id, "prompt": "Who drinks?", "model": MODEL, **more}
    return await wire.call("POST", "/chat/completions/clip", json=body, key=key)


async def result_of(wire, body=CLIP, key=""):
    socket = await wire.socket(await wire.create(body, key=key), key)
    return json.loads((await socket.receive()).data)["id"]


async def stored(wire, **how):
    result = await result_of(wire, **how)
    await wire.clock.sleep(1.5)
    return result


@story()
async def test_a_clip_is_there_a_second_and_a_half_after_its_result(wire):
    result = await result_of(wire)
    await wire.clock.sleep(1.4)
    status, answer = await ask(wire, result)
    assert (404, "not_found") == (status, answer["error"])

    await wire.clock.sleep(0.1)
    status, answer = await ask(wire, result)
    assert (200, MODEL, "stop") == (status, answer["model"], answer["finish_reason"])
    assert answer["content"]
    assert answer["usage"]["total_tokens"] == 3 + answer["usage"]["completion_tokens"]
    again = (await ask(wire, result))[1]
    assert (answer["content"], True) == (again["content"], answer["id"] != again["id"])


@story(clip_stored_after=0)
async def test_when_is_a_setting(wire):
    assert 200 == (await ask(wire, await result_of(wire)))[0]


@story(accounts=TWO)
async def test_only_ones_own_clips_can_be_asked_about(wire):
    result = await stored(wire, key="ovs_one")

    assert 404 == (await ask(wire, result, "ovs_two"))[0]
    assert 200 == (await ask(wire, result, "ovs_one"))[0]
    status, answer = await ask(wire, result, None)
    assert (401, "unauthorized") == (status, answer["error"])


@story()
async def test_what_is_no_clip(wire):
    frame = await stored(wire, body=FRAME)
    unheard = wire.fake.send_result(await wire.create(CLIP))["id"]
    await wire.clock.sleep(5)

    assert [404, 404, 404] == [(await ask(wire, each))[0] for each in (frame, unheard, "unknown")]


@story()
async def test_a_clip_outlives_its_stream(wire):
    result = await stored(wire)
    await wire.delete(wire.fake.streams[0].id)

    assert 200 == (await ask(wire, result))[0]


@story()
async def test_it_is_the_id_that_was_sent_that_counts(wire):
    stream = await wire.create(CLIP)
    await wire.socket(stream)
    await wire.clock.sleep(0.1)
    wire.fake.send_result(stream, id="mine")
    wire.fake.send_result(stream, id=5)
    await wire.clock.sleep(1.5)

    assert 200 == (await ask(wire, "mine"))[0]


@story()
async def test_the_answer_obeys_a_schema(wire):
    schema = {"type": "object", "properties": {"drinks": {"type": "boolean"}}, "required": ["drinks"]}
    result = await stored(wire)
    status, answer = await ask(wire, result, output_schema=schema)

    assert 200 == status
    jsonschema.validate(json.loads(answer["content"]), schema)
    status, answer = await ask(wire, result, output_schema={"type": "nonsense"})
    assert (422, ["body", "output_schema"]) == (status, answer["details"][0]["loc"])


@story()
async def test_max_tokens_cuts_it_short(wire):
    result = await stored(wire)
    whole = (await ask(wire, result))[1]["content"]
    _, answer = await ask(wire, result, max_tokens=5, temperature=0.5)

    assert ("length", whole[:20], 5) == (
        answer["finish_reason"],
        answer["content"],
        answer["usage"]["completion_tokens"],
    )


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"result_id": ""}, "result_id"),
        ({"result_id": 5}, "result_id"),
        ({"prompt": ""}, "prompt"),
        ({"prompt": None}, "prompt"),
        ({"model": ""}, "model"),
        ({"temperature": -0.1}, "temperature"),
        ({"temperature": "0.5"}, "temperature"),
        ({"temperature": True}, "temperature"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": 1.5}, "max_tokens"),
        ({"output_schema": []}, "output_schema"),
        ({"messages": []}, "messages"),
    ],
)
def test_what_is_not_valid_says_where(wrong, where):
    @story()
    async def told(wire):
        status, answer = await ask(wire, **{"result_id": "any", **wrong})

        assert (422, ["body", where]) == (status, answer["details"][0]["loc"])

    told()


@story()
async def test_a_model_that_takes_no_work_takes_none_here_either(wire):
    status, answer = await ask(wire, await stored(wire), model="Qwen/Qwen3.5-27B")

    assert (422, "saturated") == (status, answer["details"]["status"])


@story()
async def test_a_key_in_a_prompt_stays_out_of_the_journal(wire):
    await ask(wire, await stored(wire), prompt=f"Is {wire.key} a key?")

    assert wire.key not in wire.journal.to_jsonl()
    assert 200 == wire.journal.last(Response, route="clip").status


@story(clip_stored_after=0)
async def test_the_oldest_clips_make_room_for_new_ones(wire):
    wire.fake._lifecycle.clips.most = 3
    stream = await wire.create(CLIP)
    await wire.socket(stream)
    await wire.clock.sleep(0.1)
    results = [wire.fake.send_result(stream)["id"] for _ in range(4)]

    assert [404, 200, 200, 200] == [(await ask(wire, each))[0] for each in results]
