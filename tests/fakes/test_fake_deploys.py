"""Deploys and the other faults that change the server, set for a moment or for a request."""

from __future__ import annotations

import aiohttp
import pytest
from fake_stories import FRAME, LIVEKIT, WEBRTC, ending, story

from overshoot_testkit.fakes.overshoot import Account
from overshoot_testkit.faults import (
    Action,
    CloseSocket,
    CutSocket,
    Deploy,
    ExhaustCredits,
    ExpireLease,
    Refuse,
    SendGarbage,
)
from overshoot_testkit.journal import FaultFired, SocketClosed, SocketMessage, StateChanged


@story()
async def test_a_native_stream_survives_a_deploy_and_is_recovered_by_its_keepalive(wire):
    stream = await wire.create()
    socket = await wire.socket(stream)
    wire.faults.at(10, Deploy(8))

    assert (1006, None) == await ending(socket)
    assert 10.0 == wire.clock.now()
    status, answer = await wire.keepalive(stream)
    assert (503, "service_unavailable") == (status, answer["error"])
    assert 503 == (await wire.call("GET", "/healthz", key=None))[0]
    with pytest.raises(aiohttp.WSServerHandshakeError, match="503"):
        await wire.socket(stream)

    await wire.clock.sleep(8)
    again = await wire.socket(stream)
    await wire.clock.sleep(5)
    assert [] == wire.journal.of(SocketMessage, direction="out", since=10)

    assert 200 == (await wire.keepalive(stream))[0]
    await again.receive()
    assert 23.35 == round(wire.clock.now(), 6)
    assert ["down", "up"] == [each.after for each in wire.journal.of(StateChanged, entity="server")]


@story()
async def test_a_refusing_deploy_drops_connections_and_listens_again(wire):
    stream = await wire.create()
    wire.faults.at(10, Deploy(8, by="refusal"))
    await wire.clock.sleep(10.1)

    with pytest.raises(aiohttp.ClientConnectionError):
        await wire.keepalive(stream)
    await wire.clock.sleep(8)

    assert 200 == (await wire.keepalive(stream))[0]


@story()
async def test_ones_own_room_survives_a_deploy_and_webrtc_does_not(wire):
    rooms, peers = await wire.create(LIVEKIT), await wire.create(WEBRTC)

    wire.faults.now(Deploy(2))
    await wire.clock.sleep(3)

    assert 200 == (await wire.keepalive(rooms))[0]
    assert 404 == (await wire.keepalive(peers))[0]
    assert 404 == (await wire.delete(peers))[0]
    assert "webrtc_disconnected" == wire.fake.stream(peers).ended_reason
    assert 1 == len(wire.fake.open_streams())


@story()
async def test_leases_run_on_during_a_deploy(wire):
    stream = await wire.create()

    wire.faults.at(10, Deploy(60))
    await wire.clock.sleep(71)

    assert (45.0, "lease_expired") == (
        wire.fake.stream(stream).ended_at,
        wire.fake.stream(stream).ended_reason,
    )
    assert 404 == (await wire.keepalive(stream))[0]


@story()
async def test_a_deploy_within_a_deploy_prolongs_it(wire):
    wire.faults.at(10, Deploy(10))
    wire.faults.at(15, Deploy(10))

    for moment, expected in ((9, 200), (16, 503), (24, 503), (26, 200)):
        await wire.clock.sleep_until(moment)
        assert expected == (await wire.call("GET", "/healthz", key=None))[0], moment


@story()
async def test_a_deploy_can_begin_with_a_request(wire):
    stream = await wire.create()
    wire.faults.on(Deploy(5), route="keepalive", times=1)

    assert 503 == (await wire.keepalive(stream))[0]
    await wire.clock.sleep(5)
    assert 200 == (await wire.keepalive(stream))[0]

    wire.faults.on(Deploy(5, by="refusal"), route="keepalive", times=1)
    with pytest.raises(aiohttp.ClientConnectionError):
        await wire.keepalive(stream)
    assert "dropped" == wire.journal.exchanges("keepalive")[-1].response.outcome


@story()
async def test_a_lease_can_lapse_before_its_time(wire):
    first, second = await wire.create(), await wire.create()
    socket = await wire.socket(first)
    wire.faults.at(7, ExpireLease(), stream=first)

    assert (1001, "stream ended: lease_expired") == await ending(socket)
    assert 7.0 == wire.clock.now()
    assert wire.fake.stream(second).is_open

    wire.faults.on(ExpireLease(), route="keepalive", times=1)
    assert 404 == (await wire.keepalive(second))[0]


@story(accounts={"ovs_a": Account(), "ovs_b": Account()})
async def test_credits_can_vanish(wire):
    mine, yours = await wire.create(key="ovs_a"), await wire.create(key="ovs_b")
    wire.faults.on(ExhaustCredits(), route="keepalive", skip=1, times=1)

    assert 200 == (await wire.keepalive(mine, key="ovs_a"))[0]
    assert 402 == (await wire.keepalive(mine, key="ovs_a"))[0]
    assert 200 == (await wire.keepalive(yours, key="ovs_b"))[0]

    wire.faults.now(ExhaustCredits(), stream=yours)
    assert 402 == (await wire.keepalive(yours, key="ovs_b"))[0]
    wire.fake.account("ovs_a").top_up(5)
    wire.faults.now(ExhaustCredits(), stream=yours)
    assert 5.0 == wire.fake.account("ovs_a").credits_cents
    wire.faults.now(ExhaustCredits())
    assert (0.0, 0.0) == tuple(wire.fake.account(key).credits_cents for key in ("ovs_a", "ovs_b"))


@story(accounts={"ovs_a": Account(), "ovs_b": Account()})
async def test_credits_vanish_for_whoever_makes_the_request(wire):
    wire.faults.on(ExhaustCredits(), route="create")

    assert 402 == (await wire.call("POST", "/streams", json=FRAME, key="ovs_a"))[0]
    assert 0.0 == wire.fake.account("ovs_a").credits_cents
    assert 0.0 < wire.fake.account("ovs_b").credits_cents


@story()
async def test_sockets_are_struck_at_a_moment(wire):
    stream, other = await wire.create(), await wire.create()
    closed, spared = await wire.socket(stream), await wire.socket(other)
    wire.faults.at(3, CloseSocket(1012, "restarting"), stream=stream)

    assert (1012, "restarting") == await ending(closed)
    assert 3.0 == wire.clock.now()
    assert [("fault", 1012)] == [(each.by, each.code) for each in wire.journal.of(SocketClosed)]
    wire.faults.now(CutSocket())
    assert (1006, None) == await ending(spared)


@story()
async def test_sockets_are_struck_as_they_open(wire):
    stream = await wire.create()
    for action, expected in (
        (CloseSocket(1011), (1011, "")),
        (CloseSocket(1008, "authentication failed"), (1008, "authentication failed")),
        (CloseSocket(4000, "odd"), (4000, "odd")),
        (CutSocket("eof"), (1006, None)),
        (CutSocket("reset"), (1006, None)),
    ):
        wire.faults.on(action, route="socket", stream=stream, times=1)
        assert expected == await ending(await wire.socket(stream)), action
    assert [1, 2, 3, 4, 5] == [each.socket for each in wire.journal.of(FaultFired)]
    assert [] == wire.faults.unfired()


@story(accounts={"ovs_a": Account(), "ovs_b": Account()})
async def test_a_socket_is_struck_by_the_key_that_it_showed(wire):
    mine, yours = await wire.create(key="ovs_a"), await wire.create(key="ovs_b")
    wire.faults.on(CloseSocket(1011), where=lambda occasion: occasion.key == "key 2")

    spared, struck = await wire.socket(mine, "ovs_a"), await wire.socket(yours, "ovs_b")

    assert (1011, "") == await ending(struck)
    assert '"ok":true' in (await spared.receive()).data


@story()
async def test_garbage_comes_among_the_results(wire):
    stream = await wire.create()
    for payload in ("{not json", b"\x00\xff", "[]"):
        wire.faults.on(SendGarbage(payload), route="socket", times=1)
    socket = await wire.socket(stream)

    heard = [await socket.receive() for _ in range(4)]

    assert ["{not json", b"\x00\xff", "[]"] == [each.data for each in heard[:3]]
    assert ["{not json", {"binary": 2}, []] == [
        each.data for each in wire.journal.of(SocketMessage, direction="out")[:3]
    ]
    assert '"ok":true' in heard[3].data


@story()
async def test_new_connections_can_be_refused_while_the_server_is_well(wire):
    stream = await wire.create()
    socket = await wire.socket(stream)
    await wire.keepalive(stream)
    wire.faults.at(10, Refuse(3))
    await wire.clock.sleep(10.5)

    with pytest.raises(aiohttp.ClientConnectionError):
        await wire.keepalive(stream)
    await wire.clock.sleep(3)

    assert 200 == (await wire.keepalive(stream))[0]
    assert 7 == len([await socket.receive() for _ in range(7)])
    assert 13.5 == wire.clock.now()
    assert [] == wire.journal.of(StateChanged, entity="server")


@story()
async def test_an_action_from_elsewhere_is_refused(wire):
    class Earthquake(Action):
        kind = "state"

    with pytest.raises(TypeError, match="Earthquake"):
        wire.faults.now(Earthquake())


@story()
async def test_routes_are_checked_by_name(wire):
    with pytest.raises(ValueError, match="did you mean 'keepalive'"):
        wire.faults.on(Deploy(1), route="keepalives")
    assert {"create", "keepalive", "close", "info", "prompt", "models", "healthz", "socket"} <= set(
        wire.faults.routes
    )
    assert 201 == (await wire.call("POST", "/streams", json=FRAME))[0]
