"""Deploys that flap, roll or say so first, and connections that are refused, as clients meet them.

Plain deploys: test_fake_deploys.py.
"""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from fake_stories import FRAME, WEBRTC, ending, loopback_story, story
from raw_wire import connect, passes

from overshoot_testkit.faults import Delay, Deploy, Refuse, RollingDeploy
from overshoot_testkit.journal import Response, SocketClosed, SocketMessage, StateChanged


async def health(wire):
    return (await wire.call("GET", "/healthz", key=None))[0]


@story()
async def test_a_graceful_deploy_says_so_first(wire):
    stream = await wire.create()
    socket = await wire.socket(stream)
    wire.faults.at(10, Deploy(5, sockets="close"))

    assert (1012, "service restart") == await ending(socket)
    assert (10.0, 503) == (wire.clock.now(), await health(wire))
    await wire.clock.sleep(5)
    assert 200 == (await wire.keepalive(stream))[0]
    assert [("fault", 1012)] == [(each.by, each.code) for each in wire.journal.of(SocketClosed)]


@pytest.mark.parametrize("told", [story, loopback_story])
def test_a_graceful_deploy_that_refuses_lets_the_close_frames_out(told):
    async def tell(wire):
        stream = await wire.create()
        socket = await wire.socket(stream)
        await passes(wire, 1)
        wire.faults.now(Deploy(5, by="refusal", sockets="close"))

        assert (1012, "service restart") == await ending(socket)
        with pytest.raises(aiohttp.ClientConnectionError):
            await health(wire)
        await passes(wire, 5)
        assert 200 == await health(wire)

    told()(tell)()


@story()
async def test_a_deploy_can_flap(wire):
    peers, stream = await wire.create(WEBRTC), await wire.create()
    wire.faults.at(10, Deploy(2, times=3, pause=4))

    seen = []
    for second in range(5, 35, 1):
        await wire.clock.sleep_until(second + 0.5)
        seen.append(await health(wire))
    down = [second + 5 for second, status in enumerate(seen) if status == 503]
    assert [10, 11, 16, 17, 22, 23] == down
    assert [10.0, 16.0, 22.0] == [
        each.at for each in wire.journal.of(StateChanged, entity="server") if each.after == "down"
    ]
    assert [404, 200] == [(await wire.keepalive(each))[0] for each in (peers, stream)]


@story()
async def test_a_socket_can_be_opened_between_two_outages(wire):
    stream = await wire.create()
    wire.faults.now(Deploy(2, times=2, pause=4))
    await wire.clock.sleep(2.5)
    socket = await wire.socket(stream)

    assert (1006, None) == await ending(socket)
    assert 6.0 == wire.clock.now()


@story()
async def test_a_deploy_rolls_over_the_instances_one_by_one(wire):
    streams = [await wire.create() for _ in range(3)]
    sockets = [await wire.socket(each) for each in streams]
    wire.faults.at(10, RollingDeploy(9, instances=3))

    ends = await asyncio.gather(*(_ended(wire, socket) for socket in sockets))
    # A stream's instance is its number modulo 3: the first goes second, and the third first.
    assert [(13.0, 1012), (16.0, 1012), (10.0, 1012)] == ends
    assert [("instance 1 of 3", 10.0), ("instance 2 of 3", 13.0), ("instance 3 of 3", 16.0)] == [
        (each.id, each.at) for each in wire.journal.of(StateChanged, entity="server") if each.after == "down"
    ]


async def _ended(wire, socket):
    code, _ = await ending(socket)
    return wire.clock.now(), code


@story()
async def test_only_requests_about_the_instance_that_is_away_fail(wire):
    first, second = await wire.create(), await wire.create()
    wire.faults.now(RollingDeploy(8, instances=2, sockets="cut"))

    seen = []
    for moment in (1, 5, 9):
        await wire.clock.sleep_until(moment)
        with_sockets = []
        for stream in (first, second):
            try:
                await wire.socket(stream)
                with_sockets.append(101)
            except aiohttp.WSServerHandshakeError as error:
                with_sockets.append(error.status)
        keepalives = [(await wire.keepalive(each))[0] for each in (first, second)]
        seen.append((keepalives, with_sockets, await health(wire)))
    assert [
        ([200, 503], [101, 503], 200),
        ([503, 200], [503, 101], 200),
        ([200, 200], [101, 101], 200),
    ] == seen


@story()
async def test_native_streams_outlive_their_instance_and_webrtc_streams_do_not(wire):
    native, peers, others = await wire.create(), await wire.create(WEBRTC), await wire.create(WEBRTC)
    wire.faults.now(RollingDeploy(2, instances=2))  # the second goes first, the other two at 1 s
    await wire.clock.sleep(3)

    assert [200, 404, 404] == [(await wire.keepalive(each))[0] for each in (native, peers, others)]
    assert [0.0, 1.0] == [wire.fake.stream(each).ended_at for each in (peers, others)]


@story()
async def test_results_come_again_after_the_next_keepalive(wire):
    stream = await wire.create()
    wire.faults.now(RollingDeploy(4, instances=2))
    await wire.clock.sleep(5)
    socket = await wire.socket(stream)
    await wire.clock.sleep(5)
    assert [] == wire.journal.of(SocketMessage, direction="out")

    await wire.keepalive(stream)
    assert '"ok":true' in (await socket.receive()).data


@story()
async def test_a_new_stream_is_taken_by_an_instance_that_is_up(wire):
    wire.faults.now(RollingDeploy(4, instances=2))

    assert 201 == (await wire.call("POST", "/streams", json=FRAME))[0]


# --- the way to the server ----------------------------------------------------------------------------


@pytest.mark.parametrize("told", [story, loopback_story])
def test_a_broken_way_can_cut_what_is_open(told):
    async def tell(wire):
        stream = await wire.create()
        socket = await wire.socket(stream)
        idle, waiting = await connect(wire), await connect(wire)
        wire.faults.on(Delay(100), route="healthz")
        waiting.ask()
        await passes(wire, 0)
        wire.faults.now(Refuse(3, open="cut"))
        await passes(wire, 0)

        assert ("eof", "reset") == (idle.ended[1], waiting.ended[1])
        assert (1006, None) == await ending(socket)
        assert ("reset", None) == (
            wire.journal.last(Response, route="healthz").outcome,
            wire.journal.last(Response, route="healthz").status,
        )
        with pytest.raises(OSError, match=r".*"):
            await connect(wire)
        await passes(wire, 3)
        assert 200 == (await wire.keepalive(stream))[0]

    told()(tell)()


@story()
async def test_refusals_add_up(wire):
    wire.faults.at(1, Refuse(10))
    wire.faults.at(2, Refuse(2))
    wire.faults.at(3, Deploy(3, by="refusal"))

    for moment, expected in ((5, False), (7, False), (10.5, False), (11.5, True)):
        await wire.clock.sleep_until(moment)
        try:
            up = await health(wire) == 200
        except aiohttp.ClientConnectionError:
            up = False
        assert expected == up, moment
