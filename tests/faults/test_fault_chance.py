"""Faults that happen sometimes: seeded, so that the same seed gives the same run."""

from __future__ import annotations

import pytest
from fault_world import KEEPALIVE, World
from hypothesis import given
from hypothesis import strategies as st

from overshoot_testkit.faults import Answer, Delay, Drop, LogNormal, Ramp, Uniform


def run(seed: int, occasions: int = 200, **how: object) -> list[bool]:
    world = World(seed)
    world.plan.on(Drop(), **how)
    return [bool(world.fires()) for _ in range(occasions)]


def test_a_fault_of_half_a_chance_fires_about_every_other_time():
    assert 80 < sum(run(seed=1, chance=0.5)) < 120
    assert 5 < sum(run(seed=1, chance=0.1)) < 40


@given(st.integers(0, 10**6))
def test_the_same_seed_gives_the_same_run(seed):
    assert run(seed, 40, chance=0.5) == run(seed, 40, chance=0.5)


def test_another_seed_gives_another_run():
    assert run(seed=1, chance=0.5) != run(seed=2, chance=0.5)


def test_what_one_fault_draws_changes_nothing_for_another():
    alone, beside = World(7), World(7)
    for world in (alone, beside):
        world.plan.on(Drop(), route="keepalive", chance=0.5, name="watched")
    beside.plan.on(Answer(500), chance=0.5, name="other")

    assert [world.fires()[:1] == ["watched"] for world in [alone] * 50] == [
        world.fires()[:1] == ["watched"] for world in [beside] * 50
    ]


def test_a_fault_that_did_not_fire_by_chance_has_used_up_nothing_but_its_turn():
    world = World(3)
    fault = world.plan.on(Drop(), chance=0.2, times=5)
    turns = 0
    while fault.fired < 5:
        world.fires()
        turns += 1

    assert turns == fault.seen
    assert turns > 5
    assert [] == world.fires()


def test_a_certain_chance_draws_nothing():
    world = World()
    fault = world.plan.on(Drop(), chance=1)
    before = fault.random.getstate()

    assert [1, 1] == [len(world.fires()) for _ in range(2)]
    assert before == fault.random.getstate()


# --- a chance that changes


@given(start=st.floats(0, 1), end=st.floats(0, 1), seconds=st.floats(0.001, 1e6), after=st.floats(-1e6, 1e7))
def test_a_ramp_stays_between_its_ends_and_goes_one_way(start, end, seconds, after):
    ramp = Ramp(start, end, seconds)
    low, high = min(start, end), max(start, end)

    assert low - 1e-12 <= ramp.after(after) <= high + 1e-12
    assert start == ramp.after(0) == ramp.after(-1)
    assert end == ramp.after(seconds) == ramp.after(seconds * 2)


def test_a_ramp_from_never_to_always():
    world = World().to(100)
    world.plan.on(Drop(), chance=Ramp(0, 1, 60))

    assert not any(world.fires() for _ in range(50))
    world.to(130)
    assert 10 < sum(bool(world.fires()) for _ in range(50)) < 40
    world.to(160)
    assert all(world.fires() for _ in range(50))


# --- durations that are drawn


def drawn(seconds, seed=0, count=300):
    world = World(seed)
    world.plan.on(Delay(seconds))
    return [world.plan.due(KEEPALIVE, {"request"})[0].action.seconds for _ in range(count)]


@given(st.floats(0, 1000), st.floats(0, 1000), st.integers(0, 100))
def test_uniform_durations_lie_between(one, other, seed):
    low, high = min(one, other), max(one, other)

    assert all(low - 1e-6 <= each <= high + 1e-6 for each in drawn(Uniform(low, high), seed, 20))


def test_lognormal_durations_have_their_median_and_a_long_tail():
    values = sorted(drawn(LogNormal(2.0, 0.5), count=1000))

    assert 1.8 < values[500] < 2.2
    assert 0.10 < sum(each > 2.0 * 2.718281828**0.5 for each in values) / 1000 < 0.22
    assert min(values) > 0


def test_a_duration_is_drawn_anew_each_time_and_told_in_the_journal():
    world = World(5)
    world.plan.on(Delay(Uniform(1, 3)))
    said = [world.happens() for _ in range(3)]

    assert 3 == len(set(said))
    assert said == world.told()
    assert drawn(Uniform(1, 3), 5, 10) == drawn(Uniform(1, 3), 5, 10)
    assert ["Delay(seconds=3)"] * 2 == [str(Delay(3)), f"Delay(seconds={drawn(3, count=1)[0]})"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: Ramp(-0.1, 1, 60), r"Ramp.start: -0.1 is no probability from 0 to 1"),
        (lambda: Ramp(0, 1.1, 60), r"Ramp.end: 1.1 is no probability"),
        (lambda: Ramp(0, 1, 0), r"Ramp.seconds: 0 must be greater than 0"),
        (lambda: Uniform(3, 1), r"Uniform: 0 <= low <= high is needed"),
        (lambda: Uniform(-1, 1), r"Uniform: 0 <= low"),
        (lambda: LogNormal(0, 1), r"LogNormal: median > 0"),
        (lambda: LogNormal(1, -1), r"LogNormal: median > 0 and sigma >= 0"),
        (lambda: World().plan.on(Drop(), chance=0), r"chance: 0 is no probability above 0"),
        (lambda: World().plan.on(Drop(), chance=1.5), r"chance: 1.5 is no probability"),
    ],
)
def test_what_is_no_chance_and_no_duration_is_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        wrong()
