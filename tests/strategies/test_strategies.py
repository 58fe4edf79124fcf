"""What the strategies draw is what the fake takes, and what it refuses is told by its name."""

from __future__ import annotations

import importlib
import sys

import aiohttp
import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings

from overshoot_testkit.fakes.base import Refusal
from overshoot_testkit.fakes.overshoot import OvershootFake, Settings, _rules
from overshoot_testkit.scenarios import describe_spec, fault_from
from overshoot_testkit.simulation import run
from overshoot_testkit.strategies import (
    create_requests,
    fault_schedules,
    faults,
    invalid_create_requests,
    prompts,
    results,
    scripts,
)

quickly = settings(
    derandomize=True, deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)


@quickly
@given(create_requests())
def test_every_order_is_accepted(body):
    order = _rules.order(body, Settings())

    assert order.max_output_tokens <= max(1, 128 * order.interval)
    assert body["inference"]["prompt"] == order.inference.prompt


@quickly
@given(create_requests(modes=["clip"], sources=["webrtc"], models=["mine"]))
def test_an_order_of_the_kind_that_was_asked_for(body):
    order = _rules.order(body, Settings())

    assert ("clip", "webrtc", "mine") == (order.mode, order.source_type, order.inference.model)


@quickly
@given(invalid_create_requests())
def test_every_wrong_order_is_refused_for_what_is_wrong(invalid):
    with pytest.raises(Refusal) as caught:
        _rules.order(invalid.body, Settings())

    wrong = set(invalid.member.split("."))
    assert 422 == caught.value.status
    assert any(wrong <= set(map(str, detail["loc"])) for detail in caught.value.details), caught.value


@quickly
@given(prompts())
def test_prompts_are_text_that_utf8_can_carry(prompt):
    assert prompt.encode()


RESULT = {
    "type": "object",
    "required": ["id", "stream_id", "mode", "model_backend", "model_name", "prompt", "result", "ok", "error"],
    "properties": {
        "mode": {"enum": ["frame", "clip"]},
        "result": {"type": "string"},
        "ok": {"type": "boolean"},
        "finish_reason": {"enum": ["stop", "length", "content_filter", None]},
    },
}


@quickly
@given(results(), results(odd=True))
def test_results_have_the_documented_members(usual, odd):
    for message in (usual, odd):
        jsonschema.validate(message, RESULT)
        assert message["ok"] == (message["error"] is None)
    assert usual.keys() == RESULT["properties"].keys() | {*RESULT["required"]} | {
        "inference_latency_ms",
        "total_latency_ms",
    }


@settings(quickly, max_examples=10)
@given(scripts(max_size=4))
def test_scripts_are_what_the_fake_sends(script):
    async def tell():
        async with OvershootFake() as fake, aiohttp.ClientSession() as http:
            fake.results.script(script)
            headers = {"Authorization": f"Bearer {fake.api_key}"}
            body = {"processing": {"interval_seconds": 1}, "inference": {"prompt": "?", "model": "m"}}
            async with http.post(f"{fake.base_url}/streams", json=body, headers=headers) as answer:
                stream = (await answer.json())["stream_id"]
            async with http.ws_connect(f"{fake.base_url}/ws/streams/{stream}") as socket:
                await socket.send_json({"api_key": fake.api_key})
                return [await socket.receive_json() for line in script if line is not None]

    expected = [{"result": line} if isinstance(line, str) else line for line in script if line is not None]
    sent = run(tell())

    assert expected == [
        {name: message[name] for name in wanted} for message, wanted in zip(sent, expected, strict=True)
    ]


@quickly
@given(fault_schedules())
def test_every_schedule_of_faults_can_be_set_and_told_as_json(specs):
    async def tell():
        async with OvershootFake() as fake:
            set_ = [spec.set(fake.faults) for spec in specs]
            assert [spec.action for spec in specs] == [fault.action for fault in set_]

    run(tell())
    assert specs == [fault_from(describe_spec(spec)) for spec in specs]


@quickly
@given(faults(kinds=["request"], routes=["keepalive"]))
def test_faults_of_the_kind_that_was_asked_for(spec):
    assert "request" == spec.action.kind
    assert spec.match.route in {None, "keepalive"}


def test_without_hypothesis_the_command_that_installs_it_is_named(monkeypatch):
    for name in [each for each in sys.modules if each.startswith("overshoot_testkit.strategies")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "hypothesis", None)

    with pytest.raises(ModuleNotFoundError, match=r"pip install 'overshoot-testkit\[hypothesis\]'"):
        importlib.import_module("overshoot_testkit.strategies")
