"""A clock that goes where freezegun and time-machine are set."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
import time_machine
from freezegun import freeze_time

from overshoot_testkit.clock import FollowingClock
from overshoot_testkit.simulation import run


class Bell:
    """Timers on a clock, and when each has rung."""

    def __init__(self):
        self.clock = FollowingClock()
        self.rung = []

    def set(self, *seconds):
        for each in seconds:
            due = self.clock.now() + each
            self.clock.call_at(due, lambda due=due, each=each: self.ring(due, each))

    def ring(self, due, seconds):
        assert self.clock.now() == pytest.approx(due, abs=1e-3)
        self.rung.append(seconds)


def on_both_loops(story):
    @pytest.mark.parametrize("loop", [asyncio.run, run], ids=["real", "virtual"])
    def test(loop):
        async def main():
            await story(Bell())

        loop(main())

    test.__name__ = story.__name__
    return test


@on_both_loops
async def test_what_a_move_has_passed_fires_in_order_and_each_at_its_moment(bell):
    with freeze_time("2030-01-01") as frozen:
        bell.clock.sync()
        bell.set(45, 10, 30)
        frozen.tick(29)
        bell.clock.sync()
        assert [10] == bell.rung
        frozen.tick(100)
        bell.clock.sync()

    assert [10, 30, 45] == bell.rung


@on_both_loops
async def test_what_follows_from_a_timer_happens_before_time_goes_on(bell):
    async def nap():
        await bell.clock.sleep(10)
        began = bell.clock.now()
        await bell.clock.sleep(10)
        bell.ring(began + 10, "awake")

    with time_machine.travel("2030-01-01", tick=False) as traveller:
        bell.clock.sync()
        sleeper = asyncio.create_task(nap())
        await asyncio.sleep(0)
        traveller.shift(60)
        await bell.clock.catch_up()
        await sleeper

    assert ["awake"] == bell.rung


@on_both_loops
async def test_time_does_not_run_backwards_but_wall_time_does(bell):
    with freeze_time("2030-01-02") as frozen:
        frozen.tick(10)
        bell.clock.sync()
        was = bell.clock.now()
        frozen.move_to("2030-01-01")
        bell.clock.sync()

        assert was == pytest.approx(bell.clock.now(), abs=1e-3)
        assert 1893456000 == pytest.approx(bell.clock.unix(), abs=1e-3)


@on_both_loops
async def test_another_date_lets_nothing_pass_and_the_near_future_does(bell):
    bell.set(45)
    for date in ("2000-01-01", "2090-01-01"):
        with freeze_time(date):
            bell.clock.sync()
        bell.clock.sync()
    assert [] == bell.rung

    with time_machine.travel(timedelta(seconds=46)):
        bell.clock.sync()
    assert [45] == bell.rung


@on_both_loops
async def test_what_was_moved_before_leaving_counts_after_it(bell):
    with freeze_time("2030-01-01") as frozen:
        bell.set(45)
        bell.clock.sync()
        frozen.tick(46)
    bell.clock.sync()

    assert [45] == bell.rung


@on_both_loops
async def test_a_timer_that_is_cancelled_never_fires(bell):
    timer = bell.clock.call_later(5, bell.rung.append, "cancelled")
    timer.cancel()
    with freeze_time("2030-01-01") as frozen:
        frozen.tick(46)
        bell.clock.sync()

    assert ([], True) == (bell.rung, timer.cancelled())


@on_both_loops
async def test_it_can_be_moved_alone(bell):
    bell.set(45)
    await bell.clock.advance(44)
    assert [] == bell.rung
    await bell.clock.advance_to(45.5)
    assert [45] == bell.rung
    with pytest.raises(ValueError, match=r"now is 45\.5"):
        await bell.clock.advance(-1)


def test_in_real_time_a_freeze_stands_still():
    async def main():
        bell = Bell()
        with time_machine.travel("2030-01-01", tick=False):
            bell.clock.sync()
            was = bell.clock.now()
            bell.set(0.01)
            await asyncio.sleep(0.05)
            assert (was, []) == (bell.clock.now(), bell.rung)
        bell.clock.sync()
        await bell.clock.sleep(0.02)
        assert [0.01] == bell.rung

    asyncio.run(main())
