"""What a fault does to one answer, byte for byte: in memory and on a real socket alike.

Errors, delays, drops, resets and truncation as an aiohttp client sees them: test_fake_request_faults.py.
"""

from __future__ import annotations

import asyncio
import gzip
import json

import aiohttp
import httpx
import pytest
from fake_stories import FRAME, loopback_story, on_both_networks, story
from raw_wire import connect, passes

from overshoot_testkit.clock import LoopClock
from overshoot_testkit.fakes.overshoot import OvershootFake
from overshoot_testkit.faults import (
    Answer,
    CloseOrder,
    Delay,
    Dribble,
    Drop,
    ExhaustCredits,
    Latency,
    LogNormal,
    Malform,
    Pass,
    Ramp,
    RateLimit,
    Steps,
    Truncate,
    Uniform,
)
from overshoot_testkit.journal import FaultFired, Response, SocketClosed

OK = b'{"status":"ok"}'


def outcomes(wire):
    return [each.outcome for each in wire.journal.of(Response)]


async def a_body_dribbles(wire):
    wire.faults.on(Dribble(10, pieces=5))
    raw = await connect(wire)
    raw.ask()
    await passes(wire, 9)
    assert (12, 1) == (len(raw.body), wire.fake.traffic.requests_open)
    await passes(wire, 2)

    assert [2.0, 4.0, 6.0, 8.0, 10.0] == [moment for moment in raw.moments() if moment]
    assert (OK, ["answered"]) == (raw.body, outcomes(wire))

    wire.faults.clear()
    raw.heard.clear()
    raw.ask()  # the connection is as good as before
    await passes(wire, 0)
    assert OK == raw.body


async def a_body_breaks_off_in_the_middle_of_its_json(wire):
    wire.faults.on(Malform())
    raw = await connect(wire)
    raw.ask()
    await passes(wire, 0)

    assert b"HTTP/1.1 200 OK" == raw.head[:15]
    assert b"content-length: 7" in raw.head.lower()
    assert (OK[:7], None) == (raw.body, raw.ended)
    assert ["truncated"] == outcomes(wire)


async def noise_comes_among_chunks(wire):
    wire.faults.on(Malform("chunk"))
    raw = await connect(wire)
    raw.ask()
    await passes(wire, 0)

    assert b"transfer-encoding: chunked" in raw.head.lower()
    assert b"7\r\n" + OK[:7] + b"\r\n\x80\x81" == raw.body[:14]
    assert (0.0, "eof") == raw.ended


async def noise_comes_in_an_answers_place(wire):
    wire.faults.on(Malform("response"))
    raw = await connect(wire)
    raw.ask()
    await passes(wire, 0)

    assert (b"\x80\x81\x82", (0.0, "eof")) == (raw.data[:3], raw.ended)
    assert ["dropped"] == outcomes(wire)


async def an_answer_without_a_body_has_none(wire):
    for status in (204, 304):
        wire.faults.on(Answer(status, {"never": "sent"}), times=1)
        raw = await connect(wire)
        raw.ask()
        await passes(wire, 0)
        assert (str(status).encode(), b"") == (raw.head[9:12], raw.body)
        raw.ask()
        await passes(wire, 0)
        assert raw.data.endswith(OK)


async def what_has_no_body_is_spoilt_all_the_same(wire):
    for action, expected in (
        (Truncate(), (b"", "eof")),
        (Malform(), (b"\x80\x81", "eof")),
        (Malform("chunk"), (b"\x80\x81", "eof")),
    ):
        wire.faults.clear()
        wire.faults.on(action)
        raw = await connect(wire)
        raw.ask("HEAD")
        await passes(wire, 0)
        assert expected == (raw.data[:2], raw.ended[1]), action


async def a_head_that_dribbles_is_as_ever(wire):
    wire.faults.on(Dribble(5))
    raw = await connect(wire)
    raw.ask("HEAD")
    await passes(wire, 0)

    assert (b"HTTP/1.1 200", b"") == (raw.head[:12], raw.body)


async def what_is_cut_short_was_compressed_first(wire):
    wire.fake.change(models={f"model-{number:04d}": "ready" for number in range(200)})
    wire.faults.on(Truncate(30), times=1)
    raw = await connect(wire)
    raw.ask("GET", "/models", Accept_Encoding="gzip")
    await passes(wire, 0)
    assert b"content-encoding: gzip" in raw.head.lower()
    assert (30, b"\x1f\x8b") == (len(raw.body), raw.body[:2])

    wire.faults.on(Dribble(1, pieces=3), times=1)
    raw = await connect(wire)
    raw.ask("GET", "/models", Accept_Encoding="gzip")
    await passes(wire, 1)
    assert 200 == len(json.loads(gzip.decompress(raw.body)))

    wire.faults.on(Malform(), times=1)  # its JSON breaks off, not its compression
    raw = await connect(wire)
    raw.ask("GET", "/models", Accept_Encoding="gzip")
    await passes(wire, 0)
    assert (b'[{"model"', False) == (raw.body[:9], raw.body.endswith(b"]"))


STORIES = [
    a_body_dribbles,
    a_body_breaks_off_in_the_middle_of_its_json,
    noise_comes_among_chunks,
    noise_comes_in_an_answers_place,
    an_answer_without_a_body_has_none,
    what_has_no_body_is_spoilt_all_the_same,
    a_head_that_dribbles_is_as_ever,
    what_is_cut_short_was_compressed_first,
]


test_in_memory, test_on_loopback = on_both_networks(STORIES)


@story()
async def test_what_aiohttp_makes_of_malformed_answers(wire):
    for part, expected in (
        ("body", json.JSONDecodeError),
        ("chunk", (aiohttp.ClientError, TimeoutError)),  # aiohttp 3.14 waits for its timeout
        ("response", aiohttp.ClientError),
    ):
        wire.faults.on(Malform(part), route="models", times=1)
        with pytest.raises(expected):
            await wire.call("GET", "/models")


@story()
async def test_what_httpx_makes_of_malformed_answers(wire):
    async with httpx.AsyncClient() as client:
        for action, expected in (
            (Malform(), json.JSONDecodeError),
            (Malform("chunk"), httpx.RemoteProtocolError),
            (Malform("response"), httpx.RemoteProtocolError),
            (Truncate(5), httpx.RemoteProtocolError),
            (Drop(), httpx.RemoteProtocolError),
        ):
            wire.faults.on(action, route="healthz", times=1)
            with pytest.raises(expected):
                (await client.get(f"{wire.fake.base_url}/healthz")).json()


@story()
async def test_a_keepalive_whose_answer_is_lost_was_charged_for(wire):
    stream = await wire.create()
    await wire.clock.sleep(20)
    wire.faults.on(Drop(when="after"), route="keepalive", times=1)
    with pytest.raises(aiohttp.ClientConnectionError):
        await wire.keepalive(stream)

    assert (65.0, 1.0) == (wire.fake.stream(stream).lease_expires_at, wire.fake.stream(stream).cost_cents)
    await wire.clock.sleep(40)
    status, body = await wire.keepalive(stream)
    assert (200, 40.0) == (status, body["seconds_charged"])


# --- the order in which a client hears of an end ------------------------------------------------------


async def ends(wire, stream, socket):
    """What the client hears after its DELETE, in order."""
    heard = []

    async def answer():
        await wire.delete(stream)
        heard.append((wire.clock.now(), "answer"))

    async def close():
        while (await socket.receive()).type is not aiohttp.WSMsgType.CLOSE:
            pass
        heard.append((wire.clock.now(), "socket", socket.close_code))

    await asyncio.gather(answer(), close())
    return heard


@story()
async def test_the_answer_can_come_before_the_close_frame(wire):
    stream, other = await wire.create(), await wire.create()
    socket, spared = await wire.socket(stream), await wire.socket(other)
    wire.faults.on(CloseOrder("answer", gap=0.5), route="close", times=1)

    assert [(0.0, "answer"), (0.5, "socket", 1001)] == await ends(wire, stream, socket)
    assert [0.5] == [each.at for each in wire.journal.of(SocketClosed)]
    assert '"ok":true' in (await spared.receive()).data
    await wire.delete(other)
    assert 1001 == (await spared.receive()).data


@story()
async def test_the_close_frame_can_come_before_the_answer(wire):
    stream = await wire.create()
    socket = await wire.socket(stream)
    wire.faults.on(CloseOrder("socket", gap=0.5), route="close")

    assert [(0.0, "socket", 1001), (0.5, "answer")] == await ends(wire, stream, socket)


@story()
async def test_a_forced_order_goes_with_delays_and_lost_answers(wire):
    stream = await wire.create()
    socket = await wire.socket(stream)
    wire.faults.on(CloseOrder("answer", gap=0.5), route="close")
    wire.faults.on(Delay(2, when="after"), route="close")
    assert [(2.0, "answer"), (2.5, "socket", 1001)] == await ends(wire, stream, socket)

    stream = await wire.create()
    socket = await wire.socket(stream)
    wire.faults.on(Drop(when="after"), route="close")
    with pytest.raises(aiohttp.ClientError):
        await wire.delete(stream)
    assert 1001 == (await socket.receive()).data


@story()
async def test_an_order_is_forced_on_nothing_where_no_socket_ends(wire):
    stream = await wire.create()
    wire.faults.on(CloseOrder("socket", gap=0.5), route="close")

    assert 200 == (await wire.delete(stream))[0]
    assert 0.0 == wire.clock.now()


# --- what changes from time to time -------------------------------------------------------------------


@story()
async def test_each_step_has_its_turn(wire):
    stream = await wire.create()
    wire.faults.on(Steps((Answer(503), Delay(3), Pass(), Drop(), ExhaustCredits())), route="keepalive")
    seen = []
    for _ in range(6):
        begun = wire.clock.now()
        try:
            status, _ = await wire.keepalive(stream)
        except aiohttp.ClientConnectionError:
            status = None
        seen.append((status, wire.clock.now() - begun))

    assert [(503, 0.0), (200, 3.0), (200, 0.0), (None, 0.0), (402, 0.0), (402, 0.0)] == seen
    assert ["Answer(status=503)", "Delay(seconds=3)", "Drop()", "ExhaustCredits()"] == [
        each.action for each in wire.journal.of(FaultFired)
    ]


@story()
async def test_steps_can_begin_again(wire):
    wire.faults.on(Steps((Answer(500), Pass()), repeat=True), route="healthz")

    assert [500, 200, 500, 200] == [(await wire.call("GET", "/healthz", key=None))[0] for _ in range(4)]


@story()
async def test_a_quota_says_when_to_come_again(wire):
    wire.faults.on(RateLimit(2, seconds=10), route="models")
    url = f"{wire.fake.base_url}/models"
    seen = []
    for wait in (0, 4, 1, 4.5, 0.5):
        await wire.clock.sleep(wait)
        async with wire.session.get(url, headers={"Authorization": f"Bearer {wire.key}"}) as answer:
            seen.append((answer.status, answer.headers.get("Retry-After")))

    assert [(200, None), (200, None), (429, "5"), (429, "1"), (200, None)] == seen


@story()
async def test_delays_are_drawn_from_distributions(wire):
    for distribution in (Uniform(1, 3), LogNormal(2, 0.5)):
        fault = wire.faults.on(Delay(distribution), route="healthz")
        waited = []
        for _ in range(30):
            begun = wire.clock.now()
            await wire.call("GET", "/healthz", key=None)
            waited.append(round(wire.clock.now() - begun, 6))
        fault.remove()
        assert 30 == len(set(waited))
        assert 1.5 < sorted(waited)[15] < 2.5
        if isinstance(distribution, Uniform):
            assert 1 <= min(waited) < max(waited) <= 3
    drawn = [each.action for each in wire.journal.of(FaultFired)][-30:]
    assert [f"Delay(seconds={seconds!r})" for seconds in waited] == drawn


@story()
async def test_a_fault_can_come_by_chance_grow_and_expire(wire):
    wire.faults.on(Answer(500), route="healthz", chance=Ramp(0, 1, seconds=100), lasts=200)
    failed = []
    for _ in range(300):
        await wire.clock.sleep(1)
        failed.append((await wire.call("GET", "/healthz", key=None))[0] == 500)

    first, second = sum(failed[:50]), sum(failed[50:100])
    assert first < second
    assert (99, 0) == (sum(failed[100:199]), sum(failed[200:]))


@story()
async def test_request_and_connection_faults_compose(wire):
    wire.faults.on(Latency(2), route="models")
    wire.faults.on(Delay(1), route="models")
    wire.faults.on(Answer(503, headers={"Retry-After": "9"}), route="models")

    assert 503 == (await wire.call("GET", "/models"))[0]
    assert 3.0 == wire.clock.now()
    assert ["Latency", "Delay", "Answer"] == [
        each.action.partition("(")[0] for each in wire.journal.of(FaultFired)
    ]


@loopback_story()
async def test_an_old_client_that_knows_no_chunks_hears_noise(wire):
    wire.faults.on(Malform("chunk"))
    raw = await connect(wire)
    raw.transport.write(b"GET /v0.2/healthz HTTP/1.0\r\n\r\n")
    await passes(wire, 0)

    assert (b"\x80\x81", (0.0, "eof")) == (raw.data[:2], raw.ended)


@story()
async def test_a_created_stream_whose_answer_dribbles_exists_from_the_start(wire):
    wire.faults.on(Dribble(30), route="create")
    status, answer = await wire.call("POST", "/streams", json=FRAME)

    assert (201, 30.0) == (status, wire.clock.now())
    assert 0.0 == wire.fake.stream(answer["stream_id"]).created_at


def test_dribbling_in_real_time_takes_real_time():
    async def tell():
        async with OvershootFake(LoopClock()) as fake, httpx.AsyncClient() as client:
            fake.faults.on(Dribble(0.03, pieces=3))
            assert {"status": "ok"} == (await client.get(f"{fake.base_url}/healthz")).json()
            return fake.clock.now()

    assert 0.03 <= asyncio.run(tell())


async def statuses(wire, count, every=1.0):
    """What GET /healthz is answered, once in each so many seconds; None for a connection that was lost."""
    seen = []
    for _ in range(count):
        try:
            seen.append((await wire.call("GET", "/healthz", key=None))[0])
        except aiohttp.ClientConnectionError:
            seen.append(None)
        await wire.clock.sleep(every)
    return seen


@story()
async def test_some_succeed_some_fail_and_then_all_is_well(wire):
    wire.faults.on(Answer(500), route="healthz", skip=2, times=3)

    assert [200, 200, 500, 500, 500, 200, 200] == await statuses(wire, 7)


@story()
async def test_an_outage_has_a_window(wire):
    wire.faults.on(Answer(503), since=2, until=4)

    assert [200, 200, 503, 503, 200] == await statuses(wire, 5)


@story()
async def test_a_connection_is_dropped_by_chance(wire):
    wire.faults.on(Drop(), route="models", chance=0.3)
    lost = 0
    for _ in range(60):
        raw = await connect(wire)
        raw.ask("GET", "/models")
        await passes(wire, 0)
        lost += raw.ended is not None
        raw.transport.close()

    assert lost == len(wire.journal.of(FaultFired))
    assert 8 < lost < 30


@story()
async def test_a_storm_of_429_comes_and_goes(wire):
    wire.faults.on(Answer(429, headers={"Retry-After": "2"}), chance=0.8, since=10, until=30)
    seen = await statuses(wire, 40)

    assert [200] * 20 == seen[:10] + seen[30:]
    assert {200, 429} == set(seen[10:30])
    wire.faults.on(Answer(429, headers={"Retry-After": "2"}), times=1)
    async with wire.session.get(f"{wire.fake.base_url}/healthz") as answer:
        assert (429, "2") == (answer.status, answer.headers["Retry-After"])
