"""Time that stands still until it is told to move."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overshoot_testkit.clock import EPOCH, SteppedClock


def test_begins_at_the_epoch() -> None:
    clock = SteppedClock()

    assert 0.0 == clock.now()
    assert EPOCH == clock.unix()
    assert clock.next_timer() is None


async def test_timers_fire_in_order_of_their_moments_and_of_their_making() -> None:
    clock = SteppedClock()
    fired = []
    for when, name in [(22.5, "second"), (45.0, "last"), (22.5, "third"), (1.0, "first")]:
        clock.call_at(when, lambda name=name: fired.append((clock.now(), name)))

    await clock.advance(45)

    assert [(1.0, "first"), (22.5, "second"), (22.5, "third"), (45.0, "last")] == fired


async def test_a_step_goes_to_the_next_timer_and_no_further() -> None:
    clock = SteppedClock()
    clock.call_at(10, lambda: None)

    assert clock.step(60)
    assert 10 == clock.now()
    assert not clock.step(60)
    assert 60 == clock.now()


async def test_a_cancelled_timer_is_not_waited_for() -> None:
    clock = SteppedClock()
    timer = clock.call_at(10, pytest.fail, "it was cancelled")
    timer.cancel()

    assert clock.next_timer() is None
    await clock.advance(20)
    assert 20 == clock.now()


async def test_a_timer_set_in_the_past_fires_now() -> None:
    clock = SteppedClock()
    await clock.advance(30)
    fired = []
    clock.call_at(10, lambda: fired.append(clock.now()))

    await clock.advance(0)

    assert [30.0] == fired


async def test_a_sleeper_wakes_at_its_moment_and_sees_what_it_sets_off_settled() -> None:
    clock = SteppedClock()
    seen = []

    async def sleeper() -> None:
        await clock.sleep(10)
        seen.append(clock.now())
        await clock.sleep(10)
        seen.append(clock.now())

    task = asyncio.create_task(sleeper())
    await clock.advance(60)
    await task

    assert [10.0, 20.0] == seen


async def test_a_sleep_that_is_cancelled_leaves_no_timer() -> None:
    clock = SteppedClock()
    task = asyncio.create_task(clock.sleep(10))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert clock.next_timer() is None


async def test_a_sleep_until_a_moment_that_has_passed_needs_no_time() -> None:
    clock = SteppedClock()
    clock.step(30)

    async with asyncio.timeout(1):
        await clock.sleep_until(10)

    assert clock.next_timer() is None


async def test_a_sleeper_that_is_cancelled_at_its_very_moment_is_cancelled() -> None:
    clock = SteppedClock()
    task = asyncio.create_task(clock.sleep(10))
    await asyncio.sleep(0)

    task.cancel()
    clock.step(10)
    ended = await asyncio.gather(task, return_exceptions=True)

    assert [asyncio.CancelledError] == [type(each) for each in ended]


async def test_what_a_timer_sets_off_is_done_before_time_goes_on() -> None:
    clock = SteppedClock()
    seen = []

    async def hops(number: int) -> None:
        """A task that starts a task, as a timer's task wakes a handler that writes to a socket."""
        seen.append(clock.now())
        if number:
            await asyncio.create_task(hops(number - 1))

    clock.call_at(10, lambda: seen.append(asyncio.create_task(hops(3))))
    await clock.advance(20)

    assert [10.0, 10.0, 10.0, 10.0] == seen[1:]


def test_a_moment_given_as_a_whole_number_is_written_as_any_other() -> None:
    clock = SteppedClock()
    clock.call_at(19, lambda: None)
    clock.step(60)

    assert "19.0" == repr(clock.now())


def test_time_does_not_run_backwards() -> None:
    clock = SteppedClock()
    clock.step(10)

    with pytest.raises(ValueError, match="time does not run backwards: now is 10 s, asked for 5 s"):
        clock.step(5)


@given(st.lists(st.floats(0, 1e6), max_size=30), st.floats(0, 1e6))
def test_exactly_the_timers_that_are_due_have_fired(moments: list[float], until: float) -> None:
    clock = SteppedClock()
    fired: list[float] = []
    for when in moments:
        clock.call_at(when, fired.append, when)
    while clock.step(until):
        pass

    assert sorted(when for when in moments if when <= until) == fired
    assert until == clock.now()
