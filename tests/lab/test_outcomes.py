"""A harness fault is never a client's failure: each outcome, and how it comes about."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from overshoot_testkit.clients import ClientError, ErrorReport
from overshoot_testkit.clients.reference import ReferenceClient
from overshoot_testkit.faults import Answer
from overshoot_testkit.journal import ClientReturned, Inventory, Request
from overshoot_testkit.lab import (
    CONTRACT,
    OVERSHOOT,
    Case,
    Finding,
    InProcessBench,
    Lab,
    Rule,
    RuleFinished,
    SuiteFinished,
    Verdict,
    run_suite,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from overshoot_testkit.clients import Client, Target
    from overshoot_testkit.journal import Recording
    from overshoot_testkit.lab import Level, Summary


class Quiet(Rule[Any]):
    """Starts, waits a minute, stops; finds nothing."""

    id = "QUIET-01"
    level: Level = "MUST"
    statement = "a client runs for a minute"
    sources = (CONTRACT,)

    async def scenario(self, lab: Lab[Any], case: Case) -> None:
        await lab.start()
        await lab.wait(60)
        await lab.stop()

    def judge(self, seen: Recording, case: Case) -> Iterable[Finding]:
        return ()


class Finds(Quiet):
    def judge(self, seen: Recording, case: Case) -> Iterable[Finding]:
        first = seen.of(Request)[0]
        yield Finding("asked", "no request", f"a request at {first.at:g} s", at=first.at, level=self.level)


class Warns(Finds):
    level = "SHOULD"


class NeverFires(Quiet):
    async def scenario(self, lab: Lab[Any], case: Case) -> None:
        lab.faults.on(Answer(503), route="models", name="nobody asks for models")
        await super().scenario(lab, case)


class NeverFiresAndFinds(NeverFires, Finds):
    pass


class Breaks(Quiet):
    async def scenario(self, lab: Lab[Any], case: Case) -> None:
        await super().scenario(lab, case)
        raise LookupError("a mistake in the scenario")


class Misjudges(Quiet):
    def judge(self, seen: Recording, case: Case) -> Iterable[Finding]:
        raise LookupError("a mistake in the judgement")


class NeedsMedia(Quiet):
    needs = frozenset({"end_media"})


class WebRtcOnly(Quiet):
    transports = frozenset({"webrtc"})


class TwoCases(Finds):
    cases = (Case("quiet"), Case("loud", {"loud": True}))

    def judge(self, seen: Recording, case: Case) -> Iterable[Finding]:
        return super().judge(seen, case) if case.parameters else ()


class NoStart(ReferenceClient):
    async def start(self, *arguments: Any) -> None:
        raise ClientError(ErrorReport("validation", "I do not want to"))


class HangingStart(ReferenceClient):
    async def start(self, *arguments: Any) -> None:
        await asyncio.get_running_loop().create_future()


class HoldsTime(ReferenceClient):
    async def start(self, *arguments: Any) -> None:
        await asyncio.get_running_loop().run_in_executor(None, threading.Event().wait, 2.0)


class Lingers(ReferenceClient):
    async def aclose(self) -> None:
        await asyncio.get_running_loop().create_future()


class Spins(ReferenceClient):
    async def start(self, *arguments: Any) -> None:
        while True:  # noqa: ASYNC110 - the loop is never idle, so time never moves
            await asyncio.sleep(0)


class AsksWithoutAPause(ReferenceClient):
    async def update_prompt(self, prompt: str) -> None:
        while True:
            with contextlib.suppress(ClientError):
                await super().update_prompt(prompt)


class LeavesAFileOpen(ReferenceClient):
    async def stop(self) -> None:
        await super().stop()
        self.left = Path(__file__).open("rb")  # noqa: ASYNC230, SIM115 - leaving it open is the point

    async def aclose(self) -> None:
        self.left.close()


class Prompts(Quiet):
    """Has a prompt changed, and an hour pass."""

    async def scenario(self, lab: Lab[Any], case: Case) -> None:
        await lab.start()
        await lab.wait(5)
        await lab.call("update_prompt", prompt="And now?", limit=3600)


class Counts(Prompts):
    def judge(self, seen: Recording, case: Case) -> Iterable[Finding]:
        asked = seen.of(Request, route="prompt")
        yield Finding("too-often", "one request", f"{len(asked)}", at=asked[1].at)
        yield Finding("no-end", "an answer within an hour", "none", at=3605.0)


class Inventories(Quiet):
    """What is open after a client has stopped."""

    async def scenario(self, lab: Lab[Any], case: Case) -> None:
        await super().scenario(lab, case)
        await lab.take_inventory("after stop")

    def judge(self, seen: Recording, case: Case) -> Iterable[Finding]:
        yield from (Finding("left", "no file", file) for file in seen.of(Inventory)[-1].files)


class AsksForDescriptors(ReferenceClient):
    """Its HTTP library looks whether a connection was dropped, by the descriptor of its socket."""

    async def start(self, target: Target, *arguments: Any) -> None:
        async with httpx.AsyncClient() as http:
            for _ in range(2):
                await http.get(f"{target.base_url}/healthz")
        await super().start(target, *arguments)


def judged(*rules: Rule[Any], client: type[Client] = ReferenceClient, strict: bool = False) -> Summary:
    bench = InProcessBench(client, OVERSHOOT, hold_limit=0.2, spin_limit=20_000)
    *events, last = run_suite(rules, bench, replay="overshoot-testkit --rules {rule}", strict=strict)
    assert isinstance(last, SuiteFinished)
    assert len(rules) == sum(isinstance(event, RuleFinished) for event in events)
    return last.summary


def verdict(rule: Rule[Any], client: type[Client] = ReferenceClient) -> Verdict:
    (only,) = judged(rule, client=client).verdicts
    return only


def test_nothing_found_is_a_pass() -> None:
    assert "pass" == verdict(Quiet()).outcome


def test_a_finding_is_a_failure_with_its_timeline_and_replay() -> None:
    failed = verdict(Finds())

    assert "fail" == failed.outcome
    assert "MUST" == failed.failed_level
    assert ["asked"] == [finding.reason for finding in failed.findings]
    assert ["client.start() called", "→ POST /v0.2/streams"] == [
        entry.text for entry in failed.cases[0].timeline[:2]
    ]
    assert "overshoot-testkit --rules QUIET-01" == failed.replay


def test_one_failed_case_fails_the_rule() -> None:
    failed = verdict(TwoCases())

    assert ["pass", "fail"] == [case.outcome for case in failed.cases]
    assert "fail" == failed.outcome


def test_a_should_is_a_warning_unless_strict() -> None:
    assert 0 == judged(Warns()).exit_code + judged(Quiet(), Warns()).exit_code - 2  # alone: no MUST judged
    assert 1 == judged(Quiet(), Warns(), strict=True).exit_code
    assert 1 == len(judged(Quiet(), Warns()).warnings)


@pytest.mark.parametrize("rule", [NeverFires(), NeverFiresAndFinds()])
def test_a_fault_that_never_fired_is_the_harnesss_error(rule: Rule[Any]) -> None:
    broken = verdict(rule)

    assert "harness_error" == broken.outcome
    assert "never fired: nobody asks for models" in broken.reason


def test_a_scenario_that_raises_is_the_harnesss_error() -> None:
    broken = verdict(Breaks())

    assert "harness_error" == broken.outcome
    assert "the scenario broke: LookupError: a mistake in the scenario" in broken.reason


def test_a_judgement_that_raises_is_the_harnesss_error() -> None:
    broken = verdict(Misjudges())

    assert "harness_error" == broken.outcome
    assert "the judgement broke: LookupError: a mistake in the judgement" in broken.reason


def test_a_client_that_cannot_be_made_again_is_an_error() -> None:
    made: list[Client] = []

    def once() -> Client:
        if made:
            raise LookupError("only one of me")
        made.append(ReferenceClient())
        return made[0]

    bench = InProcessBench(once, OVERSHOOT)
    observed = bench.observe(Quiet(), Case(), "native")

    assert "the client could not be made again: LookupError: only one of me" == observed.problem
    assert "harness_error" == observed.outcome


def test_an_adapter_that_never_releases_itself_does_not_change_the_verdict() -> None:
    assert "pass" == verdict(Quiet(), Lingers).outcome


def test_a_missing_capability_or_transport_is_not_applicable_and_says_so() -> None:
    assert ("not_applicable", "needs capability end_media") == _told(verdict(NeedsMedia()))
    assert ("not_applicable", "needs transport webrtc") == _told(verdict(WebRtcOnly()))


def test_a_client_that_does_not_start_cannot_be_judged_by_what_comes_after() -> None:
    assert ("not_judged", "start failed: I do not want to") == _told(verdict(Quiet(), NoStart))
    assert ("not_judged", "start had not returned after 60 s") == _told(verdict(Quiet(), HangingStart))


@pytest.mark.parametrize(("client", "named"), [(HoldsTime, "wait"), (Spins, "client.start")])
def test_a_client_that_holds_virtual_time_is_an_error_that_names_who(
    client: type[Client], named: str
) -> None:
    broken = verdict(Quiet(), client)

    assert "harness_error" == broken.outcome
    assert named in broken.reason


def test_a_client_that_asks_without_a_pause_is_judged_by_what_it_did_until_then() -> None:
    failed = verdict(Counts(), AsksWithoutAPause)

    assert ("fail", ["too-often"]) == (failed.outcome, [finding.reason for finding in failed.findings])


def test_a_client_that_asks_without_a_pause_is_an_error_where_that_breaks_no_rule() -> None:
    assert (
        "harness_error",
        "the client sent 1000 requests at 5 s without a pause between them",
    ) == _told(verdict(Prompts(), AsksWithoutAPause))


def test_a_file_that_is_left_open_is_the_clients_where_the_system_lists_them() -> None:
    found = [finding.reason for finding in verdict(Inventories(), LeavesAFileOpen).findings]

    assert (["left"] if Path("/dev/fd").is_dir() else []) == found


def test_descriptors_that_the_simulation_made_are_not() -> None:
    assert "pass" == verdict(Inventories(), AsksForDescriptors).outcome


class SeveralTransports(ReferenceClient):
    capabilities = ReferenceClient.capabilities | {"webrtc", "livekit"}


def test_of_several_transports_the_native_one_is_judged() -> None:
    (only,) = judged(Quiet(), client=SeveralTransports).verdicts

    assert "pass" == only.outcome
    assert '"transport":"native"' in only.cases[0].journal


class MakesTheFakeFail(Quiet):
    """Asks for results that the fake cannot make: a defect of the fake, not of the client."""

    async def scenario(self, lab: Lab[Any], case: Case) -> None:
        lab.fake.results.script([lambda _: {}["no such line"]])
        await super().scenario(lab, case)


def test_a_defect_of_the_fake_is_the_harnesss_error() -> None:
    broken = verdict(MakesTheFakeFail())

    assert "harness_error" == broken.outcome
    assert "the fake itself failed" in broken.reason
    assert "KeyError: 'no such line'" in broken.reason


def test_exit_codes() -> None:
    assert 0 == judged(Quiet()).exit_code
    assert 1 == judged(Quiet(), Finds(), Breaks()).exit_code
    assert 2 == judged(Quiet(), Breaks()).exit_code
    assert 2 == judged(NeedsMedia()).exit_code, "no MUST rule was judged"


def test_an_error_of_start_is_in_the_recording() -> None:
    bench = InProcessBench(NoStart, OVERSHOOT)
    observed = bench.observe(Quiet(), Case(), "native")
    returned = observed.recording.first(ClientReturned)

    assert returned is not None
    assert returned.error is not None
    assert "validation" == returned.error["kind"]


def test_the_same_seed_gives_the_same_journal_and_another_seed_another() -> None:
    first, again, other = (
        InProcessBench(ReferenceClient, OVERSHOOT, seed=seed)
        .observe(Quiet(), Case(), "native")
        .recording.to_jsonl()
        for seed in (0, 0, 1)
    )

    assert first == again
    assert first != other


def _told(verdict: Verdict) -> tuple[str, str]:
    return verdict.outcome, verdict.reason
