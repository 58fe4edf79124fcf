"""Nothing that a client can send makes the fake fail: each oddity has its documented answer."""

from __future__ import annotations

import asyncio
import gzip
import io
import json

import aiohttp
import pytest
import yarl
from fake_stories import FRAME, story

from overshoot_testkit.journal import Request

JSON = {"Content-Type": "application/json"}


def with_(**inference):
    return {**FRAME, "inference": {**FRAME["inference"], **inference}}


def text(body) -> bytes:
    return json.dumps(body).encode()


NOT_JSON = {
    "nothing": b"",
    "half": b'{"mode": "frame"',
    "words": b"hello",
    "not UTF-8": b'{"prompt": "\xff\xfe"}',
    "UTF-16": json.dumps(FRAME).encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf" + text(FRAME),
    "NaN": text(FRAME).replace(b"2.0", b"NaN"),
    "Infinity": text(FRAME).replace(b"2.0", b"-Infinity"),
    "a number beyond all floats": text(FRAME).replace(b"2.0", b"1e999"),
    "an integer of 5000 digits": text(FRAME).replace(b"2.0", b"9" * 5000),
    "a lone surrogate": text(FRAME).replace(b"Describe", b"\\ud800"),
    "brackets, 200 deep": b"[" * 200 + b"]" * 200,
    "braces, 100000 deep": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "a null byte": b"\x00",
    "two values": b"{}{}",
}
NOT_VALID = {
    "a list": [],
    "a string": "x",
    "null": None,
    "true": True,
    "nothing required": {},
    "a string for a number": {**FRAME, "processing": {"interval_seconds": "2"}},
    "a boolean for a number": {**FRAME, "processing": {"interval_seconds": True}},
    "zero": {**FRAME, "processing": {"interval_seconds": 0}},
    "too long": {**FRAME, "processing": {"interval_seconds": 60.1}},
    "unknown member": {**FRAME, "processing": {"interval_seconds": 2, "more": 1}},
    "no prompt": {**FRAME, "inference": {"model": "m"}},
    "an empty prompt": with_(prompt=""),
    "a number for a text": with_(prompt=5),
    "unknown backend": with_(backend="abacus"),
    "a list for a schema": with_(output_schema_json=[]),
    "no tokens": with_(max_output_tokens=0),
    "part of a token": with_(max_output_tokens=1.5),
    "tokens without end": with_(max_output_tokens=10**4000),
    "unknown mode": {**FRAME, "mode": "video"},
    "unknown source": {**FRAME, "source": {"type": "satellite"}},
    "a source without a type": {**FRAME, "source": {}},
    "an empty offer": {**FRAME, "source": {"type": "webrtc", "sdp": ""}},
    "a room without a token": {**FRAME, "source": {"type": "livekit", "url": "wss://x"}},
    "a huge interval": {**FRAME, "processing": {"interval_seconds": 10**400}},
    "a client that is a list": {**FRAME, "client": []},
}


@pytest.mark.parametrize("what", NOT_JSON)
def test_what_is_not_json_is_a_validation_error(what):
    @story()
    async def told(wire):
        status, answer = await wire.call("POST", "/streams", data=NOT_JSON[what], headers=JSON)

        assert (422, "validation_error") == (status, answer["error"])
        assert [] == wire.fake.streams
        wire.journal.to_jsonl().encode("utf-8")

    told()


@pytest.mark.parametrize("what", NOT_VALID)
def test_what_the_contract_does_not_allow_is_a_validation_error(what):
    @story()
    async def told(wire):
        status, answer = await wire.call("POST", "/streams", data=text(NOT_VALID[what]), headers=JSON)

        assert (422, "validation_error") == (status, answer["error"])
        assert answer["details"][0].keys() >= {"loc", "msg", "type"}
        assert [] == wire.fake.streams

    told()


@story()
async def test_what_is_only_unusual_is_accepted(wire):
    for body in (
        with_(prompt="\x00 a null character, 猫 and 🐈"),
        with_(prompt='brackets behind a quoted quote, " ' + "[" * 200),
        with_(max_output_tokens=5.0),
        {**FRAME, "mode": None, "source": None, "webrtc": None, "client": None},
        {**FRAME, "client": {"request_id": None, "more": 1}, "also": "this"},
        {**FRAME, "source": {"type": "webrtc", "sdp": "\n\x00 no sdp at all"}},
        {**FRAME, "source": {"type": "webrtc", "sdp": "m=\nm= \nm=video"}},
        with_(output_schema_json={"$ref": "https://elsewhere.test/schema"}),
        with_(output_schema_json={"pattern": "("}),
        {
            **FRAME,
            "mode": "clip",
            "processing": {"target_fps": 1, "clip_length_seconds": 1, "delay_seconds": 1e308},
        },
    ):
        status, answer = await wire.call("POST", "/streams", json=body)
        assert 201 == status, (body, answer)
        socket = await wire.socket(answer["stream_id"])
        await wire.clock.sleep(2)
        await socket.close()
        assert 200 == (await wire.delete(answer["stream_id"]))[0]
    twice = text(FRAME).replace(b'"mode": "frame"', b'"mode": "video", "mode": "frame"')
    assert 201 == (await wire.call("POST", "/streams", data=twice, headers=JSON))[0]


@story()
async def test_the_fakes_own_secret_stays_out_of_the_journal_whoever_says_it(wire):
    secret = wire.fake.settings.livekit_api_secret
    status, _ = await wire.call("POST", "/streams", json=with_(prompt=f"My secret is {secret}"))

    assert 201 == status
    assert secret not in wire.journal.to_jsonl()
    assert "My secret is livekit secret" in wire.journal.to_jsonl()


@story()
async def test_fifty_megabytes_are_refused_without_being_read(wire):
    body = io.BytesIO(b" " * 50_000_000)
    status, answer = await wire.call("POST", "/streams", data=body, headers=JSON)
    assert (413, "payload_too_large") == (status, answer["error"])

    async def chunks():
        for _ in range(40):
            yield b" " * 65536

    status, _ = await wire.call("POST", "/streams", data=chunks(), headers=JSON)
    assert 413 == status
    bomb = gzip.compress(b" " * 50_000_000)
    status, _ = await wire.call("POST", "/streams", data=bomb, headers={**JSON, "Content-Encoding": "gzip"})
    assert 413 == status


@story()
async def test_a_compressed_body_is_read(wire):
    headers = {**JSON, "Content-Encoding": "gzip"}

    assert 201 == (await wire.call("POST", "/streams", data=gzip.compress(text(FRAME)), headers=headers))[0]
    assert 400 == (await wire.call("POST", "/streams", data=b"not gzip at all", headers=headers))[0]


@story()
async def test_only_json_is_taken_for_json(wire):
    for kind, expected in (
        ("application/json", 201),
        ("application/json; charset=utf-8", 201),
        ("APPLICATION/JSON; charset=latin-1", 201),
        ("application/vnd.overshoot+json", 201),
        ("text/plain", 422),
        ("application/x-www-form-urlencoded", 422),
        ("application/octet-stream", 422),
        (";;;", 201),
    ):
        headers = {"Content-Type": kind}
        status, _ = await wire.call("POST", "/streams", data=text(FRAME), headers=headers)
        assert expected == status, kind


@story()
async def test_a_body_where_none_belongs_is_ignored(wire):
    stream = await wire.create()

    for body in (b"{not json", b"\xff", text({"api_key": "secret"})):
        assert 200 == (await wire.keepalive(stream, data=body, headers=JSON))[0]
    assert "secret" not in wire.journal.to_jsonl()


@story()
async def test_paths_and_methods_that_are_none(wire):
    for method, path, expected in (
        ("GET", "/", 404),
        ("GET", "/nowhere", 404),
        ("GET", "/streams/", 404),
        ("POST", "/streams//keepalive", 404),
        ("POST", "/streams/%2e%2e/%ff%00", 404),
        ("POST", "/streams/%ff%00/keepalive", 404),
        ("POST", "/streams/a%2Fb/keepalive", 404),
        ("POST", "/healthz", 405),
        ("GET", "/streams", 405),
        ("PUT", "/streams/abc", 405),
        ("TRACE", "/models", 405),
    ):
        url = f"{wire.fake.base_url}{path}"
        headers = {"Authorization": f"Bearer {wire.key}"}
        async with wire.session.request(method, yarl.URL(url, encoded=True), headers=headers) as answer:
            body = await answer.json()
            assert (expected, {404: "not_found", 405: "method_not_allowed"}[expected]) == (
                answer.status,
                body["error"].removeprefix("stream_"),
            ), (method, path)
            if expected == 405:
                assert answer.headers["Allow"]


@story()
async def test_a_key_in_the_wrong_place_stays_out_of_the_journal(wire):
    await wire.call("GET", f"/streams/{wire.key}/info")
    await wire.call("GET", f"/models/{wire.key}")
    await wire.call("POST", "/streams", json={**FRAME, "api_key": wire.key, "token": "unknown secret"})

    assert 3 == len(wire.journal.of(Request))
    assert wire.key not in wire.journal.to_jsonl()
    assert "unknown secret" not in wire.journal.to_jsonl()


@story()
async def test_bytes_that_are_not_http_get_an_answer_and_do_no_harm(wire):
    host, port = wire.fake.base_url.removeprefix("http://").removesuffix("/v0.2").split(":")
    for sent in (
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"BREW /v0.2/models HTTP/1.1\r\n\r\n",
        b"GET /v0.2/healthz HTTP/9.9\r\n\r\n",
        b"POST /v0.2/streams HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
        b"POST /v0.2/streams HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
    ):
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(sent)
        writer.write_eof()
        answer = await reader.read()
        assert b"500" not in answer[:20], sent
        writer.close()
    assert (200, {"status": "ok"}) == await wire.call("GET", "/healthz", key=None)


@story()
async def test_a_request_given_up_halfway_does_no_harm(wire):
    async def slow():
        yield b"{"
        await wire.clock.sleep(60)

    with pytest.raises(TimeoutError):
        await wire.call("POST", "/streams", data=slow(), timeout=aiohttp.ClientTimeout(total=5))
    await wire.clock.sleep(1)

    assert 0 == wire.fake.traffic.requests_open
    await wire.create()


@story()
async def test_what_is_too_long_is_refused_before_anybody_asks_for_a_key(wire):
    status, _ = await wire.call("POST", "/streams", data=io.BytesIO(b" " * 2_000_000), headers=JSON, key=None)

    assert 413 == status


@story()
async def test_a_path_may_be_percent_encoded(wire):
    stream = await wire.create()
    url = f"{wire.fake.base_url}/streams/%{ord(stream[0]):02X}{stream[1:]}/info"
    headers = {"Authorization": f"Bearer {wire.key}"}

    async with wire.session.get(yarl.URL(url, encoded=True), headers=headers) as answer:
        assert (200, stream) == (answer.status, (await answer.json())["stream_id"])


@story()
async def test_a_token_that_a_client_says_again_is_known_by_its_label(wire):
    _, answer = await wire.call("POST", "/streams", json=FRAME)
    token = answer["livekit"]["token"]
    source = {"type": "livekit", "url": "wss://mine.test", "token": token}
    await wire.call("POST", "/streams", json={**FRAME, "source": source})

    assert "token 1.1" == wire.journal.of(Request)[-1].body["source"]["token"]
