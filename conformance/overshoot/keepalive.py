"""Keeping the lease, and what to do when that fails."""

from __future__ import annotations

import statistics
from itertools import pairwise
from typing import TYPE_CHECKING

from overshoot_testkit.conformance.overshoot._leases import lease_end, lease_kept
from overshoot_testkit.conformance.overshoot._reading import OvershootLab, before_stop, ends, terminal
from overshoot_testkit.faults import Answer, Delay, Deploy, ExhaustCredits, Refuse, Reset, Truncate
from overshoot_testkit.journal import (
    ClientCalled,
    ClientProbed,
    FaultFired,
    Request,
    Response,
)
from overshoot_testkit.lab import CONTRACT, USER_HARM, Case, Finding, NotStartedError, Rule, Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from overshoot_testkit.journal import Recording
    from overshoot_testkit.lab import Level

LEASE = Source("Starting & Stopping Streams", "Keepalive")
RETRIES = Source("Starting & Stopping Streams", "Keepalive Retry Behavior")

A_WHILE = 120.0
"""Seconds in which a client that keeps a lease of 45 s must have asked at least twice."""

ODD_MOMENT = 0.37
"""Seconds after something at which no client does anything: what it sent just then could not be told from
what it sent because of stop."""
RHYTHM = 4
"""Keepalives that tell at which pace a client asks."""
LEAD = 1.0
"""Seconds before a keepalive is due at which connections begin to be refused."""
TRIALS = 12
"""How often a client with an unsteady rhythm is refused: one of ±20 per cent is hit with 9 in 10 seeds."""


async def await_keepalive(lab: OvershootLab, condition: Callable[[], bool]) -> None:
    """Wait for something to happen to a keepalive. Raises NotStartedError if none comes in time."""
    if not await lab.until(condition, A_WHILE):
        raise NotStartedError(f"no keepalive came to which that could happen within {A_WHILE:g} s")


def _asked(lab: OvershootLab) -> list[float]:
    """When each keepalive came."""
    return [request.at for request in lab.journal.of(Request, route="keepalive")]


class Keep01(Rule[OvershootLab]):
    """A lease that lapses takes the stream with it: the server closes it and never resumes it.

    Renewing in the last third leaves no room for the documented retries.
    """

    id = "KEEP-01"
    statement = "The lease never lapses while the stream runs, for a day (two hours by driver)."
    sources = (LEASE,)
    tolerances = {"late_seconds": 1.0}

    async def scenario(self, lab: OvershootLab, case: Case) -> None:
        await lab.start(interval_seconds=60.0)
        await lab.wait(lab.horizon)
        await lab.stop()

    def judge(self, seen: Recording, case: Case) -> Iterator[Finding]:
        yield from lease_kept(seen, slack=self.tolerances["late_seconds"])


class Keep02(Rule[OvershootLab]):
    """The lease is the server's to set: 30 and 90 s have been seen beside the documented 45.

    Each answer says how long it is from now on; a client that assumes a figure is closed by another server.
    """

    id = "KEEP-02"
    statement = "The lease is kept whatever its TTL: 30, 45, 90 s, changed by a keepalive; 20 s: SHOULD."
    sources = (CONTRACT,)
    cases = (
        Case("30 s", server={"lease_ttl": 30}),
        Case("45 s", server={"lease_ttl": 45}),
        Case("90 s", server={"lease_ttl": 90}),
        Case("90 s, then 30 s", server={"lease_ttl": 90, "keepalive_ttl": 30}),
        Case("30 s, then 90 s", server={"lease_ttl": 30, "keepalive_ttl": 90}),
        Case("20 s", {"level": "SHOULD"}, {"lease_ttl": 20}),
    )
    tolerances = {"late_seconds": 1.0}

    async def scenario(self, lab: OvershootLab, case: Case) -> None:
        await lab.start(interval_seconds=30.0)
        await lab.wait(600)
        await lab.stop()

    def judge(self, seen: Recording, case: Case) -> Iterator[Finding]:
        level = case.parameters.get("level", "MUST")
        yield from lease_kept(seen, slack=self.tolerances["late_seconds"], level=level)


class Keep03(Rule[OvershootLab]):
    """A failure that passes shouldn't kill a stream: the next attempt would have succeeded."""

    id = "KEEP-03"
    statement = (
        "One transient failure of a keepalive does not end the stream: 500, 502, 503, 429, connection reset, "
        "connection refused, truncated answer."
    )
    sources = (RETRIES,)
    cases = (
        Case("500", {"fault": Answer(500)}),
        Case("502", {"fault": Answer(502, "<html>502 Bad Gateway</html>")}),
        Case("503", {"fault": Answer(503)}),
        Case("429", {"fault": Answer(429)}),
        Case("reset", {"fault": Reset()}),
        Case("truncated", {"fault": Truncate()}),
        Case("refused"),
    )

    async def scenario(self, lab: OvershootLab, case: Case) -> None:
        if "fault" in case.parameters:
            fault = lab.faults.on(case.parameters["fault"], route="keepalive", times=1)
            await lab.start()
            await await_keepalive(lab, lambda: fault.fired > 0)
        else:
            await lab.start()
            await self._refuse_one(lab)
        await lab.wait(A_WHILE)
        await lab.probe("two minutes after the failure")
        await lab.stop()

    async def _refuse_one(self, lab: OvershootLab) -> None:
        """Refuse connections around the moment at which the next keepalive is due, by the client's rhythm.

        Nobody sees a connection that is refused, so a client whose rhythm varies is refused at many moments,
        a whole cycle apart: some will be those at which it asks.
        """
        for count in range(1, RHYTHM + 1):
            await await_keepalive(lab, lambda count=count: len(_asked(lab)) >= count)  # type: ignore[misc]
        pauses = [after - before for before, after in pairwise(_asked(lab))]
        steady = max(pauses) - min(pauses) < LEAD
        for _ in range(1 if steady else TRIALS):
            asked = len(_asked(lab))
            due = _asked(lab)[-1] + statistics.median(pauses)
            lead = min(LEAD, statistics.median(pauses) / 2)
            await lab.wait(max(0.0, due - lead - lab.clock.now()))
            lab.faults.now(Refuse(lead + 0.1))  # shorter than any pause between two attempts
            await lab.until(lambda asked=asked: len(_asked(lab)) > asked + 1, A_WHILE)  # type: ignore[misc]

    def judge(self, seen: Recording, case: Case) -> Iterator[Finding]:
        stopped = before_stop(seen)
        for end in ends(seen):
            if end.seq < stopped:
                told = f"it ended at {end.at:g} s: {end.reason}"
                yield Finding("stream-ended", "the stream goes on", told, end.at)
        for again in seen.of(Request, route="create")[1:]:
            yield Finding("created-again", "the same stream", "another POST /streams", again.at)
        for probe in seen.of(ClientProbed, is_active=False):
            if probe.seq < stopped:
                yield Finding("inactive", "an active stream", f"inactive at {probe.at:g} s", probe.at)


class Keep04(Rule[OvershootLab]):
    """After a few attempts the stream is closed and the user told.

    Endless attempts hide an outage from the user, and hammer a server that is in trouble; an attempt after
    the lease is gone cannot bring the stream back.
    """

    id = "KEEP-04"
    statement = (
        "Failing keepalives are tried a bounded number of times, none after the lease is gone; then the "
        "failure is terminal. SHOULD: 3 attempts a cycle (1 + 3 accepted), at least 2 s apart."
    )
    sources = (RETRIES,)
    cases = (Case("each answered 503"), Case("server away"))
    tolerances = {
        "most_attempts": 30,
        "after_lease_seconds": 0.5,
        "report_seconds": 5.0,
        "settle_seconds": 1.0,
        "cycle_pause_seconds": 8.0,
        "backoff_slack_seconds": 0.1,
    }

    async def scenario(self, lab: OvershootLab, case: Case) -> None:
        if case.name == "server away":
            await lab.start()
            lab.faults.now(Deploy(600))
        else:
            fault = lab.faults.on(Answer(503), route="keepalive")
            await lab.start()
            await await_keepalive(lab, lambda: fault.fired > 0)
        await lab.wait(A_WHILE)
        await lab.probe("two minutes after the first failure")
        await lab.wait(60)
        await lab.stop()

    def judge(self, seen: Recording, case: Case) -> Iterator[Finding]:
        allowed = self.tolerances
        fired = seen.first(FaultFired)
        since = fired.at if fired else 0.0
        gone = lease_end(seen)
        attempts = seen.of(Request, route="keepalive", since=since)
        late = [each for each in attempts if each.at > gone + allowed["after_lease_seconds"]]
        if late:
            told = f"{len(late)}, the first at {late[0].at:g} s"
            yield Finding("after-the-lease", f"no keepalive after {gone:g} s", told, late[0].at)
        most = int(allowed["most_attempts"])
        if len(attempts) > most:
            yield Finding("hammering", f"at most {most} attempts", f"{len(attempts)}", attempts[most].at)
        if case.name != "server away":
            yield from self._cycles(attempts, gone)
        by = gone + allowed["report_seconds"]
        for finding in terminal(seen, since=since, by=by, settle=allowed["settle_seconds"]):
            # With the server away the socket fails too, and a client may tell that apart.
            if case.name != "server away" or finding.reason != "reported-twice":
                yield finding

    def _cycles(self, attempts: Sequence[Request], gone: float) -> Iterator[Finding]:
        """Whether attempts come in cycles as documented."""
        backoff = 2.0 - self.tolerances["backoff_slack_seconds"]
        pause = self.tolerances["cycle_pause_seconds"]
        for before, after in pairwise(attempts):
            if after.at - before.at < backoff:
                told = f"{after.at - before.at:g} s after the one before"
                yield Finding("too-soon", "attempts 2 s apart", told, after.at, "SHOULD")
                break
        cycle: list[Request] = []
        for each, following in zip(attempts, [*attempts[1:], None], strict=True):
            cycle.append(each)
            if following is not None and following.at - each.at <= pause:
                continue
            cut_short = each.at + 2.0 >= gone
            if len(cycle) > 4 or (len(cycle) < 3 and not cut_short):
                told = f"{len(cycle)}, from {cycle[0].at:g} s to {each.at:g} s"
                yield Finding("attempts", "3 or 4 attempts a cycle", told, each.at, "SHOULD")
            cycle = []


class Keep05(Rule[OvershootLab]):
    """Each keepalive pays for the time since the last one.

    A client out of credits that asks again only hammers a server that must refuse, and delays what its user
    needs to know.
    """

    id = "KEEP-05"
    statement = "A keepalive answered 402 is terminal at once: no retry."
    sources = (LEASE, Source("Starting & Stopping Streams", "Billing"))
    cases = (
        Case("credits used up", {"fault": ExhaustCredits(), "times": 1}),
        Case(
            "credits used up, stream ended at once",
            {"fault": ExhaustCredits(), "times": 1},
            {"out_of_credits": "end"},
        ),
        Case("answered 402", {"fault": Answer(402), "times": None}),
    )
    tolerances = {"report_seconds": 5.0, "settle_seconds": 1.0}

    async def scenario(self, lab: OvershootLab, case: Case) -> None:
        lab.faults.on(case.parameters["fault"], route="keepalive", times=case.parameters["times"], skip=1)
        await lab.start()
        await await_keepalive(lab, lambda: bool(lab.journal.of(Response, route="keepalive", status=402)))
        await lab.wait(self.tolerances["report_seconds"] + 1.0)
        await lab.probe("after the 402")
        await lab.wait(A_WHILE)
        await lab.stop()

    def judge(self, seen: Recording, case: Case) -> Iterator[Finding]:
        for refused in seen.of(Response, route="keepalive", status=402)[:1]:
            yield from _retries(seen, refused, "retried-after-402", "MUST")
            by = refused.at + self.tolerances["report_seconds"]
            yield from terminal(seen, since=refused.at, by=by, settle=self.tolerances["settle_seconds"])


class Keep06(Rule[OvershootLab]):
    """A key that is refused and a stream that is unknown stay so: repeating the request mends neither.

    That the stream is over must reach the user, whether or not the client tries again.
    """

    id = "KEEP-06"
    level = "SHOULD"
    statement = "A keepalive answered 401 or 404 is not retried. MUST: it ends as terminal."
    sources = (CONTRACT, USER_HARM)
    cases = (Case("401", {"status": 401}), Case("404", {"status": 404}))
    tolerances = {"report_seconds": 5.0, "settle_seconds": 1.0}

    async def scenario(self, lab: OvershootLab, case: Case) -> None:
        status = case.parameters["status"]
        lab.faults.on(Answer(status), route="keepalive")
        await lab.start()
        await await_keepalive(lab, lambda: bool(lab.journal.of(Response, route="keepalive", status=status)))
        await lab.wait(A_WHILE)
        await lab.probe(f"two minutes after the first {status}")
        await lab.stop()

    def judge(self, seen: Recording, case: Case) -> Iterator[Finding]:
        for refused in seen.of(Response, route="keepalive", status=case.parameters["status"])[:1]:
            yield from _retries(seen, refused, "retried", "SHOULD")
            by = lease_end(seen, refused.at) + self.tolerances["report_seconds"]
            yield from terminal(seen, since=refused.at, by=by, settle=self.tolerances["settle_seconds"])


def _retries(seen: Recording, refused: Response, reason: str, level: Level) -> Iterator[Finding]:
    """Keepalives after the one that was refused for good."""
    again = [each for each in seen.of(Request, route="keepalive") if each.seq > refused.seq]
    if again:
        told = f"{len(again)}, the first {again[0].at - refused.at:g} s later"
        yield Finding(reason, f"no keepalive after the {refused.status}", told, again[0].at, level)


class Keep09(Rule[OvershootLab]):
    """A keepalive charges, and renews a lease that nobody wants any more.

    Sent after stop was called it may keep alive what stop has just closed, or is about to.
    """

    id = "KEEP-09"
    statement = "No keepalive is sent after stop is called; one that is under way may finish."
    sources = (USER_HARM,)
    cases = (
        Case("at a quiet moment"),
        Case("while a keepalive is under way", {"fault": Delay(10.0)}),
        Case("between two attempts", {"fault": Answer(503)}),
    )

    async def scenario(self, lab: OvershootLab, case: Case) -> None:
        if "fault" in case.parameters:
            fault = lab.faults.on(case.parameters["fault"], route="keepalive", times=1)
            await lab.start()
            await await_keepalive(lab, lambda: fault.fired > 0)
        else:
            await lab.start()
            await await_keepalive(lab, lambda: bool(lab.journal.of(Response, route="keepalive")))
        await lab.wait(ODD_MOMENT)
        await lab.stop()
        await lab.wait(A_WHILE)

    def judge(self, seen: Recording, case: Case) -> Iterator[Finding]:
        stop = seen.first(ClientCalled, method="stop")
        later = [each for each in seen.of(Request, route="keepalive") if stop and each.seq > stop.seq]
        if stop and later:
            told = f"{len(later)}, the first at {later[0].at:g} s"
            wanted = f"none after stop was called at {stop.at:g} s"
            yield Finding("after-stop", wanted, told, later[0].at)


RULES: tuple[Rule[OvershootLab], ...] = (
    Keep01(),
    Keep02(),
    Keep03(),
    Keep04(),
    Keep05(),
    Keep06(),
    Keep09(),
)
