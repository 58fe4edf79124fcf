"""Faults that do something else each time: steps, quotas; and how they count."""

from __future__ import annotations

import asyncio
from collections import Counter

import aiohttp
import pytest
from fault_world import KEEPALIVE, World
from hypothesis import given
from hypothesis import strategies as st

from overshoot_testkit.fakes.overshoot import OvershootFake
from overshoot_testkit.faults import (
    Answer,
    CloseSocket,
    Delay,
    Drop,
    ExpireLease,
    Latency,
    Occasion,
    Pass,
    RateLimit,
    Steps,
)
from overshoot_testkit.journal import FaultFired, Response
from overshoot_testkit.simulation import run

# --- steps


def test_steps_happen_in_turn_and_then_all_goes_well():
    world = World()
    fault = world.plan.on(Steps([Answer(503), Pass(), Drop(), ExpireLease()]), route="keepalive")

    assert ["Answer(status=503)", "", "Drop()", "ExpireLease()", "", ""] == [
        world.happens() for _ in range(6)
    ]
    assert ["Answer(status=503)", "Drop()", "ExpireLease()"] == world.told()
    assert (3, 6) == (fault.fired, fault.seen)


def test_steps_can_start_again():
    world = World()
    world.plan.on(Steps([Answer(503), Pass()], repeat=True))

    assert ["Answer(status=503)", ""] * 3 == [world.happens() for _ in range(6)]


def test_steps_begin_after_those_that_are_let_pass():
    world = World()
    world.plan.on(Steps([Answer(500), Answer(501)]), skip=2)

    assert ["", "", "Answer(status=500)", "Answer(status=501)", ""] == [world.happens() for _ in range(5)]


def test_a_step_that_is_pass_lets_the_next_fault_have_its_turn():
    world = World()
    world.plan.on(Steps([Pass(), Answer(503)]), name="steps")
    world.plan.on(Delay(1), name="slow")

    assert [["slow"], ["steps"], ["slow"]] == [world.fires() for _ in range(3)]


@given(st.lists(st.sampled_from([500, 502, 503, None]), min_size=1, max_size=8), st.integers(0, 30))
def test_every_step_comes_as_often_as_it_should(statuses, occasions):
    world = World()
    world.plan.on(Steps([Pass() if each is None else Answer(each) for each in statuses], repeat=True))
    expected = [statuses[index % len(statuses)] for index in range(occasions)]

    assert ["" if each is None else f"Answer(status={each})" for each in expected] == [
        world.happens() for _ in range(occasions)
    ]


def test_steps_are_exact_under_fifty_requests_at_once():
    async def whole():
        async with OvershootFake() as fake:
            steps = [Answer(500), Answer(502), Answer(503)]
            fake.faults.on(Steps([*steps, Pass()] * 5), route="models", name="steps")
            fake.faults.on(Delay(1), route="models", name="slow")
            url, headers = f"{fake.base_url}/models", {"Authorization": f"Bearer {fake.api_key}"}
            async with aiohttp.ClientSession(headers=headers) as http:

                async def ask():
                    async with http.get(url) as answer:
                        return answer.status

                answers = await asyncio.gather(*(ask() for _ in range(50)))
            fired = Counter(event.fault for event in fake.journal.of(FaultFired))
            return Counter(answers), fired, len(fake.journal.of(Response, route="models"))

    answers, fired, responses = run(whole)

    assert {500: 5, 502: 5, 503: 5, 200: 35} == answers
    assert {"steps": 15, "slow": 35} == fired
    assert 50 == responses


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: Steps([]), r"Steps.actions: at least one is needed"),
        (lambda: Steps([Pass(), CloseSocket()]), r"Steps.actions\[1\]: CloseSocket\(\) does not happen"),
        (
            lambda: Steps([Latency(1)]),
            r"Steps.actions\[0\]: Latency\(seconds=1\) does not happen to a request",
        ),
        (lambda: Steps([Steps([Pass()])]), r"Steps.actions\[0\]: Steps"),
        (lambda: RateLimit(-1, 1), r"RateLimit.requests: -1 is negative"),
        (lambda: RateLimit(1, 0), r"RateLimit.seconds: 0 must be greater than 0"),
        (lambda: RateLimit(1, 1, 99), r"Answer.status: 99 is not an HTTP status"),
    ],
)
def test_what_cannot_be_a_step_or_a_quota_is_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        wrong()


# --- quotas


def asked_at(moments, quota):
    """For each moment: None if the request passed, else the seconds of Retry-After."""
    world = World()
    world.plan.on(quota)
    answers = []
    for moment in moments:
        world.to(moment)
        due = world.plan.due(KEEPALIVE, {"request"})
        answers.append(int(due[0].action.headers["Retry-After"]) if due else None)
    return answers


def test_so_many_pass_and_the_others_are_told_when_to_ask_again():
    expected = {0: None, 4: None, 4.5: 6, 9.9: 1, 10: None, 10.1: 4, 14: None, 14.5: 6}

    assert list(expected.values()) == asked_at(expected, RateLimit(2, 10))


def test_who_waits_as_told_is_not_too_early_whatever_floats_make_of_it():
    assert [None, 10, None] == asked_at([0.1, 0.1, 10.1], RateLimit(1, 10))


def test_what_was_refused_does_not_count():
    assert [None, 10, 9, 8, 1, None, 10] == asked_at([0, 0, 1, 2, 9.5, 10, 10], RateLimit(1, 10))


def test_a_quota_of_none_lets_nothing_pass():
    assert [10, 10] == asked_at([0, 5], RateLimit(0, 10))


def test_a_quota_answers_with_its_status():
    world = World()
    world.plan.on(RateLimit(0, 10, status=503))

    assert "Answer(status=503, headers={'Retry-After': '10'})" == world.happens()


@given(
    st.lists(st.integers(0, 60), max_size=40).map(sorted),
    st.integers(1, 4),
    st.integers(1, 20),
)
def test_no_window_ever_has_more_than_its_quota_and_who_waits_as_told_passes(moments, requests, seconds):
    answers = asked_at(moments, RateLimit(requests, seconds))
    passed = [moment for moment, told in zip(moments, answers, strict=True) if told is None]

    for moment in passed:
        assert sum(moment <= other < moment + seconds for other in passed) <= requests
    refused = [(moment, told) for moment, told in zip(moments, answers, strict=True) if told is not None]
    for moment, told in refused[:1]:
        before = [each for each in moments if each <= moment]
        assert asked_at([*before, moment + told], RateLimit(requests, seconds))[-1] is None


def test_two_quotas_do_not_share_what_they_remember():
    world = World()
    quota = RateLimit(1, 10)
    world.plan.on(quota, key="key 1", name="first")
    world.plan.on(quota, key="key 2", name="second")
    first, second = (Occasion("create", "POST", key=key) for key in ("key 1", "key 2"))

    assert [[], [], ["first"], ["second"]] == [world.fires(each) for each in (first, second, first, second)]
