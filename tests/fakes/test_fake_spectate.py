"""Spectators: a token of their own that lets them watch, and nothing else."""

from __future__ import annotations

import jwt
from fake_stories import FRAME, LIVEKIT, WEBRTC, story

from overshoot_testkit.fakes.overshoot import Account
from overshoot_testkit.faults import ExpireToken
from overshoot_testkit.journal import Response, TokenIssued

TWO = {"ovs_one": Account(), "ovs_two": Account()}


async def spectate(wire, stream, **how):
    return await wire.call("POST", f"/streams/{stream}/spectate", **how)


def claims(wire, token):
    return jwt.decode(
        token, wire.fake.settings.livekit_api_secret, algorithms=["HS256"], options={"verify_exp": False}
    )


@story(livekit_url="wss://here.test")
async def test_a_spectator_may_watch_the_streams_room_for_five_minutes(wire):
    await wire.clock.sleep(10)
    stream = await wire.create()
    status, answer = await spectate(wire, stream)
    token = answer["livekit"]["token"]
    told = claims(wire, token)

    assert (200, "wss://here.test") == (status, answer["livekit"]["url"])
    assert stream == told["video"]["room"]
    assert (True, True, False, False) == tuple(
        told["video"][each] for each in ("roomJoin", "canSubscribe", "canPublish", "canPublishData")
    )
    assert (wire.clock.unix(), wire.clock.unix() + 300) == (told["nbf"], told["exp"])

    await wire.clock.sleep(299.9)
    known = wire.fake.check_token(token)
    assert ("spectator token 1.1", stream, False) == (known.label, known.stream_id, known.can_publish)
    await wire.clock.sleep(0.1)
    assert None is wire.fake.check_token(token)


@story(spectator_token_ttl=60)
async def test_how_long_it_lasts_is_a_setting_of_its_own(wire):
    stream = await wire.create()
    _, answer = await spectate(wire, stream)
    told = claims(wire, answer["livekit"]["token"])

    assert 60 == told["exp"] - told["nbf"]
    assert [300, 60] == [each.expires_at for each in wire.journal.of(TokenIssued)]


@story()
async def test_each_spectator_is_a_participant_of_its_own(wire):
    stream = await wire.create()
    tokens = [(await spectate(wire, stream))[1]["livekit"]["token"] for _ in range(3)]

    assert 3 == len({claims(wire, token)["sub"] for token in tokens})
    assert f"client-{stream}" not in {claims(wire, token)["sub"] for token in tokens}


@story()
async def test_the_journal_has_its_label_and_not_the_token(wire):
    stream = await wire.create()
    _, answer = await spectate(wire, stream)

    assert ["token 1.1", "spectator token 1.1"] == [each.token for each in wire.journal.of(TokenIssued)]
    assert answer["livekit"]["token"] not in wire.journal.to_jsonl()
    assert "spectator token 1.1" == wire.journal.last(Response, route="spectate").body["livekit"]["token"]


@story()
async def test_a_spectators_token_is_not_the_streams(wire):
    _, answer = await wire.call("POST", "/streams", json=FRAME)
    _, spectator = await spectate(wire, answer["stream_id"])
    wire.faults.now(ExpireToken())

    assert None is wire.fake.check_token(answer["livekit"]["token"])
    assert wire.fake.check_token(spectator["livekit"]["token"])


@story(accounts=TWO)
async def test_who_may_not_watch(wire):
    native, webrtc, livekit = [await wire.create(body) for body in (FRAME, WEBRTC, LIVEKIT)]

    assert (400, "validation_error") == _short(await spectate(wire, webrtc))
    assert (400, "validation_error") == _short(await spectate(wire, livekit))
    assert (401, "unauthorized") == _short(await spectate(wire, native, key=None))
    assert (404, "stream_not_found") == _short(await spectate(wire, native, key="ovs_two"))
    assert (404, "stream_not_found") == _short(await spectate(wire, "none"))
    await wire.delete(native)
    assert (404, "stream_not_found") == _short(await spectate(wire, native))


def _short(answer):
    return answer[0], answer[1]["error"]
