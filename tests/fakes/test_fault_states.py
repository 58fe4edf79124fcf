"""What a fault does to the server itself, as a client hears of it.

Leases that lapse and credits that vanish are in test_fake_deploys.py, tokens that expire in
test_fake_transports.py.
"""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import get_args

import jwt
import pytest
from fake_stories import FRAME, ending, story
from raw_wire import connect, passes

from overshoot_testkit.clock import EPOCH
from overshoot_testkit.fakes.overshoot import Account, EndReason
from overshoot_testkit.faults import (
    Change,
    EndStream,
    ExhaustCredits,
    RestoreKey,
    RevokeKey,
    SetModel,
    SkewClock,
    Steps,
    TopUp,
)
from overshoot_testkit.journal import StateChanged

TWO = {"ovs_a": Account(), "ovs_b": Account()}


@pytest.mark.parametrize("reason", get_args(EndReason))
def test_the_server_ends_a_stream_for_each_documented_reason(reason):
    async def tell(wire):
        stream, other = await wire.create(), await wire.create()
        socket = await wire.socket(stream)
        wire.faults.at(7, EndStream(reason), stream=stream)

        assert (1001, f"stream ended: {reason}") == await ending(socket)
        assert 7.0 == wire.clock.now()
        assert 404 == (await wire.keepalive(stream))[0]
        assert 200 == (await wire.keepalive(other))[0]

    story()(tell)()


@story()
async def test_a_stream_can_end_at_a_keepalive(wire):
    stream = await wire.create()
    wire.faults.on(EndStream("webrtc_disconnected"), route="keepalive", skip=1, times=1)

    assert [200, 404] == [(await wire.keepalive(stream))[0] for _ in range(2)]


@story()
async def test_a_reason_nobody_documented_is_refused_when_it_is_set(wire):
    for setting in (
        lambda: wire.faults.now(EndStream("bored")),
        lambda: wire.faults.at(5, EndStream("bored")),
        lambda: wire.faults.on(Steps((TopUp(1), EndStream("bored"))), route="keepalive"),
    ):
        with pytest.raises(ValueError, match=r"EndStream.reason: 'bored' is none of client_requested, lease"):
            setting()
    with pytest.raises(ValueError, match=r"SetModel.status: 'tired' is none of ready, degraded, saturated"):
        wire.faults.now(SetModel("a", "tired"))
    with pytest.raises(ValueError, match=r"Change.settings: .*lease_tll"):
        wire.faults.at(5, Change({"lease_tll": 30}))
    with pytest.raises(ValueError, match=r"Change.settings: .*lease_ttl: 0 must be greater than 0"):
        wire.faults.at(5, Change({"lease_ttl": 0}))
    with pytest.raises(ValueError, match=r"Change.settings: accounts: set from the start"):
        wire.faults.at(5, Change({"accounts": {}}))
    assert [] == list(wire.faults)


@story(accounts=TWO)
async def test_credits_vanish_and_are_topped_up_while_a_stream_runs(wire):
    mine, yours = await wire.create(key="ovs_a"), await wire.create(key="ovs_b")
    wire.faults.at(10, ExhaustCredits(), stream=mine)
    wire.faults.at(20, TopUp(50), stream=mine)

    seen = []
    for moment in (5, 15, 25):
        await wire.clock.sleep_until(moment)
        status, body = await wire.keepalive(mine, key="ovs_a")
        seen.append((status, body.get("credits_remaining_cents")))
    assert [(200, 999999), (402, None), (200, 49)] == seen
    assert 200 == (await wire.keepalive(yours, key="ovs_b"))[0]
    assert 50.0 < wire.fake.account("ovs_b").credits_cents


@story(accounts=TWO)
async def test_a_402_comes_at_the_nth_keepalive_and_not_again(wire):
    stream = await wire.create(key="ovs_a")
    wire.faults.on(ExhaustCredits(), route="keepalive", skip=2, times=1)
    wire.faults.on(TopUp(100), route="keepalive", skip=3, times=1)

    assert [200, 200, 402, 200] == [(await wire.keepalive(stream, key="ovs_a"))[0] for _ in range(4)]


@story(accounts=TWO)
async def test_a_key_is_revoked_and_restored_while_its_stream_runs(wire):
    mine, yours = await wire.create(key="ovs_a"), await wire.create(key="ovs_b")
    wire.faults.at(10, RevokeKey(), stream=mine)
    wire.faults.at(20, RestoreKey(), stream=mine)

    seen = []
    for moment in (5, 15, 25):
        await wire.clock.sleep_until(moment)
        seen.append(
            [(await wire.keepalive(mine, key="ovs_a"))[0], (await wire.keepalive(yours, key="ovs_b"))[0]]
        )
        if moment == 15:
            assert (1008, "authentication failed") == await ending(await wire.socket(mine, "ovs_a"))
    assert [[200, 200], [401, 200], [200, 200]] == seen


@story(accounts=TWO)
async def test_a_key_is_revoked_by_its_own_request(wire):
    wire.faults.on(RevokeKey(), route="create", times=1)
    status, _ = await wire.call("POST", "/streams", json=FRAME, key="ovs_a")

    assert 201 == status  # it was shown before it was revoked
    assert [401, 200] == [(await wire.call("GET", "/models", key=key))[0] for key in ("ovs_a", "ovs_b")]
    wire.faults.now(RevokeKey())
    wire.faults.now(RestoreKey())
    assert [200, 200] == [(await wire.call("GET", "/models", key=key))[0] for key in ("ovs_a", "ovs_b")]


@story()
async def test_the_catalogue_changes_over_time(wire):
    model = FRAME["inference"]["model"]
    wire.faults.at(10, SetModel(model, "saturated"))
    wire.faults.at(20, SetModel(model, "ready"))

    seen = []
    for moment in (5, 15, 25):
        await wire.clock.sleep_until(moment)
        _, models = await wire.call("GET", "/models")
        status, _ = await wire.call("POST", "/streams", json=FRAME)
        seen.append((next(each["status"] for each in models if each["model"] == model), status))
    assert [("ready", 201), ("saturated", 422), ("ready", 201)] == seen


@story()
async def test_settings_change_as_with_a_new_release(wire):
    stream = await wire.create()
    wire.faults.at(10, Change({"keepalive_ttl": 90, "keepalive_credits": False}))

    before = (await wire.keepalive(stream))[1]
    await wire.clock.sleep(11)
    async with wire.session.post(
        f"{wire.fake.base_url}/streams/{stream}/keepalive", headers={"Authorization": f"Bearer {wire.key}"}
    ) as answer:
        after = await answer.json()

    assert (45, True) == (before["ttl_seconds"], "cost_cents" in before)
    assert (90, False) == (after["ttl_seconds"], "cost_cents" in after)


@story()
async def test_the_servers_clock_can_be_wrong(wire):
    async def dated():
        raw = await connect(wire)
        raw.ask("POST", "/streams", FRAME)
        await passes(wire, 0)
        (line,) = [line for line in raw.head.decode().splitlines() if line.lower().startswith("date:")]
        token = raw.body.partition(b'"token":"')[2].partition(b'"')[0].decode()
        claims = jwt.decode(token, options={"verify_signature": False})
        moment = parsedate_to_datetime(line.partition(":")[2].strip()).timestamp()
        return round(moment - EPOCH), claims["nbf"] - EPOCH, claims["exp"] - EPOCH, token

    assert (0, 0, 300) == (await dated())[:3]
    wire.faults.now(SkewClock(-3600))
    assert (-3600, -3600, -3300) == (await dated())[:3]
    wire.faults.now(SkewClock(90))
    *times, token = await dated()
    assert [90, 90, 390] == times
    # Durations are true: the token is valid for five minutes of the one clock, and leases lapse as ever.
    await wire.clock.sleep(299)
    assert wire.fake.check_token(token) is not None
    await wire.clock.sleep(1)
    assert wire.fake.check_token(token) is None
    assert [45.0] * 3 == [each.ended_at for each in wire.fake.streams]
    assert 3 == len([each for each in wire.journal.of(StateChanged) if each.reason == "lease_expired"])
