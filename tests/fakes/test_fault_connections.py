"""Each fault of a connection as its client sees it, byte for byte: in memory and on a real socket alike."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from fake_stories import FRAME, ending, loopback_story, on_both_networks, story
from raw_wire import connect, passes

from overshoot_testkit.faults import (
    Answer,
    Bandwidth,
    Blackhole,
    CloseSocket,
    Latency,
    LimitData,
    ResetConnection,
    Slice,
    SlowClose,
)
from overshoot_testkit.journal import FaultFired, Request, Response, SocketClosed


async def latency_delays_what_comes_down(wire):
    wire.faults.on(Latency(2))
    raw = await connect(wire)
    raw.ask()
    await passes(wire, 1.9)
    assert ([], 1) == (raw.heard, wire.fake.traffic.held)

    await passes(wire, 0.2)
    assert [2.0] == raw.moments()
    assert b"HTTP/1.1 200 OK" == raw.head[:15]
    assert 0.0 == wire.journal.first(Response).at


async def latency_delays_what_goes_up(wire):
    wire.faults.on(Latency(2, direction="up"))
    raw = await connect(wire)
    raw.ask()
    await passes(wire, 3)

    assert [2.0] == raw.moments()
    assert [2.0] == [each.at for each in wire.journal.of(Request)]


async def jitter_varies_latency_and_keeps_the_order(wire):
    wire.faults.on(Slice(20))
    wire.faults.on(Latency(2, jitter=1))
    raw = await connect(wire)
    raw.ask()
    await passes(wire, 5)

    assert b'{"status":"ok"}' == raw.body
    assert len(set(raw.moments())) > 1
    assert all(1 <= moment <= 3 for moment in raw.moments())
    assert raw.moments() == sorted(raw.moments())


async def bandwidth_lets_so_many_bytes_pass_in_a_second(wire):
    wire.faults.on(Bandwidth(100))
    raw = await connect(wire)
    raw.ask()
    await passes(wire, 1.05)
    assert 100 == len(raw.data)
    assert [0.1, 0.2, 0.3] == raw.moments()[:3]

    await passes(wire, 5)
    assert b'{"status":"ok"}' == raw.body
    assert len(raw.data) / 100 == pytest.approx(raw.moments()[-1], abs=0.001)


async def bandwidth_narrows_what_goes_up(wire):
    wire.faults.on(Bandwidth(10, direction="up"))
    raw = await connect(wire)
    raw.transport.write(b"GET /v0.2/healthz HTTP/1.1\r\nHost: f\r\n\r\n")
    await passes(wire, 5)

    assert [3.9] == raw.moments()


async def slices_come_one_by_one(wire):
    wire.faults.on(Slice(50, gap=0.5))
    raw = await connect(wire)
    raw.ask()
    await passes(wire, 10)

    assert [(0.0, 50), (0.5, 50), (1.0, 50)] == [(at, len(data)) for at, data in raw.heard[:3]]
    assert b'{"status":"ok"}' == raw.body


async def slices_vary_in_size(wire):
    wire.faults.on(Slice(20, variation=10, gap=0.1))
    raw = await connect(wire)
    raw.ask()
    await passes(wire, 10)

    sizes = [len(data) for _, data in raw.heard[:-1]]
    assert all(10 <= size <= 30 for size in sizes)
    assert len(set(sizes)) > 1
    assert b'{"status":"ok"}' == raw.body


async def a_limit_of_data_closes_the_connection(wire):
    wire.faults.on(LimitData(20))
    raw = await connect(wire)
    raw.ask()
    await passes(wire, 1)

    assert (20, (0.0, "eof")) == (len(raw.data), raw.ended)
    assert 0 == wire.fake.traffic.connections_open


async def a_limit_of_data_from_the_client_closes_the_connection(wire):
    wire.faults.on(LimitData(20, direction="up"))
    raw = await connect(wire)
    raw.ask()
    await passes(wire, 1)

    assert (b"", (0.0, "eof")) == (raw.data, raw.ended)
    assert [] == wire.journal.of(Request)


async def a_black_hole_swallows_all_until_it_is_removed(wire):
    fault = wire.faults.on(Blackhole())
    raw = await connect(wire)
    raw.ask()
    await passes(wire, 100)
    assert ([], None) == (raw.heard, raw.ended)
    assert "answered" == wire.journal.first(Response).outcome

    fault.remove()
    await passes(wire, 0)
    assert [100.0] == raw.moments()
    assert 0 == wire.fake.traffic.held


async def a_black_hole_swallows_what_the_client_says(wire):
    wire.faults.on(Blackhole(direction="up"), lasts=10)
    raw = await connect(wire)
    raw.ask()
    await passes(wire, 9)
    assert [] == wire.journal.of(Request)

    await passes(wire, 2)
    assert [10.0] == raw.moments()


async def a_black_hole_can_end_the_connection(wire):
    wire.faults.on(Blackhole(5))
    raw = await connect(wire)
    raw.ask()
    await passes(wire, 6)

    assert ([], (5.0, "eof")) == (raw.heard, raw.ended)


async def a_close_is_heard_late(wire):
    wire.faults.on(SlowClose(3))
    raw = await connect(wire)
    raw.ask(Connection="close")
    await passes(wire, 2.9)
    assert (b'{"status":"ok"}', None) == (raw.body, raw.ended)
    assert 0 == wire.fake.traffic.connections_open

    await passes(wire, 0.2)
    assert (3.0, "eof") == raw.ended


async def a_connection_is_reset_after_a_while(wire):
    wire.faults.on(ResetConnection(4))
    raw = await connect(wire)
    raw.ask()
    await passes(wire, 5)

    assert b'{"status":"ok"}' == raw.body
    assert (4.0, "reset") == raw.ended


async def a_connection_is_reset_at_once(wire):
    open_already = await connect(wire)
    wire.faults.on(ResetConnection())
    await passes(wire, 0)
    new = await connect(wire)

    assert ((0.0, "reset"), (0.0, "reset")) == (open_already.ended, new.ended)
    assert 2 == len(wire.journal.of(FaultFired))


async def a_request_has_its_connection_reset_before_it_is_processed(wire):
    wire.faults.on(ResetConnection(), route="create")
    wire.faults.on(Answer(500), route="create")
    raw = await connect(wire)
    raw.ask("POST", "/streams", FRAME)
    await passes(wire, 1)

    assert ([], (0.0, "reset")) == (raw.heard, raw.ended)
    assert ("reset", []) == (wire.journal.first(Response).outcome, wire.fake.streams)
    assert ["Answer"] == [type(fault.action).__name__ for fault in wire.faults.unfired()]


async def conditions_compose_in_the_order_they_were_set(wire):
    wire.faults.on(Latency(1))
    wire.faults.on(Bandwidth(100))
    wire.faults.on(Answer(503), route="healthz")
    raw = await connect(wire)
    raw.ask()
    await passes(wire, 10)

    assert b"HTTP/1.1 503" == raw.head[:12]
    assert 1.1 == raw.moments()[0]
    assert 1 + len(raw.data) / 100 == pytest.approx(raw.moments()[-1], abs=0.001)


async def an_open_connection_recovers_when_the_window_ends(wire):
    raw = await connect(wire)
    wire.faults.on(Latency(10), since=5, until=20)
    for begun, expected in ((0, 0.0), (6, 16.0), (17, 20.0), (21, 21.0)):
        await passes(wire, begun - wire.clock.now())
        raw.heard.clear()
        raw.ask()
        await passes(wire, 0)
        await passes(wire, max(0, expected - wire.clock.now()))
        assert [expected] == raw.moments()
    assert 1 == len(wire.journal.of(FaultFired))


async def a_connection_that_was_to_be_lost_is_spared_when_the_fault_is_removed(wire):
    raw = await connect(wire)
    faults = [wire.faults.on(ResetConnection(5)), wire.faults.on(Blackhole(5))]
    await passes(wire, 4)
    for fault in faults:
        fault.remove()
    await passes(wire, 4)
    raw.ask()
    await passes(wire, 0)

    assert ([8.0], None) == (raw.moments(), raw.ended)


async def a_fault_that_is_changed_counts_the_time_already_waited(wire):
    slow = wire.faults.on(Latency(10))
    raw = await connect(wire)
    raw.ask()
    await passes(wire, 3)
    wire.faults.on(Latency(4))
    slow.remove()
    await passes(wire, 5)

    assert [4.0] == raw.moments()


STORIES = [
    latency_delays_what_comes_down,
    latency_delays_what_goes_up,
    jitter_varies_latency_and_keeps_the_order,
    bandwidth_lets_so_many_bytes_pass_in_a_second,
    bandwidth_narrows_what_goes_up,
    slices_come_one_by_one,
    slices_vary_in_size,
    a_limit_of_data_closes_the_connection,
    a_limit_of_data_from_the_client_closes_the_connection,
    a_black_hole_swallows_all_until_it_is_removed,
    a_black_hole_swallows_what_the_client_says,
    a_black_hole_can_end_the_connection,
    a_close_is_heard_late,
    a_connection_is_reset_after_a_while,
    a_connection_is_reset_at_once,
    a_request_has_its_connection_reset_before_it_is_processed,
    conditions_compose_in_the_order_they_were_set,
    an_open_connection_recovers_when_the_window_ends,
    a_connection_that_was_to_be_lost_is_spared_when_the_fault_is_removed,
    a_fault_that_is_changed_counts_the_time_already_waited,
]


test_in_memory, test_on_loopback = on_both_networks(STORIES)


# --- whose connection -------------------------------------------------------------------------------


@story()
async def test_a_condition_chooses_connections_by_the_requests_they_carry(wire):
    struck, spared = await connect(wire), await connect(wire)
    wire.faults.on(Latency(3), route="models")
    struck.ask("GET", "/models")
    spared.ask("GET", "/healthz")
    await passes(wire, 4)
    assert ([3.0], [0.0]) == (struck.moments(), spared.moments())

    struck.ask("GET", "/healthz")  # from the matching request on, whatever it carries
    await passes(wire, 4)
    assert [3.0, 7.0] == struck.moments()
    assert ["models"] == [
        wire.journal.first(Request, request_id=each.request_id).route for each in wire.journal.of(FaultFired)
    ]


@story()
async def test_results_on_a_socket_come_late(wire):
    stream = await wire.create()
    wire.faults.on(Latency(5), route="socket")
    socket = await wire.socket(stream)
    assert 5.0 == wire.clock.now()

    await socket.receive()
    assert 5.1 + 5 == round(wire.clock.now(), 6)
    assert 200 == (await wire.keepalive(stream))[0]
    assert 5.1 + 5 == round(wire.clock.now(), 6)


@story()
async def test_an_open_socket_is_found_by_its_stream(wire):
    stream, other = await wire.create(), await wire.create()
    struck, spared = await wire.socket(stream), await wire.socket(other)
    await wire.clock.sleep(0.5)

    wire.faults.on(ResetConnection(2), stream=stream, route="socket")

    assert (1006, None) == await ending(struck)
    assert 2.5 == wire.clock.now()
    assert [("fault", 1006)] == [(each.by, each.code) for each in wire.journal.of(SocketClosed)]
    assert (await spared.receive()).type is aiohttp.WSMsgType.TEXT
    assert 1 == wire.fake.traffic.sockets_open


@story()
async def test_times_and_chance_are_counted_in_connections(wire):
    wire.faults.on(LimitData(0), times=2, name="the first two")
    ends = []
    for _ in range(4):
        raw = await connect(wire)
        raw.ask()
        await passes(wire, 1)
        ends.append(raw.ended is not None)
        raw.transport.close()
        await passes(wire, 1)
    assert [True, True, False, False] == ends

    wire.faults.clear()
    wire.faults.on(Latency(1), chance=0.5, name="half of them")
    late = []
    for _ in range(20):
        raw = await connect(wire)
        for _ in range(2):
            raw.ask()
            await passes(wire, 2)
        first, second = (moment % 2 for moment in raw.moments())
        assert first == second  # drawn once
        late.append(first == 1)
    assert 4 < sum(late) < 16
    assert sum(late) == len(wire.journal.of(FaultFired, fault="half of them"))


@story()
async def test_a_close_frame_travels_as_late_as_the_results(wire):
    stream = await wire.create()
    socket = await wire.socket(stream)
    wire.faults.on(Latency(3), stream=stream)
    wire.faults.at(2, CloseSocket(1012))

    assert (1012, "") == await ending(socket)
    assert 5.0 == wire.clock.now()


@story()
async def test_a_client_that_leaves_is_noticed_while_its_answer_is_held(wire):
    wire.faults.on(Blackhole(), route="create")
    with pytest.raises(TimeoutError):
        await wire.call("POST", "/streams", json=FRAME, timeout=aiohttp.ClientTimeout(total=5))
    await passes(wire, 1)

    # A lost 201: the stream was created, and costs money until its lease lapses.
    assert 1 == len(wire.fake.open_streams())
    assert 0 == wire.fake.traffic.connections_open


@loopback_story()
async def test_closing_the_fake_lets_go_of_what_is_held(wire):
    wire.faults.on(Blackhole())
    wire.faults.on(Bandwidth(10, direction="up"))
    wire.faults.on(SlowClose(1000))
    raws = [await connect(wire) for _ in range(3)]
    for raw in raws:
        raw.ask()
    raws[0].ask(Connection="close")
    await passes(wire, 60)
    before = asyncio.all_tasks()

    await wire.fake.aclose()
    await passes(wire, 0)

    assert ["eof"] * 3 == [raw.ended[1] for raw in raws]
    assert (0, 0) == (wire.fake.traffic.held, wire.fake.traffic.connections_open)
    assert wire.clock.next_timer() is None
    assert asyncio.all_tasks() <= before


def test_the_same_seed_draws_the_same_jitter():
    drawn = []

    async def tell(wire):
        wire.faults.on(Slice(30))
        wire.faults.on(Latency(2, jitter=2))
        raw = await connect(wire)
        raw.ask()
        await passes(wire, 5)
        drawn.append(raw.moments())

    story()(tell)()
    story()(tell)()

    assert drawn[0] == drawn[1]
    assert len(set(drawn[0])) > 1
