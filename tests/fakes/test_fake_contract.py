"""The models equal the contract; what is accepted is what it and the stated rules accept."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import jsonschema
import pytest
from fake_stories import CONTRACT, Wire, story, validate
from hypothesis import example, given, settings
from hypothesis import strategies as st

from overshoot_testkit.clock import SteppedClock
from overshoot_testkit.fakes.overshoot import Account, OvershootFake, Settings
from overshoot_testkit.fakes.overshoot.contract import SCHEMAS

PUBLISHED = CONTRACT["components"]["schemas"]


def comparable(schema: Any) -> Any:
    """A schema without what says nothing about instances: titles, prose, defaults of null, discriminators."""
    if isinstance(schema, list):
        return [comparable(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {}
    for name, value in schema.items():
        if name in {"title", "description", "discriminator", "$defs"} and not isinstance(value, bool):
            continue
        if name == "default" and value is None:
            continue
        if name == "properties":
            plain[name] = {each: comparable(inner) for each, inner in value.items()}
        elif name == "$ref":
            plain[name] = value.rpartition("/")[2]
        elif name == "required":
            plain[name] = sorted(value)
        else:
            plain[name] = comparable(value)
    if plain.get("anyOf") == [{}, {"type": "null"}]:
        return {}
    return plain


def test_all_schemas_of_the_contract_are_there():
    assert PUBLISHED.keys() == SCHEMAS.keys()


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_a_model_equals_its_schema(name):
    ours = SCHEMAS[name].model_json_schema(ref_template="#/components/schemas/{model}")

    assert comparable(PUBLISHED[name]) == comparable(ours)


def test_every_endpoint_of_the_contract_is_served():
    @story()
    async def told(wire):
        missing = set()
        for path, methods in CONTRACT["paths"].items():
            for method in methods:
                stream = await wire.create()
                url = f"{wire.fake.base_url}{path.replace('{stream_id}', stream)}"
                headers = {"Authorization": f"Bearer {wire.key}"}
                async with wire.session.request(method, url, headers=headers) as answer:
                    if answer.status in {404, 405}:
                        missing.add((method, path))
                await wire.delete(stream)

        assert set() == missing

    told()


# --- exactly what is allowed ------------------------------------------------------------------------

odd = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 300), st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=3), st.just([]), st.just({}),
)  # fmt: skip


def mostly(usual: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Something odd now and then."""
    return st.sampled_from([True] * 15 + [False]).flatmap(lambda good: usual if good else odd)


seconds = mostly(st.floats(0.1, 60) | st.integers(1, 60))
frame = st.fixed_dictionaries({"interval_seconds": seconds})
rates = st.sampled_from([{"target_fps": 6}, {"fps": 30, "sampling_ratio": 0.5}, {"fps": 30}, {}])
clip = st.builds(
    lambda base, rate, more: {**base, **rate, **more},
    st.fixed_dictionaries({"clip_length_seconds": seconds, "delay_seconds": seconds}),
    rates,
    st.fixed_dictionaries(
        {},
        optional={
            "target_fps": mostly(st.none() | st.integers(-1, 40)),
            "fps": mostly(st.none() | st.integers(-1, 80)),
            "sampling_ratio": mostly(st.none() | st.floats(0, 1.2)),
        },
    ),
)
inference = st.fixed_dictionaries(
    {"prompt": mostly(st.text(min_size=1, max_size=5)), "model": mostly(st.just("some/model"))},
    optional={
        "backend": mostly(st.sampled_from(["gemini", "overshoot"])),
        "output_schema_json": mostly(st.just({"type": "object"}) | st.none()),
        "max_output_tokens": mostly(st.none() | st.integers(1, 500)),
    },
)
source = st.sampled_from(
    [
        {"type": "native"},
        {"type": "webrtc", "sdp": "v=0"},
        {"type": "livekit", "url": "wss://x", "token": "t"},
        {"type": "native", "sdp": "v=0"},
        {"type": "livekit", "url": "wss://x", "token": ""},
        {"sdp": "v=0"},
    ]
)
bodies = st.fixed_dictionaries(
    {"processing": mostly(frame | clip), "inference": mostly(inference)},
    optional={
        "mode": mostly(st.sampled_from(["clip", "frame", None])),
        "source": mostly(st.none() | source),
        "webrtc": mostly(st.none() | st.just({"type": "offer", "sdp": "v=0"})),
        "client": mostly(st.none() | st.just({"request_id": "r", "more": 1})),
        "extra": odd,
    },
)


def allowed(body: Any) -> bool:
    """The contract's schema, then the rules it states in words and those that the fake's docstrings state."""
    schema = {"$ref": "#/components/schemas/StreamCreateRequest"}
    try:
        validate(body, schema)
    except jsonschema.ValidationError:
        return False
    processing = body["processing"]
    mode = "frame" if "interval_seconds" in processing else "clip"
    if body.get("mode") not in {None, mode}:
        return False
    if body.get("source") is not None and body.get("webrtc") is not None:
        return False
    if mode == "clip":
        legacy = [processing.get(name) is not None for name in ("fps", "sampling_ratio")]
        if processing.get("target_fps") is not None and any(legacy):
            return False
        if processing.get("target_fps") is None and not all(legacy):
            return False
    interval = processing["delay_seconds" if mode == "clip" else "interval_seconds"]
    tokens = body["inference"].get("max_output_tokens")
    return tokens is None or tokens <= 128 * interval


@settings(max_examples=100, deadline=None)
@given(st.lists(bodies, min_size=10, max_size=10))
@example([{"processing": {"interval_seconds": 2}, "inference": {"prompt": "p", "model": "m"}}])
def test_exactly_what_is_allowed_is_accepted(batch):
    async def tell() -> None:
        account = {"ovs_many": Account(concurrency_limit=1000)}
        fake = OvershootFake(SteppedClock(), settings=Settings(accounts=account))
        async with fake, aiohttp.ClientSession() as session:
            wire = Wire(fake, session)
            for body in batch:
                status, answer = await wire.call("POST", "/streams", json=body)
                assert (201 if allowed(body) else 422) == status, (body, answer)

    asyncio.run(tell())


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=30, deadline=None)
@given(st.lists(anything, min_size=5, max_size=5), st.lists(st.binary(max_size=40), min_size=5, max_size=5))
def test_nothing_that_can_be_sent_makes_it_fail(values, raw):
    async def tell() -> None:
        async with OvershootFake(SteppedClock()) as fake, aiohttp.ClientSession() as session:
            wire = Wire(fake, session)
            stream = await wire.create()
            headers = {"Content-Type": "application/json"}
            for value in values:
                for method, path in (("POST", "/streams"), ("PATCH", f"/streams/{stream}/config/prompt")):
                    status, _ = await wire.call(method, path, json=value)
                    assert 422 == status
            for data in raw:
                status, _ = await wire.call("POST", "/streams", data=data, headers=headers)
                assert 422 == status
                socket = await wire.open_socket(stream)
                await socket.send_bytes(data)
                assert 1008 == (await socket.receive()).data
            wire.hang_up()
            fake.journal.to_jsonl().encode()

    asyncio.run(tell())
