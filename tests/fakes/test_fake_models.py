"""The catalogue of models, and what becomes of streams when it changes."""

from __future__ import annotations

import json

import pytest
from fake_stories import FRAME, story

from overshoot_testkit.journal import StateChanged

MODEL = FRAME["inference"]["model"]


def order(model):
    return {**FRAME, "inference": {"prompt": "x", "model": model}}


async def catalogue(wire):
    status, models = await wire.call("GET", "/models")
    assert 200 == status
    return {each["model"]: (each["ready"], each["status"]) for each in models}


@story()
async def test_the_catalogue_has_a_model_of_each_status(wire):
    assert [(True, "ready"), (True, "degraded"), (False, "saturated"), (False, "unavailable")] == list(
        (await catalogue(wire)).values()
    )


@story()
async def test_a_model_changes_over_time_and_new_streams_feel_it(wire):
    seen = []
    for status in ("saturated", "unavailable", "degraded", "ready"):
        wire.fake.set_model(MODEL, status)
        seen.append(((await catalogue(wire))[MODEL], (await wire.call("POST", "/streams", json=FRAME))[0]))

    assert [
        ((False, "saturated"), 422),
        ((False, "unavailable"), 422),
        ((True, "degraded"), 201),
        ((True, "ready"), 201),
    ] == seen
    assert [("ready", "saturated"), ("saturated", "unavailable"), ("unavailable", "degraded")] == [
        (each.before, each.after) for each in wire.journal.of(StateChanged, entity="model")[:3]
    ]


@story(unknown_models="reject")
async def test_a_model_can_be_added_and_removed(wire):
    assert 422 == (await wire.call("POST", "/streams", json=order("New/Model")))[0]
    wire.fake.set_model("New/Model", "ready")
    assert 201 == (await wire.call("POST", "/streams", json=order("New/Model")))[0]
    wire.fake.change(models={MODEL: "ready", "New/Model": "ready"})
    wire.fake.change(models={MODEL: "ready"})

    assert [MODEL] == list(await catalogue(wire))
    assert ["New/Model", "ready", "removed"] == [
        getattr(wire.journal.of(StateChanged, entity="model")[-1], each) for each in ("id", "before", "after")
    ]


@story()
async def test_a_status_that_does_not_exist_is_refused(wire):
    with pytest.raises(
        ValueError, match=r"Settings\.models: 'M' cannot be 'busy'; a model is one of ready, "
    ):
        wire.fake.set_model("M", "busy")


async def heard(wire, statuses):
    socket = await wire.socket(await wire.create())
    messages = []
    for status in statuses:
        wire.fake.set_model(MODEL, status)
        messages.append(json.loads((await socket.receive()).data))
    return [(each["ok"], each["error"], each["finish_reason"]) for each in messages]


@story()
async def test_streams_run_on_when_their_model_goes(wire):
    assert [(True, None, "stop")] * 2 == await heard(wire, ["unavailable", "saturated"])


@story(lost_model="fail")
async def test_by_a_setting_their_results_fail_until_it_is_back(wire):
    failed = (False, f"model {MODEL} is unavailable", None)

    assert [(True, None, "stop"), failed, (True, None, "stop"), (True, None, "stop")] == await heard(
        wire, ["ready", "unavailable", "saturated", "ready"]
    )
