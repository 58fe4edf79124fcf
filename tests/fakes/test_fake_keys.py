"""API keys and their accounts, over time."""

from __future__ import annotations

import pytest
from fake_stories import FRAME, ending, story

from overshoot_testkit.fakes.overshoot import Account
from overshoot_testkit.journal import SocketMessage, StateChanged

SECOND = {"accounts": {"ovs_a": Account(), "ovs_b": Account(concurrency_limit=1, credits_cents=50)}}


def key_changes(wire):
    return [
        (each.id, each.before, each.after, each.reason)
        for each in wire.journal.of(StateChanged, entity="key")
    ]


@story()
async def test_a_key_can_be_added_while_the_fake_runs(wire):
    key = wire.fake.add_key(account=Account(credits_cents=10, concurrency_limit=1))

    stream = await wire.create(key=key)
    status, refused = await wire.call("POST", "/streams", json=FRAME, key=key)

    assert key.startswith("ovs_")
    assert ("key 2", 429) == (wire.fake.stream(stream).key, status)
    assert "limit of 1" in refused["message"]
    assert [("key 2", None, "valid", "added")] == key_changes(wire)
    assert key not in wire.journal.to_jsonl()


@story()
async def test_keys_that_are_made_are_the_same_in_every_run(wire):
    assert ["ovs_745c31a5", "ovs_"] == [wire.fake.add_key()[:12], wire.fake.add_key()[:4]]


@story()
async def test_a_key_of_ones_own_is_not_given_twice(wire):
    assert "ovs_mine" == wire.fake.add_key("ovs_mine")

    for key in ("ovs_mine", wire.key, ""):
        with pytest.raises(ValueError, match=r"api_key: .* leave it out"):
            wire.fake.add_key(key)


@story(**SECOND)
async def test_a_key_is_found_by_itself_or_by_its_label(wire):
    account = wire.fake.account("key 2")

    assert [50.0, 50.0] == [account.credits_cents, wire.fake.account("ovs_b").credits_cents]
    assert [wire.fake.account(), account] == wire.fake.accounts
    for key in ("key 3", "ovs_c", ""):
        with pytest.raises(KeyError, match="key 1, key 2"):
            wire.fake.account(key)


@story()
async def test_a_revoked_key_is_refused_and_its_streams_run_until_they_lapse(wire):
    stream = await wire.create()
    socket = await wire.socket(stream)
    await wire.clock.sleep(10)
    wire.fake.revoke_key()

    assert 401 == (await wire.keepalive(stream))[0]
    assert (1008, "authentication failed") == await ending(await wire.socket(stream))
    assert (1001, "stream ended: lease_expired") == await ending(socket)
    assert 45.0 == wire.clock.now()


@story()
async def test_a_key_that_is_restored_keeps_its_stream_alive(wire):
    stream = await wire.create()
    await wire.clock.sleep(20)
    wire.fake.revoke_key()
    wire.fake.revoke_key()
    await wire.clock.sleep(20)
    wire.fake.restore_key("key 1")

    assert 200 == (await wire.keepalive(stream))[0]
    assert [("key 1", "valid", "revoked", None), ("key 1", "revoked", "valid", None)] == key_changes(wire)


@story(revoked_streams="end", **SECOND)
async def test_by_a_setting_streams_end_with_their_key(wire):
    mine, other = await wire.create(key="ovs_a"), await wire.create(key="ovs_b")
    socket = await wire.socket(mine, "ovs_a")
    await wire.clock.sleep(3)
    wire.fake.revoke_key("ovs_a")

    assert (1001, "stream ended: client_requested") == await ending(socket)
    assert [other] == [stream.id for stream in wire.fake.open_streams()]
    assert 3.0 == wire.fake.stream(mine).ended_at


@story(revoked_sockets="close")
async def test_by_a_setting_sockets_close_with_their_key(wire):
    stream = await wire.create()
    socket = await wire.socket(stream)
    wire.fake.revoke_key()

    assert (1008, "authentication failed") == await ending(socket)
    assert wire.fake.stream(stream).is_open
    await wire.clock.sleep(5)
    assert [] == wire.journal.of(SocketMessage, direction="out")


@story(accounts={"ovs_a": Account(credits_cents=1)}, price_cents_per_second=0.1)
async def test_credits_topped_up_while_a_stream_runs_keep_it_alive(wire):
    stream = await wire.create()
    await wire.clock.sleep(20)

    assert 402 == (await wire.keepalive(stream))[0]
    wire.fake.account().top_up(99)
    status, renewed = await wire.keepalive(stream)

    assert (200, 98, 2.0) == (status, renewed["credits_remaining_cents"], renewed["cost_cents"])
    await wire.clock.sleep(30)
    assert wire.fake.stream(stream).is_open
