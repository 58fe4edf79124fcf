"""Streams from creation to their end: leases, money, limits, keys."""

from __future__ import annotations

import pytest
from fake_stories import CLIP, FRAME, LIVEKIT, WEBRTC, ending, story

from overshoot_testkit.fakes.overshoot import Account, Settings, StreamState
from overshoot_testkit.journal import Charged, LeaseRenewed, StateChanged


@story()
async def test_a_stream_is_created_kept_alive_and_closed(wire):
    stream = await wire.create()

    await wire.clock.sleep(22.5)
    status, answer = await wire.keepalive(stream)

    assert (200, 45, 1.125, 22.5) == (
        status,
        answer["ttl_seconds"],
        answer["cost_cents"],
        answer["seconds_charged"],
    )

    await wire.clock.sleep(10)
    assert (200, {"status": "ok"}) == await wire.delete(stream)
    assert (204, None) == await wire.delete(stream)

    view = wire.fake.stream(stream)
    assert (StreamState.ENDED, "client_requested", 32.5) == (view.state, view.ended_reason, view.ended_at)
    assert 1.625 == view.cost_cents
    assert ["keepalive", "close"] == [each.cause for each in wire.journal.of(Charged)]


@story(lease_ttl=30)
async def test_a_lease_that_nobody_renews_lapses_to_the_second(wire):
    stream = await wire.create()
    socket = await wire.socket(stream)

    assert (1001, "stream ended: lease_expired") == await ending(socket)

    assert 30.0 == wire.clock.now()
    assert "lease_expired" == wire.fake.stream(stream).ended_reason
    assert [("expiry", 30.0)] == [(each.cause, each.seconds) for each in wire.journal.of(Charged)]
    assert 404 == (await wire.keepalive(stream))[0]


@story()
async def test_keepalives_push_the_end_of_the_lease_before_them(wire):
    stream = await wire.create()

    for _ in range(4):
        await wire.clock.sleep(44)
        assert 200 == (await wire.keepalive(stream))[0]

    assert [45.0, 89.0, 133.0, 177.0, 221.0] == [each.expires_at for each in wire.journal.of(LeaseRenewed)]
    await wire.clock.sleep_until(220.9)
    assert wire.fake.stream(stream).is_open
    await wire.clock.sleep_until(221.1)
    assert not wire.fake.stream(stream).is_open


@story(lease_ttl=90, keepalive_ttl=20)
async def test_a_keepalive_can_shorten_the_lease(wire):
    stream = await wire.create()

    await wire.clock.sleep(10)
    _, answer = await wire.keepalive(stream)
    await wire.clock.sleep(21)

    assert 20 == answer["ttl_seconds"]
    assert 30.0 == wire.fake.stream(stream).ended_at


@story()
async def test_settings_change_while_streams_run(wire):
    stream = await wire.create()

    wire.fake.change(lease_ttl=30)
    _, answer = await wire.keepalive(stream)

    assert 30 == answer["ttl_seconds"]
    with pytest.raises(ValueError, match="seed"):
        wire.fake.change(seed=1)


@story(accounts={"ovs_poor": Account(credits_cents=1.0)}, price_cents_per_second=0.1)
async def test_credits_run_out_and_the_lease_is_not_renewed(wire):
    stream = await wire.create()
    socket = await wire.socket(stream)

    await wire.clock.sleep(8)
    _, answer = await wire.keepalive(stream)
    assert (0, 0.8) == (answer["credits_remaining_cents"], answer["cost_cents"])

    await wire.clock.sleep(8)
    status, answer = await wire.keepalive(stream)
    assert (402, "insufficient_credits") == (status, answer["error"])

    assert (1001, "stream ended: insufficient_credits") == await ending(socket)
    assert 53.0 == wire.clock.now()
    assert (0.0, 1.0) == (wire.fake.account().credits_cents, wire.fake.stream(stream).cost_cents)
    assert 402 == (await wire.call("POST", "/streams", json=FRAME))[0]


@story(accounts={"ovs_poor": Account(credits_cents=1.0)}, price_cents_per_second=0.1, out_of_credits="end")
async def test_credits_run_out_and_the_stream_stops_at_once(wire):
    stream = await wire.create()
    socket = await wire.socket(stream)

    await wire.clock.sleep(20)
    assert 402 == (await wire.keepalive(stream))[0]

    assert (1001, "stream ended: insufficient_credits") == await ending(socket)
    assert 20.0 == wire.clock.now()
    assert 404 == (await wire.keepalive(stream))[0]


@story(accounts={"ovs_poor": Account(credits_cents=1.0)}, price_cents_per_second=0.1)
async def test_a_top_up_in_time_saves_the_stream(wire):
    stream = await wire.create()

    await wire.clock.sleep(20)
    assert 402 == (await wire.keepalive(stream))[0]
    wire.fake.account().top_up(100)
    status, answer = await wire.keepalive(stream)

    assert (200, 99, 2.0) == (status, answer["credits_remaining_cents"], answer["cost_cents"])
    await wire.clock.sleep(44)
    assert wire.fake.stream(stream).is_open


@story(accounts={"ovs_exact": Account(credits_cents=1.0)}, price_cents_per_second=0.1)
async def test_the_last_cent_pays(wire):
    stream = await wire.create()

    await wire.clock.sleep(10)

    assert 200 == (await wire.keepalive(stream))[0]
    assert 402 == (await wire.keepalive(stream))[0]


@story(price_cents_per_second=0.1)
async def test_a_thousand_small_charges_add_up_exactly(wire):
    stream = await wire.create()

    for _ in range(1000):
        await wire.clock.sleep(0.1)
        await wire.keepalive(stream)

    assert 10.0 == wire.fake.stream(stream).cost_cents
    assert 1_000_000.0 - 10.0 == wire.fake.account().credits_cents


@story()
async def test_the_sixth_stream_is_one_too_many(wire):
    streams = [await wire.create() for _ in range(5)]

    status, answer = await wire.call("POST", "/streams", json=FRAME)
    assert (429, "concurrency_limit") == (status, answer["error"])

    await wire.delete(streams[2])
    await wire.create()
    assert 5 == len(wire.fake.open_streams())


@story(accounts={"ovs_a": Account(), "ovs_b": Account(concurrency_limit=1)})
async def test_keys_have_their_own_streams_and_limits(wire):
    mine = await wire.create(key="ovs_a")
    await wire.create(key="ovs_b")

    assert 429 == (await wire.call("POST", "/streams", json=FRAME, key="ovs_b"))[0]
    for method, path, how in (
        ("POST", f"/streams/{mine}/keepalive", {}),
        ("GET", f"/streams/{mine}/info", {}),
        ("PATCH", f"/streams/{mine}/config/prompt", {"json": {"prompt": "x"}}),
        ("DELETE", f"/streams/{mine}", {}),
    ):
        status, answer = await wire.call(method, path, key="ovs_b", **how)
        assert (404, "stream_not_found") == (status, answer["error"])
    assert ["key 1", "key 2"] == [view.key for view in wire.fake.streams]


@story()
async def test_a_key_is_needed_everywhere_but_for_health(wire):
    stream = await wire.create()

    for key in (None, "ovs_wrong"):
        for method, path in (
            ("POST", "/streams"),
            ("POST", f"/streams/{stream}/keepalive"),
            ("DELETE", f"/streams/{stream}"),
            ("GET", f"/streams/{stream}/info"),
            ("PATCH", f"/streams/{stream}/config/prompt"),
            ("GET", "/models"),
        ):
            status, answer = await wire.call(method, path, key=key)
            assert (401, "unauthorized") == (status, answer["error"]), path
    for header in ("ovs_test_key", "Basic ovs_test_key", "Bearer", "Bearer ", ""):
        answer = await wire.call("GET", "/models", key=None, headers={"Authorization": header})
        assert 401 == answer[0], header
    assert (200, {"status": "ok"}) == await wire.call("GET", "/healthz", key=None)
    assert (
        200
        == (await wire.call("GET", "/models", key=None, headers={"Authorization": "bearer ovs_test_key"}))[0]
    )


@story()
async def test_a_revoked_key_is_refused_while_its_stream_runs_on(wire):
    stream = await wire.create()

    wire.fake.revoke_key(wire.key)

    assert 401 == (await wire.keepalive(stream))[0]
    await wire.clock.sleep(44)
    assert wire.fake.stream(stream).is_open
    await wire.clock.sleep(2)
    assert "lease_expired" == wire.fake.stream(stream).ended_reason


@story(late_delete="404")
async def test_a_late_delete_can_be_answered_as_it_was_seen(wire):
    stream = await wire.create()

    assert 200 == (await wire.delete(stream))[0]
    status, answer = await wire.delete(stream)

    assert (404, "stream_not_found") == (status, answer["error"])


@story(keepalive_credits=False)
async def test_older_servers_leave_money_out_of_keepalives(wire):
    stream = await wire.create()

    # The contract requires these members: a legacy profile is what leaves them out.
    url = f"{wire.fake.base_url}/streams/{stream}/keepalive"
    async with wire.session.post(url, headers={"Authorization": f"Bearer {wire.key}"}) as answer:
        body = await answer.json()

    assert {"status", "stream_id", "ttl_seconds", "state", "livekit_token"} == body.keys()


@story()
async def test_the_server_can_end_a_stream_for_each_documented_reason(wire):
    for reason in (
        "client_requested",
        "lease_expired",
        "insufficient_credits",
        "webrtc_disconnected",
        "livekit_disconnected",
    ):
        stream = await wire.create()
        sockets = [await wire.socket(stream) for _ in range(2)]
        await wire.clock.sleep(1)

        wire.fake.end_stream(stream, reason)

        assert [(1001, f"stream ended: {reason}")] * 2 == [await ending(socket) for socket in sockets]
    with pytest.raises(ValueError, match="boredom"):
        wire.fake.end_stream(stream, "boredom")


@story()
async def test_states_follow_the_frames(wire):
    wire.fake.change(frames="none")
    stream = await wire.create()
    info = await wire.info(stream)
    assert ("pending", 0, 0.0) == (info["state"], info["frame_width"], info["fps"])

    await wire.clock.sleep(3)
    wire.fake.frames(stream, on=True)
    assert "active" == (await wire.info(stream))["state"]

    await wire.clock.sleep(10)
    wire.fake.frames(stream, on=False)
    assert "active" == (await wire.info(stream))["state"]
    await wire.clock.sleep(5.1)
    info = await wire.info(stream)
    assert ("idle", 1920, 1080, 1280, 720) == tuple(
        info[name] for name in ("state", "frame_width", "frame_height", "effective_width", "effective_height")
    )
    assert (18.1, 5) == (info["uptime_seconds"], info["inferences_completed"])

    wire.fake.frames(stream, on=True)
    assert "active" == (await wire.keepalive(stream))[1]["state"]
    assert ["pending", "active", "idle", "active"] == [
        each.after for each in wire.journal.of(StateChanged, entity="stream")
    ]


@story()
async def test_video_that_stops_for_a_moment_leaves_the_stream_active(wire):
    stream = await wire.create()
    for _ in range(3):
        wire.fake.frames(stream, on=False)
        await wire.clock.sleep(4)
        wire.fake.frames(stream, on=True)
        await wire.clock.sleep(4)

    assert ["pending", "active"] == [each.after for each in wire.journal.of(StateChanged, entity="stream")]


@story(frames_after=4.0)
async def test_frames_can_take_their_time(wire):
    stream = await wire.create()

    await wire.clock.sleep(3.9)
    assert "pending" == (await wire.keepalive(stream))[1]["state"]
    await wire.clock.sleep(0.2)
    assert "active" == (await wire.keepalive(stream))[1]["state"]


@story()
async def test_the_catalogue_and_models_that_take_no_streams(wire):
    _, models = await wire.call("GET", "/models")

    assert {
        "ready": True,
        "degraded": True,
        "saturated": False,
        "unavailable": False,
    } == {each["status"]: each["ready"] for each in models}
    for each in models:
        body = {**FRAME, "inference": {**FRAME["inference"], "model": each["model"]}}
        status, _ = await wire.call("POST", "/streams", json=body)
        assert (201 if each["ready"] else 422) == status, each
    unknown = {**FRAME, "inference": {**FRAME["inference"], "model": "its-own/model"}}
    assert 201 == (await wire.call("POST", "/streams", json=unknown))[0]
    wire.fake.change(unknown_models="reject", rejected_model_status=400)
    assert 400 == (await wire.call("POST", "/streams", json=unknown))[0]


@story()
async def test_the_same_service_for_each_mode_and_source(wire):
    for body, source in ((FRAME, "native"), (CLIP, "native"), (WEBRTC, "webrtc"), (LIVEKIT, "livekit")):
        stream = await wire.create(body)
        assert source == (await wire.info(stream))["source_type"]
        assert 200 == (await wire.delete(stream))[0]


@pytest.mark.parametrize(
    ("name", "value"),
    [("lease_ttl", 0), ("keepalive_ttl", -1), ("livekit_api_secret", "short"), ("accounts", {})],
)
def test_settings_that_cannot_be_are_refused(name, value):
    with pytest.raises(ValueError, match=f"Settings.{name}"):
        Settings(**{name: value})
