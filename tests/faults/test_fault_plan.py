"""Which fault happens when."""

from __future__ import annotations

import pytest

from overshoot_testkit.clock import SteppedClock
from overshoot_testkit.faults import (
    Answer,
    CloseSocket,
    Delay,
    Deploy,
    Drop,
    ExpireLease,
    Fault,
    FaultPlan,
    Occasion,
    Truncate,
)
from overshoot_testkit.journal import FaultFired, Journal

KEEPALIVE = Occasion("keepalive", "POST", "/streams/s1/keepalive", request_id="req_1", stream_id="s1")


class World:
    def __init__(self) -> None:
        self.clock = SteppedClock()
        self.journal = Journal(self.clock)
        self.plan = FaultPlan(self.clock, self.journal)
        self.plan.routes = ("create", "keepalive", "close")
        self.struck: list[tuple[float, object, str | None]] = []
        self.plan.carry_out = lambda action, stream: self.struck.append((self.clock.now(), action, stream))

    def fires(self, occasion: Occasion = KEEPALIVE) -> list[str]:
        return [due.fault.name for due in self.plan.due(occasion, {"request", "state"})]


@pytest.fixture
def world() -> World:
    return World()


def test_a_fault_without_conditions_fires_always(world: World) -> None:
    world.plan.on(Answer(503), name="down")

    assert [["down"]] * 3 == [world.fires() for _ in range(3)]


def test_skip_and_times_count_matching_occasions_only(world: World) -> None:
    world.plan.on(Answer(402), route="keepalive", skip=1, times=2, name="poor")
    other = Occasion("create", "POST")

    assert [[], [], ["poor"], [], ["poor"], []] == [
        world.fires(each) for each in (KEEPALIVE, other, KEEPALIVE, other, KEEPALIVE, KEEPALIVE)
    ]


def test_a_time_window_contains_its_beginning_and_not_its_end(world: World) -> None:
    world.plan.on(Drop(), since=10, until=20, name="window")
    fired = []
    for moment in (0, 10, 15, 20, 25):
        world.clock.step(moment)
        fired.append(bool(world.fires()))

    assert [False, True, True, False, False] == fired


def test_stream_method_and_predicate_must_all_agree(world: World) -> None:
    world.plan.on(Drop(), stream="s1", method="POST", where=lambda each: each.body == {"a": 1}, name="picky")

    assert [] == world.fires()
    assert [] == world.fires(Occasion("keepalive", "GET", stream_id="s1", body={"a": 1}))
    assert [] == world.fires(Occasion("keepalive", "POST", stream_id="s2", body={"a": 1}))
    assert ["picky"] == world.fires(Occasion("keepalive", "POST", stream_id="s1", body={"a": 1}))


def test_faults_compose_up_to_the_first_that_ends_the_request(world: World) -> None:
    world.plan.on(Delay(1), name="slow")
    world.plan.on(Truncate(), times=1, name="torn")
    last = world.plan.on(Answer(500), name="never reached while torn")

    assert ["slow", "torn"] == world.fires()
    assert 0 == last.fired
    assert ["slow", "never reached while torn"] == world.fires()


def test_each_firing_is_in_the_journal_with_the_faults_name(world: World) -> None:
    world.plan.on(Answer(503), route="keepalive", name="down")
    world.clock.step(22.5)
    world.fires()

    (fired,) = world.journal.of(FaultFired)
    assert (22.5, "down", "req_1", "s1") == (fired.at, fired.fault, fired.request_id, fired.stream_id)


def test_kinds_that_were_not_asked_for_are_left_alone(world: World) -> None:
    world.plan.on(CloseSocket(1012), name="socket")

    assert [] == world.fires()
    assert ["socket"] == [each.fault.name for each in world.plan.due(Occasion("socket"), {"socket"})]


def test_a_fault_at_a_moment_is_carried_out_then(world: World) -> None:
    world.plan.at(30, Deploy(5))
    world.plan.at(40, ExpireLease(), stream="s1")
    while world.clock.step(60):
        pass

    assert [(30.0, Deploy(5), None), (40.0, ExpireLease(), "s1")] == world.struck


def test_a_fault_now_is_carried_out_before_the_call_returns(world: World) -> None:
    world.plan.now(ExpireLease(), stream="s1")

    assert [(0.0, ExpireLease(), "s1")] == world.struck


def test_what_was_set_and_never_fired_is_reported(world: World) -> None:
    world.plan.on(Answer(503), route="keepalive", name="fires")
    idle = world.plan.on(Answer(503), route="create", name="never")
    later = world.plan.at(30, Deploy(5), name="too late")
    world.fires()

    assert [idle, later] == world.plan.unfired()
    assert "too late: Deploy(seconds=5) at 30 s" == str(later)


def test_a_fault_that_is_taken_back_neither_fires_nor_is_missed(world: World) -> None:
    world.plan.on(Answer(503)).remove()
    world.plan.at(10, Deploy(5)).remove()
    world.clock.step(20)

    assert [] == world.fires()
    assert [] == world.plan.unfired()
    assert [] == world.struck


def test_clear_takes_all_back(world: World) -> None:
    faults: list[Fault] = [world.plan.on(Answer(503)), world.plan.at(10, Deploy(5))]
    world.plan.clear()

    assert not world.plan
    assert [0, 0] == [fault.fired for fault in faults]
    assert world.clock.next_timer() is None


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda plan: plan.on(Drop(), route="keepalives"), "no 'keepalives'; did you mean 'keepalive'"),
        (lambda plan: plan.on(Answer(503), times=0), "times: 0 would never fire"),
        (lambda plan: plan.on(Answer(503), skip=-1), "skip: -1 is negative"),
        (lambda plan: plan.at(1, Answer(503)), r"happens to a request: set it with on\("),
        (lambda plan: plan.now(Delay(1)), r"happens to a request: set it with on\("),
        (lambda _: Answer(99), "Answer.status: 99 is not an HTTP status"),
        (lambda _: Delay(-1), "Delay.seconds: -1 is negative"),
        (lambda _: CloseSocket(1006), "CloseSocket.code: 1006 cannot be sent"),
        (lambda _: Deploy(-1), "Deploy.seconds: -1 is negative"),
        (lambda _: Truncate(-1), "Truncate.body_bytes: -1 is negative"),
    ],
)  # fmt: skip
def test_a_mistake_is_refused_with_the_field_and_the_fix(world: World, wrong: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        wrong(world.plan)  # type: ignore[operator]
