"""What a client says and does is in the recording, and no secret that it repeats."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from overshoot_testkit.clients import ClientError, ErrorReport
from overshoot_testkit.clients.reference import ReferenceClient
from overshoot_testkit.clock import LoopClock
from overshoot_testkit.journal import (
    ClientCalled,
    ClientReturned,
    ErrorReported,
    Inventory,
    Journal,
    Note,
    ResultDelivered,
)
from overshoot_testkit.lab import CONTRACT, OVERSHOOT, Case, InProcessBench, Lab, Rule
from overshoot_testkit.lab._time import LoopTime
from overshoot_testkit.simulation import run

if TYPE_CHECKING:
    from collections.abc import Iterable

    from overshoot_testkit.clients import Client
    from overshoot_testkit.lab import Finding


class Watched(Rule[Any]):
    id = "WATCHED-01"
    statement = "a client is looked at while it runs and when it has stopped"
    sources = (CONTRACT,)

    async def scenario(self, lab: Lab[Any], case: Case) -> None:
        await lab.attempt_start(prompt=f"my key is {lab.fake.api_key}")
        await lab.take_inventory("after start")
        await lab.stop()
        await lab.wait(2)
        await lab.take_inventory("after stop")

    def judge(self, seen: object, case: Case) -> Iterable[Finding]:
        return ()


class Talks(ReferenceClient):
    """Repeats its key wherever a client can say something."""

    async def start(self, target: Any, options: Any, on_result: Any, on_error: Any) -> None:
        on_result({"result": f"I have {target.api_key}"})
        on_error(ErrorReport("unknown", f"{target.api_key} is odd", reason=f"because of {target.api_key}"))
        raise ClientError(ErrorReport("validation", f"with {target.api_key} I cannot"))


class Leaks(ReferenceClient):
    """Leaves a file, a task and a failure behind."""

    async def stop(self) -> None:
        await super().stop()
        self._kept = asyncio.create_task(asyncio.sleep(3600), name="kept by the client")
        self._file = open(__file__, "rb")  # noqa: ASYNC230, PTH123, SIM115 - left open, as the story has it
        asyncio.get_running_loop().call_soon(self._fail)

    def _fail(self) -> None:
        raise LookupError("nobody waits for me")

    async def aclose(self) -> None:
        self._kept.cancel()
        self._file.close()


def recorded(client: type[Client]) -> Any:
    return InProcessBench(client, OVERSHOOT).observe(Watched(), Case(), "native").recording


def test_no_secret_that_a_client_repeats_is_recorded() -> None:
    seen = recorded(Talks)

    assert "my key is key 1" == seen.first(ClientCalled, method="start").arguments["prompt"]
    assert {"result": "I have key 1"} == seen.first(ResultDelivered).result
    error = seen.first(ErrorReported)
    assert ("key 1 is odd", "because of key 1") == (error.message, error.reason)
    assert "with key 1 I cannot" == seen.first(ClientReturned).error["message"]
    assert "ovs_test_key" not in seen.to_jsonl()


def test_what_a_client_holds_is_listed_without_what_the_harness_does() -> None:
    running, stopped = recorded(Leaks).of(Inventory)

    assert {"keepalive", "results"} == {line.partition(" ")[0] for line in running.tasks}
    assert 1 == len(running.connections)
    assert ["kept by the client"] == [line.partition(" (")[0] for line in stopped.tasks]
    assert [] == stopped.connections


def test_a_file_that_is_left_open_is_listed() -> None:
    stopped = recorded(Leaks).last(Inventory)

    assert (1 if Path("/dev/fd").is_dir() else 0) == len(stopped.files)


def test_a_failure_that_nobody_waits_for_is_a_note() -> None:
    told = [note.text for note in recorded(Leaks).of(Note)]

    assert any("LookupError: nobody waits for me" in text for text in told), told


def test_a_condition_is_asked_when_the_journal_grows_and_no_more_once_it_holds() -> None:
    async def whole() -> tuple[bool, list[float], int]:
        clock = LoopClock()
        journal = Journal(clock)
        time = LoopTime(clock, journal)
        asked: list[float] = []

        def condition() -> bool:
            asked.append(clock.now())
            return clock.now() >= 10

        for moment in (5, 10, 15):
            clock.call_at(moment, journal.add, Note("something happened"))
        held = await time.pass_until(60, condition)
        count = len(asked)
        await clock.sleep(10)
        return held, sorted(set(asked)), len(asked) - count

    assert (True, [0.0, 5.0, 10.0], 0) == run(whole)


@pytest.mark.parametrize(("holds", "until"), [(True, 0.0), (False, 60.0)])
def test_a_condition_that_holds_already_takes_no_time_and_leaves_no_timer(holds: bool, until: float) -> None:
    async def whole() -> tuple[bool, float, tuple[str, ...]]:
        clock = LoopClock()
        held = await LoopTime(clock, Journal(clock)).pass_until(60, lambda: holds)
        loop: Any = asyncio.get_running_loop()
        return held, clock.now(), loop.inventory("").timers

    assert (holds, until, ()) == run(whole)
