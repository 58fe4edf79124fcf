"""The machine: the reference client keeps every promise, and clients that break one are found out."""

from __future__ import annotations

import asyncio
import warnings

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import invariant, run_state_machine_as_test

from overshoot_testkit.clients import Options
from overshoot_testkit.clients.reference import ReferenceClient
from overshoot_testkit.conformance.overshoot.broken import BROKEN
from overshoot_testkit.journal import Response, SocketClosed
from overshoot_testkit.strategies import OvershootMachine

QUICK = settings(
    derandomize=True,
    deadline=None,
    max_examples=15,
    stateful_step_count=8,
    suppress_health_check=list(HealthCheck),
)


class Promises(OvershootMachine):
    """An application that is nothing but a client."""

    factory = ReferenceClient
    most_streams = 1

    async def start_app(self, target):
        self.client = type(self).factory()
        await self.client.start(target, Options(), lambda result: None, lambda error: None)

    async def stop_app(self):
        await self.client.stop()
        await self.client.aclose()

    @invariant()
    def nothing_follows_a_402(self):
        for refused in self.journal.of(Response, route="keepalive", status=402):
            later = self.journal.of(
                Response, route="keepalive", stream_id=refused.stream_id, since=refused.at
            )
            assert [refused] == later, f"a keepalive after 402 at {refused.at:g} s"


def test_the_reference_client_keeps_every_promise():
    run_state_machine_as_test(Promises, settings=settings(QUICK, max_examples=40))


def found(capsys, machine, **options):
    """The story that hypothesis tells, and the error it ends with."""
    asked = settings(QUICK, max_examples=1000, **options)  # far more than any of them takes
    with pytest.raises(BaseException) as caught:  # noqa: PT011 - whatever it is, it is looked at
        run_state_machine_as_test(machine, settings=asked)
    notes = "\n".join(getattr(caught.value, "__notes__", []))
    return f"{caught.value}\n{notes}\n{capsys.readouterr().out}"


def test_a_client_that_leaves_its_stream_open_is_found_by_the_shortest_story(capsys):
    class Leaves(Promises):
        factory = BROKEN["CLEAN-01"].factory
        troubles = frozenset()

    told = found(capsys, Leaves)

    assert "left open: stream 1 of 0 s (active, lease to 45 s)" in told
    assert "state.app_starts()" in told
    assert "state.time_passes" not in told
    assert "0.000 s  → POST /v0.2/streams" in told


def test_an_invariant_of_ones_own_finds_a_client_that_retries_402(capsys):
    class Retries(Promises):
        factory = BROKEN["KEEP-05"].factory
        troubles = frozenset({"credits"})

    told = found(capsys, Retries, phases=[Phase.generate])

    assert "a keepalive after 402 at" in told
    assert "state.credits_run_out()" in told


@pytest.mark.parametrize(
    ("option", "value", "error"),
    [
        ("most_cents", 1.0, "cents were spent, 1 are allowed"),
        ("most_streams", 0, "1 streams are open, 0 are allowed"),
        ("most_keepalives_per_second", 0, "more than 0 keepalives within a second"),
    ],
)
def test_each_promise_can_be_broken(capsys, option, value, error):
    machine = type("Machine", (Promises,), {option: value, "troubles": frozenset()})

    assert error in found(capsys, machine, phases=[Phase.generate])


def test_a_client_that_is_kept_alive_for_ever_is_found(capsys):
    class Keeps(Promises):
        most_streams = None
        troubles = frozenset()

        def __init__(self):
            super().__init__()
            self.clients = []

        async def start_app(self, target):
            await super().start_app(target)
            self.clients.append(self.client)

        async def stop_app(self):
            pass

        def in_trouble(self):
            return True  # so that only the lapse of the lease is looked at

        def teardown(self):
            for client in self.clients:
                self.run(client.stop())
            super().teardown()

    assert "still kept alive at" in found(capsys, Keeps, phases=[Phase.generate])


def test_a_start_that_fails_without_any_trouble_is_a_failure(capsys):
    class Fails(Promises):
        troubles = frozenset()

        async def start_app(self, target):
            raise ConnectionError("no camera")

    assert "no camera" in found(capsys, Fails)


def test_a_start_that_hangs_is_a_failure_with_the_name_of_the_hook(capsys):
    class Hangs(Promises):
        troubles = frozenset()

        async def start_app(self, target):
            await asyncio.sleep(1000)

    assert "start_app took more than 120 s" in found(capsys, Hangs)


def test_hooks_that_are_missing_are_named(capsys):
    assert "OvershootMachine.start_app: start your application here" in found(capsys, OvershootMachine)


def test_the_same_stories_in_every_run(capsys):
    stories = []

    class Watched(Promises):
        def teardown(self):
            super().teardown()
            stories[-1].append(self.journal.to_jsonl())

    for _ in range(2):
        stories.append([])
        run_state_machine_as_test(Watched, settings=settings(QUICK, max_examples=15))

    assert stories[0] == stories[1]
    assert any("keepalive" in journal for journal in stories[0])


def test_nothing_is_left_behind():
    machine = Promises()
    machine.app_starts()
    machine.time_passes(20)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        machine.teardown()

    assert machine.loop.is_closed()
    assert [] == machine.fake.open_streams()
    assert 0 == machine.fake.traffic.connections_open


def test_a_client_that_closes_a_socket_that_was_just_cut_is_no_defect_of_the_fake():
    machine = Promises()
    machine.app_starts()
    machine.video_changes(arrive=False)
    machine.time_passes(20)
    machine.sockets_are_cut()
    machine.app_stops()
    machine.teardown()

    assert ["fault"] == [closed.by for closed in machine.journal.of(SocketClosed)]


def test_a_stream_that_trouble_kept_from_being_closed_is_not_held_against_the_next_start():
    machine = Promises()
    machine.app_starts()
    machine.key_is_revoked()
    machine.app_stops()
    machine.key_is_restored()
    machine.app_starts_again()
    machine.promises()
    machine.app_stops()

    assert 1 == len(machine.fake.open_streams())
    machine.time_passes(60)
    machine.promises()
    machine.teardown()
