"""What stop leaves behind, and that it can always be called: the rules CLEAN-."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from overshoot_testkit.conformance.overshoot._reading import (
    HELD,
    OvershootLab,
    called_at,
    failures,
    held,
    still_active,
)
from overshoot_testkit.conformance.overshoot._situations import listening
from overshoot_testkit.faults import Answer, Delay, ExpireLease
from overshoot_testkit.journal import (
    ClientCalled,
    ClientReturned,
    ErrorReported,
    Inventory,
    Response,
    ResultDelivered,
    StateChanged,
)
from overshoot_testkit.lab import USER_HARM, Case, Finding, Rule, Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from overshoot_testkit.journal import Recording
    from overshoot_testkit.lab import Level

OVERVIEW = Source("Starting & Stopping Streams", "Overview")
TERMINATION = Source("Starting & Stopping Streams", "Stream Termination")

STOP_LIMIT = 60.0
"""Seconds in which stop must come back for anything after it to be judged; rule CLEAN-04 allows 45."""
RELEASE = 2.0
"""Seconds between stop's return and the look at what is left.

Closing takes turns of the loop, and a connection its closing handshake, of which aiohttp waits a second for
the last part: that is an ending under way, not a leak. What is still there afterwards is there for good, or
until the next timer of a client that believes it runs.
"""
WATCH = 60.0
"""Seconds to watch for callbacks that should not come: more than a lease and any usual backoff."""

CLOSED = frozenset({200, 204})
"""Answers to DELETE that say that the stream is closed. Source: contract."""


def amount(lines: Iterable[str]) -> int:
    """How many things the lines stand for: a driver counts ("3 timers"), the simulation describes each."""
    counts = [re.match(r"(\d+) ", line) for line in lines]
    return sum(int(count[1]) if count else 1 for count in counts)


def closings(seen: Recording, stream: str, *, since: int = 0) -> list[Response]:
    """Answers to DELETE, from event number `since` on, by which a stream was closed or had been before."""
    answers = seen.of(Response, route="close", stream_id=stream)
    return [each for each in answers if each.status in CLOSED and each.seq >= since]


def created(seen: Recording) -> list[str]:
    """Streams that were made, in order."""
    return [each.id for each in seen.of(StateChanged, entity="stream", before=None)]


def unfinished(seen: Recording) -> Iterator[Finding]:
    """Calls of stop that did not come back."""
    for called in seen.of(ClientCalled, method="stop"):
        if seen.first(ClientReturned, call=called.call) is None:
            yield Finding(
                "never-returned",
                f"stop returned within {STOP_LIMIT:g} s",
                f"stop, called at {called.at:g} s, had not returned",
                called.at,
            )


class Clean01(Rule[OvershootLab]):
    """After stop the user pays nothing and holds nothing.

    A stream that stop leaves open is paid for until its lease lapses, and takes one of five places. A timer
    or a socket that is left is a leak in every page or service that starts streams more than once.
    """

    id = "CLEAN-01"
    statement = (
        "stop closes the stream on the server by one successful DELETE, and leaves no socket, timer, task, "
        "thread, file or media of the client."
    )
    sources = (OVERVIEW,)
    tolerances: ClassVar = {"release_seconds": RELEASE}
    cases: ClassVar = (
        Case("as soon as it has started"),
        Case("while results flow", {"after": 5.3}),
        Case("after some keepalives", {"after": 100.7}),
    )

    async def scenario(self, lab: OvershootLab, case: Case) -> None:
        """Start, stop, and look at what is left a little later."""
        if "after" in case.parameters:
            await listening(lab)
            await lab.wait(case.parameters["after"])
        else:
            await lab.start()
        await lab.stop(limit=STOP_LIMIT)
        await lab.wait(RELEASE)
        await lab.take_inventory("after stop")

    def judge(self, seen: Recording, case: Case) -> Iterator[Finding]:
        """The server's side by the answers to DELETE, the client's by its inventory."""
        yield from unfinished(seen)
        for stream in created(seen):
            yield from self._closed_once(seen, stream)
        inventory = seen.last(Inventory)
        if inventory is None:
            return
        for kind in HELD:
            if lines := held(inventory, kind):
                yield Finding(
                    f"{kind}-left",
                    f"no {kind} of the client left {RELEASE:g} s after stop",
                    "; ".join(lines),
                    inventory.at,
                )

    @staticmethod
    def _closed_once(seen: Recording, stream: str) -> Iterator[Finding]:
        answers = [each for each in seen.of(Response, route="close") if each.stream_id == stream]
        successful = closings(seen, stream)
        if not successful:
            told = ", ".join(str(each.status or each.outcome) for each in answers)
            seen_then = f"answered {told}" if answers else "no DELETE was sent"
            at = answers[0].at if answers else called_at(seen, "stop")
            yield Finding("not-closed", f"one successful DELETE for stream {stream}", seen_then, at)
        elif len(successful) > 1:
            yield Finding(
                "closed-twice",
                f"one successful DELETE for stream {stream}",
                f"{len(successful)}, answered {', '.join(str(each.status) for each in successful)}",
                successful[1].at,
            )


class Clean02(Rule[OvershootLab]):
    """The seed asks for stop after any termination, whoever caused it.

    User code therefore calls it from finally blocks, error callbacks and button handlers, often more than
    once, and cannot know whether there is anything left to stop.
    """

    id = "CLEAN-02"
    statement = "stop is harmless when called twice, twice at once, before start, and after a terminal error."
    sources = (TERMINATION,)
    tolerances: ClassVar = {"release_seconds": RELEASE}
    cases: ClassVar = (
        Case("before start"),
        Case("twice"),
        Case("twice at once"),
        Case("after a terminal error"),
    )

    async def scenario(self, lab: OvershootLab, case: Case) -> None:
        """Call stop where it has nothing, or nothing more, to do."""
        if case.name != "before start":
            stream = await listening(lab)
            await lab.wait(5.3)
        if case.name == "after a terminal error":
            lab.faults.now(ExpireLease(), stream=stream)
            # A client that says nothing breaks WS-02; its stop is judged all the same.
            await lab.until(lambda: lab.journal.first(ErrorReported) is not None, WATCH)
            await lab.wait(RELEASE)
        if case.name == "twice at once":
            first = await lab.client.begin("stop")
            second = await lab.client.begin("stop")
            await lab.until(lambda: first.done and second.done, STOP_LIMIT)
        else:
            if case.name != "before start":
                await lab.stop(limit=STOP_LIMIT)
                await lab.wait(RELEASE)
            await lab.take_inventory("before the superfluous stop")
            await lab.stop(limit=STOP_LIMIT)
        await lab.wait(RELEASE)
        await lab.probe("after the last stop")
        await lab.take_inventory("after the last stop")

    def judge(self, seen: Recording, case: Case) -> Iterator[Finding]:
        """Every call returns, without a failure, and changes nothing that the first has not changed.

        What the first stop left is CLEAN-01's affair: only what came on top of it counts.
        """
        yield from unfinished(seen)
        yield from self._raised(seen)
        yield from self._reported(seen, may_report=case.name != "before start")
        yield from self._closed_again(seen)
        yield from still_active(seen, since=seen.of(ClientCalled, method="stop")[-1].at)
        inventories = seen.of(Inventory)
        if len(inventories) > 1:
            yield from self._grown(inventories[0], inventories[-1])

    @staticmethod
    def _raised(seen: Recording) -> Iterator[Finding]:
        for number, called in enumerate(seen.of(ClientCalled, method="stop"), 1):
            returned = seen.first(ClientReturned, call=called.call)
            if returned is not None and returned.error is not None:
                told = f"call {number} raised {returned.error['kind']}: {returned.error['message']}"
                yield Finding("raised", "every call of stop returns", told, returned.at)

    @staticmethod
    def _reported(seen: Recording, *, may_report: bool) -> Iterator[Finding]:
        """At most one failure in a client's life: that of the terminal error, if there was one."""
        first_stop = seen.of(ClientCalled, method="stop")[0]
        before = [each for each in failures(seen) if each.at < first_stop.at]
        after = [each for each in failures(seen) if each.at >= first_stop.at]
        allowed = 1 if may_report and not before else 0
        if len(after) > allowed:
            yield Finding(
                "reported-again",
                f"{'at most one' if allowed else 'no'} failure reported after {first_stop.at:g} s",
                ", then ".join(str(each) for each in after),
                after[allowed].at,
            )

    @staticmethod
    def _closed_again(seen: Recording) -> Iterator[Finding]:
        """SHOULD: the contract has an answer for a stream that is closed already, and nobody pays for it."""
        level: Level = "SHOULD"
        first_stop = seen.of(ClientCalled, method="stop")[0]
        for stream in created(seen):
            answers = closings(seen, stream, since=first_stop.seq)
            if len(answers) > 1:
                told = f"{len(answers)}, the second answered {answers[1].status}"
                expected = f"at most one successful DELETE for stream {stream} by all calls of stop"
                yield Finding("closed-again", expected, told, answers[1].at, level)

    @staticmethod
    def _grown(before: Inventory, after: Inventory) -> Iterator[Finding]:
        for kind in HELD:
            lines = held(after, kind)
            had, has = amount(held(before, kind)), amount(lines)
            if has > had:
                yield Finding(
                    f"{kind}-grown",
                    f"no more {kind} after a superfluous stop than before it ({had})",
                    f"{has}: {'; '.join(lines)}",
                    after.at,
                )


class Clean05(Rule[OvershootLab]):
    """Once stop has returned, user code frees what its callbacks use.

    A callback that comes later meets a closed file, a page that is gone, a null. And a stop that the user
    asked for is no error: an error callback that starts a new stream would start one after every stop.
    """

    id = "CLEAN-05"
    statement = "No callback comes after stop has returned, and stop itself raises no error callback."
    sources = (USER_HARM,)
    cases: ClassVar = (
        Case("results in full flow"),
        Case("a result at the moment of stop"),
        Case("DELETE answered before the close frame"),
        Case("DELETE answered after the close frame"),
    )

    async def scenario(self, lab: OvershootLab, case: Case) -> None:
        """Stop while results are on their way; the close frame comes before and after DELETE's answer.

        A WebSocket library or a proxy can turn that order round, and one of the two hides defects.
        """
        stream = await listening(lab)
        await lab.wait(3.3)
        early = late = None
        if case.name == "DELETE answered before the close frame":
            early = lab.faults.on(Answer(200, {"status": "ok"}), route="close", times=1)
        if case.name == "DELETE answered after the close frame":
            late = lab.faults.on(Delay(1.0, when="after"), route="close", times=1)
        if case.name == "results in full flow":
            self._send(lab, stream, 20)
        stop = await lab.client.begin("stop")
        self._send(lab, stream, 3)
        if early is not None:
            await lab.until(lambda: lab.journal.first(Response, route="close") is not None, STOP_LIMIT)
            await lab.wait(0.5)
            self._send(lab, stream, 1)
            lab.fake.end_stream(stream, "client_requested")
        await lab.until(lambda: stop.done, STOP_LIMIT)
        self._send(lab, stream, 3)
        await lab.wait(WATCH)
        for fault in (early, late):
            if fault is not None and not fault.fired:
                # That stop sends a DELETE is CLEAN-01's affair: without one there is no order to turn round.
                fault.remove()
                lab.note("the client sent no DELETE")

    @staticmethod
    def _send(lab: OvershootLab, stream: str, count: int) -> None:
        """Results beside those that are due; they reach nobody once the socket has ended."""
        for _ in range(count):
            lab.fake.send_result(stream)

    def judge(self, seen: Recording, case: Case) -> Iterator[Finding]:
        """Callbacks by their place in the recording: moments alone do not tell what came first."""
        called = seen.first(ClientCalled, method="stop")
        if called is None:
            return
        returned = seen.first(ClientReturned, call=called.call)
        end = len(seen) if returned is None else returned.seq
        results = [each for each in seen.of(ResultDelivered) if each.seq > end]
        errors = [each for each in seen.of(ErrorReported) if each.seq > called.seq]
        if results and returned is not None:
            yield Finding(
                "result-after-stop",
                f"no result callback after stop returned at {returned.at:g} s",
                f"{len(results)}, the first at {results[0].at:g} s",
                results[0].at,
            )
        for error in errors:
            during = error.seq < end
            yield Finding(
                "error-from-stop" if during else "error-after-stop",
                "no error callback from a stop that the user asked for",
                f"{error.kind}: {error.message}, {'before' if during else 'after'} stop returned",
                error.at,
            )
            return


RULES: tuple[Rule[OvershootLab], ...] = (Clean01(), Clean02(), Clean05())
