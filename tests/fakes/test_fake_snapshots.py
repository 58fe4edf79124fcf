"""A fake that was set back behaves as if what came after the snapshot had never been."""

from __future__ import annotations

import asyncio
import dataclasses
import json

import aiohttp
from fake_stories import CLIP, FRAME, Wire, ending, loopback_story, story
from hypothesis import given, settings
from hypothesis import strategies as st

from overshoot_testkit.clock import LoopClock
from overshoot_testkit.fakes.overshoot import Account, OvershootFake, Settings, _snapshot
from overshoot_testkit.fakes.overshoot._stream import Stream
from overshoot_testkit.faults import Answer, Delay, Deploy, ExhaustCredits, Hang, RateLimit
from overshoot_testkit.journal import Response, SocketClosed
from overshoot_testkit.simulation import run

# --- the property -------------------------------------------------------------------------------------

# Quarters of a second are exact in binary: shifting moments by them loses nothing.
SECONDS = st.integers(1, 240).map(lambda quarters: quarters / 4)
WHICH = st.integers(0, 2)
STEPS = st.one_of(
    st.tuples(st.just("wait"), SECONDS),
    st.tuples(st.just("create"), st.sampled_from([FRAME, CLIP])),
    st.tuples(st.sampled_from(["keepalive", "delete", "frames off", "frames on", "result", "prompt"]), WHICH),
    st.tuples(st.just("fault"), st.sampled_from([Answer(503), RateLimit(1, 10)])),
    st.tuples(st.just("at"), st.sampled_from([Deploy(3), ExhaustCredits()])),
    st.tuples(st.just("credits"), st.sampled_from([0, 5, 500])),
    st.tuples(st.sampled_from(["revoke", "restore key", "add key", "script", "clear faults"]), st.none()),
    st.tuples(st.just("lease"), st.sampled_from([30, 90])),
)
STORIES = st.lists(STEPS, max_size=8)


async def take(wire: Wire, step: tuple) -> object:  # noqa: C901, PLR0911, PLR0912 - one short branch a step
    """Do one thing, and say what came of it."""
    name, value = step
    fake = wire.fake
    streams = fake.streams
    match name:
        case "wait":
            await fake.clock.sleep(value)
            return None
        case "create":
            return await wire.call("POST", "/streams", json=value)
        case "fault":
            return fake.faults.on(value, route="keepalive", times=2).name
        case "at":
            return fake.faults.at(fake.clock.now() + 7, value).name
        case "credits":
            return fake.account().set_credits(value)
        case "revoke":
            return fake.revoke_key()
        case "restore key":
            return fake.restore_key()
        case "add key":
            return fake.add_key()
        case "script":
            return fake.results.script(["scripted"])
        case "clear faults":
            return fake.faults.clear()
        case "lease":
            return fake.change(lease_ttl=value).lease_ttl
    if not streams:
        return None
    stream = streams[value % len(streams)].id
    match name:
        case "keepalive":
            return await wire.keepalive(stream)
        case "delete":
            return await wire.delete(stream)
        case "prompt":
            return await wire.call("PATCH", f"/streams/{stream}/config/prompt", json={"prompt": "new"})
        case "result":
            return fake.send_result(stream)
    return fake.frames(stream, on=name == "frames on")


async def take_all(wire: Wire, steps: list[tuple]) -> list[object]:
    return [await take(wire, step) for step in steps]


# What tells the date tells when a snapshot was restored; what is signed, too.
DATED = {"created_at", "updated_at", "livekit_token", "token"}


def plain(value: object, shift: float) -> object:
    """A journal's or an answer's value, moments as if the snapshot had been restored at once."""
    if isinstance(value, dict):
        return {
            name: "dated" if name in DATED else _moved(name, each, shift)
            for name, each in value.items()
            if name != "seq"
        }
    return [plain(each, shift) for each in value] if isinstance(value, list | tuple) else value


def _moved(name: str, value: object, shift: float) -> object:
    moment = name in {"at", "expires_at"} and isinstance(value, float)
    return value - shift if moment else plain(value, shift)


def lived(before: list, aside: list, after: list, *, aside_taken: bool) -> tuple[object, object]:
    """Answers and journal of `after`, of a fake that went aside and was set back, or never did."""

    async def whole() -> tuple[object, object]:
        accounts = {"ovs_one": Account(credits_cents=100)}
        async with (
            OvershootFake(LoopClock(), settings=Settings(accounts=accounts)) as fake,
            aiohttp.ClientSession() as session,
        ):
            wire = Wire(fake, session)
            await take_all(wire, before)
            snapshot = fake.snapshot()
            if aside_taken:
                await take_all(wire, aside)
            fake.restore(snapshot)
            shift = fake.clock.now() - snapshot.at
            begun = len(fake.journal)
            answers = await take_all(wire, after)
            events = [event.as_dict() for event in fake.journal.events[begun:]]
            return plain(answers, shift), plain(events, shift)

    return run(whole)


@given(before=STORIES, aside=STORIES, after=STORIES)
@settings(max_examples=40)
def test_what_was_set_back_never_was(before, aside, after):
    assert lived(before, aside, after, aside_taken=False) == lived(before, aside, after, aside_taken=True)


def test_every_field_of_a_stream_is_known_to_snapshots():
    """A field that is new is copied as it is: right for counts and words, wrong for moments and objects."""
    copied = {each.name for each in dataclasses.fields(Stream)} - _snapshot.APART - _snapshot.MOMENTS

    assert {
        "awaits_recovery",
        "claims",
        "cost",
        "ended_reason",
        "forgotten",
        "frames_on",
        "held",
        "id",
        "last_inference_ms",
        "number",
        "opened_by",
        "overtaken",
        "renewals",
        "results_failed",
        "results_made",
        "spectators",
        "state",
        "tokens_issued",
        "unpaid",
    } == copied


# --- stories ------------------------------------------------------------------------------------------


@story()
async def test_a_lease_has_left_what_it_had_left(wire):
    stream = await wire.create()
    await wire.clock.sleep(15)
    snapshot = wire.fake.snapshot()
    await wire.clock.sleep(60)
    assert [] == wire.fake.open_streams()

    wire.fake.restore(snapshot)

    assert 75 == wire.clock.now()
    assert 105 == wire.fake.stream(stream).lease_expires_at
    await wire.clock.sleep(29.9)
    assert [stream] == [each.id for each in wire.fake.open_streams()]
    await wire.clock.sleep(0.2)
    assert "lease_expired" == wire.fake.stream(stream).ended_reason


@story()
async def test_a_snapshot_can_be_restored_often_and_in_any_order(wire):
    empty = wire.fake.snapshot()
    stream = await wire.create()
    socket = await wire.socket(stream)
    await wire.clock.sleep(5)
    full = wire.fake.snapshot()

    for _ in range(2):
        wire.fake.restore(empty)
        assert [] == wire.fake.streams
        wire.fake.restore(full)
        assert [stream] == [each.id for each in wire.fake.open_streams()]

    assert (1001, "the server was set back") == await ending(socket)
    assert 1 == wire.fake.account().open_streams


@story()
async def test_sockets_of_streams_that_still_run_stay_and_hear_what_comes(wire):
    first = await wire.create()
    staying = await wire.socket(first)
    await wire.clock.sleep(0.5)
    snapshot = wire.fake.snapshot()
    leaving = await wire.socket(await wire.create())
    await wire.clock.sleep(10)

    wire.fake.restore(snapshot)

    assert (1001, "the server was set back") == await ending(leaving)
    assert 1 == wire.fake.stream(first).sockets
    await wire.clock.sleep(0.6)  # the first result was due 0.6 s after the snapshot, and is again
    results = [json.loads((await staying.receive()).data)["id"] for _ in range(6)]
    assert results[0] == results[-1]


@loopback_story()
async def test_requests_under_way_are_let_go_and_do_nothing_any_more(wire):
    wire.faults.on(Hang(), route="keepalive")
    wire.faults.on(Delay(5), route="create")
    snapshot = wire.fake.snapshot()
    held = [  # POST: aiohttp sends a GET again
        asyncio.create_task(wire.keepalive("any")),
        asyncio.create_task(wire.call("POST", "/streams", json=FRAME)),
    ]
    while wire.fake.traffic.requests_open < 2:  # noqa: ASYNC110 - a few turns
        await asyncio.sleep(0)

    wire.fake.restore(snapshot)

    ended = await asyncio.gather(*held, return_exceptions=True)
    assert [aiohttp.ServerDisconnectedError] * 2 == [type(each) for each in ended]
    assert ["dropped", "dropped"] == [each.outcome for each in wire.journal.of(Response)]
    await wire.clock.advance(10)
    assert [] == wire.fake.streams


@story()
async def test_faults_have_the_counts_they_had(wire):
    fault = wire.faults.on(Answer(503), route="models", times=2)
    struck = wire.faults.at(8, ExhaustCredits())
    await wire.call("GET", "/models")
    snapshot = wire.fake.snapshot()
    await wire.call("GET", "/models")
    wire.faults.on(Answer(500), route="healthz")
    await wire.clock.sleep(10)
    assert 0 == wire.fake.account().credits_cents

    wire.fake.restore(snapshot)

    assert [fault, struck] == list(wire.faults)
    assert (1, 0) == (fault.fired, struck.fired)
    assert 503 == (await wire.call("GET", "/models"))[0]
    assert 200 == (await wire.call("GET", "/models"))[0]
    assert 18 == struck.moment
    await wire.clock.sleep(8)
    assert 0 == wire.fake.account().credits_cents


@story()
async def test_an_outage_is_over_after_what_was_left_of_it(wire):
    wire.faults.now(Deploy(5))
    await wire.clock.sleep(2)
    snapshot = wire.fake.snapshot()
    await wire.clock.sleep(10)
    assert 200 == (await wire.call("GET", "/healthz"))[0]

    wire.fake.restore(snapshot)

    await wire.clock.sleep(2.9)
    assert 503 == (await wire.call("GET", "/healthz"))[0]
    await wire.clock.sleep(0.2)
    assert 200 == (await wire.call("GET", "/healthz"))[0]


@story()
async def test_a_server_that_refused_connections_lets_them_in_again(wire):
    snapshot = wire.fake.snapshot()
    wire.faults.now(Deploy(500, by="refusal"))
    await wire.clock.sleep(1)

    wire.fake.restore(snapshot)
    await wire.clock.sleep(0.1)

    assert 200 == (await wire.call("GET", "/healthz"))[0]


@loopback_story(lease_ttl=30)
async def test_reset_begins_anew(wire):
    first = await wire.create()
    socket = await wire.socket(first)
    wire.faults.on(Answer(503), route="models")
    wire.fake.change(lease_ttl=90)
    added = wire.fake.add_key()
    await wire.clock.advance(12)

    wire.fake.reset()

    assert (0, 0, []) == (wire.clock.now(), len(wire.journal), list(wire.faults))
    assert (1001, "the server was set back") == await ending(socket)
    assert 30 == wire.fake.settings.lease_ttl
    assert 401 == (await wire.call("GET", "/models", key=added))[0]
    assert first == await wire.create()  # kept-alive connections go on, ids begin anew
    assert "req_000002" == wire.fake.stream(first).opened_by
    await wire.clock.advance(30)
    assert [] == wire.fake.open_streams()
    assert [1001] == [each.code for each in wire.journal.of(SocketClosed)] or [] == wire.journal.of(
        SocketClosed
    )


@story()
async def test_ids_that_come_again_are_told_apart_in_exchanges(wire):
    snapshot = wire.fake.snapshot()
    assert 200 == (await wire.call("GET", "/models"))[0]
    wire.fake.restore(snapshot)
    wire.faults.on(Answer(503), route="models")
    assert 503 == (await wire.call("GET", "/models"))[0]

    exchanges = wire.journal.exchanges("models")

    assert ["req_000001", "req_000001"] == [each.request.request_id for each in exchanges]
    assert [200, 503] == [each.response.status for each in exchanges if each.response is not None]


@story()
async def test_what_was_left_of_a_script_is_left_again(wire):
    stream = await wire.create()
    socket = await wire.socket(stream)
    wire.fake.results.script(["one", "two"])
    await wire.clock.sleep(2)

    async def heard():
        return [json.loads((await socket.receive()).data)["result"] for _ in range(2)]

    snapshot = wire.fake.snapshot()
    await wire.clock.sleep(2)
    wire.fake.restore(snapshot)
    await wire.clock.sleep(2)

    assert ["one", "two"] == await heard()
    assert "two" == (await heard())[0]
