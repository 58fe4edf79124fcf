"""What each transport gets: native tokens on the fake's clock, an SDP answer, nothing for one's own room."""

from __future__ import annotations

import asyncio

import jwt
import pytest
from fake_stories import CLIP, FRAME, LIVEKIT, WEBRTC, story
from livekit.api import TokenVerifier

from overshoot_testkit.clock import EPOCH
from overshoot_testkit.fakes.overshoot import Settings
from overshoot_testkit.faults import ExpireToken
from overshoot_testkit.journal import TokenIssued

SETTINGS = Settings()


@story()
async def test_a_native_stream_gets_a_token_for_its_own_room(wire):
    await wire.clock.sleep(100)
    _, answer = await wire.call("POST", "/streams", json=FRAME)

    assert (None, None) == (answer["webrtc"], answer["turn_servers"])
    assert "wss://livekit.overshoot.test" == answer["livekit"]["url"]
    token = answer["livekit"]["token"]
    claims = TokenVerifier(SETTINGS.livekit_api_key, SETTINGS.livekit_api_secret).verify(token)
    assert (True, answer["stream_id"], True) == (
        claims.video.room_join,
        claims.video.room,
        claims.video.can_publish,
    )
    times = jwt.decode(token, options={"verify_signature": False})
    assert (EPOCH + 100, EPOCH + 400) == (times["nbf"], times["exp"])


@story()
async def test_each_keepalive_brings_a_fresh_token(wire):
    _, answer = await wire.call("POST", "/streams", json=FRAME)
    stream, tokens = answer["stream_id"], [answer["livekit"]["token"]]
    tokens += [(await wire.keepalive(stream))[1]["livekit_token"] for _ in range(3)]
    await wire.clock.sleep(20)
    tokens.append((await wire.keepalive(stream))[1]["livekit_token"])

    assert 5 == len(set(tokens))
    assert [("token 1.1", 300.0), ("token 1.5", 320.0)] == [
        (each.token, each.expires_at) for each in wire.journal.of(TokenIssued)
    ][::4]
    text = wire.journal.to_jsonl()
    assert not any(token in text for token in tokens)
    assert "token 1.5" in text


@story(token_ttl=60)
async def test_a_token_is_valid_for_its_time_or_until_a_fault_ends_it(wire):
    _, answer = await wire.call("POST", "/streams", json=FRAME)
    stream, first = answer["stream_id"], answer["livekit"]["token"]

    await wire.clock.sleep(40)
    second = (await wire.keepalive(stream))[1]["livekit_token"]
    assert ("token 1.1", "token 1.2") == (
        wire.fake.check_token(first).label,
        wire.fake.check_token(second).label,
    )

    await wire.clock.sleep(20)
    assert wire.fake.check_token(first) is None
    wire.faults.now(ExpireToken(), stream=stream)
    assert wire.fake.check_token(second) is None
    assert wire.fake.check_token("made.up.token") is None


@pytest.mark.parametrize("when", ["source", "legacy"])
def test_a_webrtc_stream_gets_an_answer_and_no_token(when):
    @story()
    async def told(wire):
        sdp = WEBRTC["source"]["sdp"]
        body = WEBRTC if when == "source" else {**FRAME, "webrtc": {"type": "offer", "sdp": sdp}}
        _, answer = await wire.call("POST", "/streams", json=body)

        assert (None, []) == (answer["livekit"], answer["turn_servers"])
        assert "answer" == answer["webrtc"]["type"]
        lines = answer["webrtc"]["sdp"].split("\r\n")
        assert ("v=0", "m=video 9 UDP/TLS/RTP/SAVPF 96") == (lines[0], lines[5])
        assert {"a=mid:0", "a=recvonly", "a=setup:active", "a=rtcp-mux"} <= set(lines)
        assert not any(line.startswith("a=candidate") for line in lines)
        password = next(line for line in lines if line.startswith("a=ice-pwd:"))
        assert password.removeprefix("a=ice-pwd:") not in wire.journal.to_jsonl()
        assert "livekit_token" not in (await wire.keepalive(answer["stream_id"]))[1]

    told()


@story()
async def test_ones_own_room_gets_nothing_and_its_token_stays_out_of_the_journal(wire):
    _, answer = await wire.call("POST", "/streams", json=LIVEKIT)
    _, kept = await wire.keepalive(answer["stream_id"])

    assert (None, None, None) == (answer["livekit"], answer["webrtc"], answer["turn_servers"])
    assert "livekit_token" not in kept
    assert "eyJ.my.token" not in wire.journal.to_jsonl()


@story(turn_servers=({"urls": "turn:turn.test:3478", "username": "u", "credential": "c"},))
async def test_turn_servers_are_a_setting(wire):
    _, answer = await wire.call("POST", "/streams", json=WEBRTC)

    assert [{"urls": "turn:turn.test:3478", "username": "u", "credential": "c"}] == answer["turn_servers"]
    assert '"credential":"c"' not in wire.journal.to_jsonl()


@story()
async def test_the_token_rate_has_a_limit(wire):
    def asking(body, tokens):
        return {**body, "inference": {**body["inference"], "max_output_tokens": tokens}}

    status, answer = await wire.call("POST", "/streams", json=asking(FRAME, 257))
    assert 422 == status
    assert "128.5 tokens/s" in answer["message"]
    assert "max_output_tokens / interval_seconds = 257 / 2" in answer["message"]
    assert "largest allowed value is 256" in answer["message"]
    assert 201 == (await wire.call("POST", "/streams", json=asking(FRAME, 256)))[0]
    assert 201 == (await wire.call("POST", "/streams", json=asking(CLIP, 384)))[0]
    assert "delay_seconds" in (await wire.call("POST", "/streams", json=asking(CLIP, 385)))[1]["message"]


@story()
async def test_clip_rates_come_one_way_or_the_other(wire):
    def clip(**rate):
        return {**FRAME, "mode": "clip", "processing": {"clip_length_seconds": 1, "delay_seconds": 1, **rate}}

    for rate, expected in (
        ({"target_fps": 6}, 201),
        ({"fps": 30, "sampling_ratio": 0.5}, 201),
        ({"fps": 60, "sampling_ratio": 0.8}, 201),
        ({"target_fps": 6, "fps": 30, "sampling_ratio": 0.5}, 422),
        ({"target_fps": 6, "fps": 30}, 422),
        ({"fps": 30}, 422),
        ({"sampling_ratio": 0.5}, 422),
        ({}, 422),
        ({"target_fps": 31}, 422),
    ):
        status, answer = await wire.call("POST", "/streams", json=clip(**rate))
        assert expected == status, (rate, answer)
        if status == 201:
            await wire.delete(answer["stream_id"])


@story()
async def test_what_contradicts_itself_is_refused(wire):
    offer = {"type": "offer", "sdp": "v=0"}
    for body in (
        {**WEBRTC, "webrtc": offer},
        {**FRAME, "mode": "clip"},
        {**CLIP, "mode": "frame"},
        {**FRAME, "processing": {**FRAME["processing"], **CLIP["processing"]}},
    ):
        assert 422 == (await wire.call("POST", "/streams", json=body))[0], body
    without_mode = {name: value for name, value in CLIP.items() if name != "mode"}
    assert 201 == (await wire.call("POST", "/streams", json=without_mode))[0]


def test_two_fakes_with_one_seed_make_the_same_streams():
    made: list[list[str]] = []

    for seed in (1, 1, 2):

        @story(seed=seed)
        async def told(wire):
            made.append(await asyncio.gather(*(wire.create() for _ in range(3))))

        told()

    assert made[0] == made[1] != made[2]
