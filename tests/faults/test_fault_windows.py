"""For whom and for how long a fault holds; names; what is refused and what is taken back."""

from __future__ import annotations

import pytest
from fault_world import KEEPALIVE, World

from overshoot_testkit.faults import (
    Answer,
    Bandwidth,
    Change,
    CloseOrder,
    CutSocket,
    Deploy,
    Dribble,
    Drop,
    ExpireLease,
    Fault,
    Latency,
    Match,
    Occasion,
    Refuse,
    RollingDeploy,
    Slice,
    Steps,
    TopUp,
)
from overshoot_testkit.journal import FaultFired


def test_a_fault_lasts_so_long_from_when_it_was_set():
    world = World().to(100)
    fault = world.plan.on(Drop(), lasts=10, name="ten")
    fired = {moment: world.to(moment).fires() for moment in (100, 109.9, 110, 200)}

    assert {100: ["ten"], 109.9: ["ten"], 110: [], 200: []} == fired
    assert 110 == fault.ends_at


def test_it_is_over_with_its_window_or_its_time_whichever_ends_first():
    world = World().to(100)

    assert 105 == world.plan.on(Drop(), lasts=10, until=105).ends_at
    assert 110 == world.plan.on(Drop(), lasts=10, until=205).ends_at
    assert float("inf") == world.plan.on(Drop()).ends_at


def test_a_fault_can_be_for_one_key_only():
    world = World()
    world.plan.on(Answer(401), key="key 2", name="theirs")

    assert [] == world.fires(Occasion("create", "POST", key="key 1"))
    assert ["theirs"] == world.fires(Occasion("create", "POST", key="key 2"))
    assert [] == world.fires(Occasion("create", "POST"))


def test_what_does_not_match_uses_nothing_up():
    world = World()
    fault = world.plan.on(Answer(503), route="create", times=1)
    for _ in range(3):
        world.fires()

    assert (0, 0) == (fault.seen, fault.fired)


def test_a_match_is_general_if_it_asks_nothing_of_the_occasion():
    assert Match(since=3, times=2, chance=0.5).is_general
    assert not any(
        match.is_general
        for match in (
            Match("create"),
            Match(method="GET"),
            Match(stream="s"),
            Match(key="k"),
            Match(where=bool),
        )
    )


# --- names


def test_names_tell_faults_apart():
    world = World()
    world.plan.on(Drop(), name="mine")
    for again in (
        lambda: world.plan.on(Drop(), name="mine"),
        lambda: world.plan.at(1, ExpireLease(), name="mine"),
        lambda: world.plan.now(ExpireLease(), name="mine"),
    ):
        with pytest.raises(ValueError, match=r"name: a fault is named 'mine' already"):
            again()

    assert ["mine"] == [fault.name for fault in world.plan]
    assert [] == world.struck


def test_a_name_is_free_again_when_its_fault_is_taken_back():
    world = World()
    world.plan.on(Drop(), name="mine").remove()
    world.plan.on(Answer(503), name="mine")

    assert ["mine"] == world.fires()


def test_faults_without_a_name_get_one_that_nobody_has():
    world = World()
    names = [world.plan.on(each).name for each in (Drop(), Drop(), Answer(503))]

    assert ["Drop#1", "Drop#2", "Answer#3"] == names


# --- what is refused


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda plan: plan.on(Drop(), lasts=0), r"lasts: 0 must be greater than 0"),
        (lambda plan: plan.on(Drop(), since=5, until=5), r"until: 5 is not after since, which is 5"),
        (lambda plan: plan.at(5, Latency(1)), r"happens to a connection: set it with on\("),
        (lambda plan: plan.now(Latency(1)), r"happens to a connection: set it with on\("),
        (lambda _: Latency(1, 2), r"Latency.jitter: 2 is more than the 1 s it varies"),
        (lambda _: Latency(-1), r"Latency.seconds: -1 is negative"),
        (lambda _: Bandwidth(0), r"Bandwidth.bytes_per_second: 0 must be greater than 0"),
        (lambda _: Slice(5, 5), r"Slice.variation: 5 must be less than size, which is 5"),
        (lambda _: Dribble(1, 0), r"Dribble.pieces: 0 must be greater than 0"),
        (lambda _: CloseOrder("answer", 0), r"CloseOrder.gap: 0 must be greater than 0"),
        (lambda _: TopUp(0), r"TopUp.cents: 0 must be greater than 0"),
        (lambda _: Refuse(-1), r"Refuse.seconds: -1 is negative"),
        (lambda _: Deploy(1, times=0), r"Deploy.times: 0 must be greater than 0"),
        (lambda _: RollingDeploy(9, instances=1), r"RollingDeploy.instances: 1 must be at least 2"),
    ],
)  # fmt: skip
def test_a_mistake_is_refused_with_the_field_and_the_fix(wrong, message):
    with pytest.raises(ValueError, match=message):
        wrong(World().plan)


def test_the_server_has_a_say_on_each_action_before_it_is_set():
    world = World()

    def check(action):
        if isinstance(action, Change):
            raise ValueError(f"settings: {action} is nothing here")  # noqa: TRY004 - a value, to who wrote it

    world.plan.check = check
    for wrong in (
        lambda: world.plan.on(Steps([Answer(503), Change({"a": 1})])),
        lambda: world.plan.at(5, Change({"a": 1})),
        lambda: world.plan.now(Change({"a": 1})),
    ):
        with pytest.raises(ValueError, match=r"settings: Change"):
            wrong()

    assert not world.plan
    assert "Drop#1" == world.plan.on(Drop()).name


# --- connections


def test_a_connection_fault_takes_hold_by_the_same_rules_and_is_written_down():
    world = World()
    fault = world.plan.on(Latency(1), route="keepalive", skip=1, times=1, name="slow")

    assert [False, True, False] == [world.plan.takes_hold(fault, KEEPALIVE) for _ in range(3)]
    assert not world.plan.takes_hold(fault, Occasion("create", "POST"))
    (fired,) = world.journal.of(FaultFired)
    assert ("slow", "Latency(seconds=1)", "req_1") == (fired.fault, fired.action, fired.request_id)


def test_whoever_has_connections_is_told_when_their_faults_change():
    world = World()
    told = []
    world.plan.reshape = lambda: told.append([fault.name for fault in world.plan.of_kind("connection")])
    world.plan.on(Latency(1), name="slow")
    world.plan.on(Drop(), name="dropped")
    world.plan.on(Bandwidth(100), name="narrow").remove()
    world.plan.clear()

    assert [["slow"], ["slow", "narrow"], ["slow"], []] == told


def test_only_what_a_socket_or_the_server_does_can_strike_at_a_moment():
    world = World()
    faults: list[Fault] = [world.plan.at(5, CutSocket()), world.plan.at(5, ExpireLease(), stream="s1")]
    world.to(5)

    assert [(5.0, CutSocket(), None), (5.0, ExpireLease(), "s1")] == world.struck
    assert [1, 1] == [fault.fired for fault in faults]
    assert [] == world.plan.unfired()
    assert [None, "s1"] == [event.stream_id for event in world.journal.of(FaultFired)]


def test_a_plan_without_a_server_says_so():
    world = World()
    world.plan.carry_out = None

    with pytest.raises(RuntimeError, match=r"no server is attached to this plan"):
        world.plan.now(ExpireLease())
