"""From start to the first results: what goes over the wire, and what reaches the user."""

from __future__ import annotations

import functools
import importlib.resources
import json
from typing import TYPE_CHECKING, Any

from overshoot_testkit.conformance.overshoot import _results
from overshoot_testkit.conformance.overshoot._reading import (
    OvershootLab,
    failures,
    open_streams,
    remains,
    requests_after,
    still_active,
)
from overshoot_testkit.fakes.overshoot.settings import DEFAULT_KEY, Account
from overshoot_testkit.faults import Answer, CutSocket, Refuse
from overshoot_testkit.journal import Inventory, Request, SocketMessage, SocketOpened
from overshoot_testkit.lab import CONTRACT, USER_HARM, Case, Finding, NotStartedError, Rule, Source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from overshoot_testkit.journal import Recording

KEY = "key 1"
"""What the journal says in place of the key that the client was given."""


@functools.cache
def _create_request() -> dict[str, Any]:
    """The schema of the body of POST /streams. Source: contract."""
    contracts = importlib.resources.files("overshoot_testkit.fixtures.contracts")
    contract = json.loads((contracts / "overshoot-v0.2.openapi.json").read_text(encoding="utf-8"))
    return {"$ref": "#/components/schemas/StreamCreateRequest", "components": contract["components"]}


def _problem(body: object) -> str | None:
    """What makes a body of POST /streams invalid, if anything does."""
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - slow to import, and rarely needed
    from jsonschema.exceptions import best_match  # noqa: PLC0415

    error = best_match(Draft202012Validator(_create_request()).iter_errors(body))
    return f"{error.json_path}: {error.message}" if error else None


class Life01(Rule[OvershootLab]):
    """All that follows rests on the one stream that start creates.

    A second one is paid for and never closed; a body that today's server happens to accept may be refused
    by tomorrow's.
    """

    id = "LIFE-01"
    statement = "start sends one POST /streams, with the bearer key and a body valid against the contract."
    sources = (Source("Transport & Connectivity", "Manual Integration"), CONTRACT)
    cases = (
        Case("default"),
        Case(
            "clip",
            {"mode": "clip", "clip_length_seconds": 1.0, "delay_seconds": 2.0, "target_fps": 6},
        ),
        Case(
            "schema",
            {
                "output_schema": {"type": "object", "properties": {"count": {"type": "integer"}}},
                "max_output_tokens": 128,
            },
        ),
    )

    async def scenario(self, lab: OvershootLab, case: Case) -> None:
        await lab.attempt_start(**case.parameters)
        await lab.wait(10)
        await lab.stop()

    def judge(self, seen: Recording, case: Case) -> Iterator[Finding]:
        creates = seen.of(Request, route="create")
        if not creates:
            yield Finding("no-create", "one POST /streams", "none")
        for again in creates[1:]:
            yield Finding("created-again", "one POST /streams", f"{len(creates)}", again.at)
        for create in creates:
            yield from self._key_and_body(create)

    def _key_and_body(self, create: Request) -> Iterator[Finding]:
        if create.key != KEY:
            sent = "another key" if create.key else "no key that the server knows"
            yield Finding("wrong-key", "Authorization: Bearer <the key given>", sent, create.at)
        media_type = (create.content_type or "").partition(";")[0].strip().lower()
        if media_type != "application/json":
            yield Finding("not-json", "Content-Type: application/json", f"{create.content_type}", create.at)
        problem = _problem(create.body)
        if problem is not None:
            yield Finding("invalid-body", "a body valid against StreamCreateRequest", problem, create.at)


class Life03(Rule[OvershootLab]):
    """The result socket is authenticated by its first message, each time that it is opened.

    A server that hears anything else first, or nothing, closes it.
    """

    id = "LIFE-03"
    statement = "The first message on the result socket is the api_key object."
    sources = (CONTRACT,)
    cases = (Case("first socket"), Case("after a lost socket"))
    tolerances = {"message_seconds": 5.0}

    async def scenario(self, lab: OvershootLab, case: Case) -> None:
        await lab.attempt_start()
        opened = await lab.until(lambda: bool(lab.journal.of(SocketOpened)), 30)
        await lab.wait(10)
        if case.name == "after a lost socket" and opened:
            lab.faults.now(CutSocket())
            await lab.wait(60)
        await lab.stop()

    def judge(self, seen: Recording, case: Case) -> Iterator[Finding]:
        opened = seen.of(SocketOpened)
        if not opened:
            yield Finding("no-socket", "a result socket within 30 s", "none was opened")
        last = seen.events[-1].at if seen.events else 0.0
        allowed = self.tolerances["message_seconds"]
        for socket in opened:
            message = seen.first(SocketMessage, socket=socket.socket, direction="in")
            due = socket.at + allowed
            if message is None or message.at > due:
                if last >= due:
                    said = f"socket {socket.socket} had said nothing by {due:g} s"
                    yield Finding("silent", f"the key within {allowed:g} s", said, due)
            elif not isinstance(message.data, dict) or message.data.get("api_key") != KEY:
                said = f"socket {socket.socket} began with {message.data!r}"
                yield Finding("first-message", '{"api_key": <the key given>}', said, message.at)


class Life05(Rule[OvershootLab]):
    """Results are what the user pays for.

    One that is dropped, doubled, reordered or altered on its way from the socket to the callback is lost
    for good: nobody can ask for it again.
    """

    id = "LIFE-05"
    statement = "Each result frame reaches the callback once, in wire order, with its fields intact."
    sources = (CONTRACT, USER_HARM)
    tolerances = {"delivery_seconds": 1.0}

    async def scenario(self, lab: OvershootLab, case: Case) -> None:
        script = _results.script()
        lab.fake.results.script(script)
        await lab.start(interval_seconds=1.0)
        if not await lab.until(lambda: len(_results.sent(lab.journal)) >= len(script) + 1, 120):
            raise NotStartedError("the server had nobody to send its results to: no result socket")
        await lab.wait(5)
        await lab.stop()

    def judge(self, seen: Recording, case: Case) -> Iterator[Finding]:
        yield from _results.compare(seen, grace=self.tolerances["delivery_seconds"])


def _create_cases() -> Iterator[Case]:
    """Each way in which a create can fail: as real state where the server has one, else as an answer."""
    yield Case("401", {"api_key": "ovs_a_key_nobody_has", "kind": "authentication"})
    for name, account, kind in (
        ("402", Account(credits_cents=0.0), "credits"),
        ("429", Account(concurrency_limit=0), "limit"),
    ):
        yield Case(name, {"kind": kind}, {"accounts": {DEFAULT_KEY: account}})
    for status, kind in ((422, "validation"), (500, "server"), (503, "server")):
        yield Case(str(status), {"fault": Answer(status), "kind": kind})
    yield Case("refused", {"refuse": True, "kind": "network"})
    yield Case("garbage", {"fault": Answer(201, "<html>It works!</html>"), "kind": None})


class Life09(Rule[OvershootLab]):
    """A failing start is how users learn that something is wrong with their key, credits or network.

    Silence there, or the wrong reason, costs them hours; what is left behind may cost money.
    """

    id = "LIFE-09"
    statement = (
        "Each failure to create a stream is reported once, with its kind, and leaves nothing behind: "
        "401, 402, 422, 429, 500, 503, connection refused, an answer that is garbage."
    )
    sources = (Source("Starting & Stopping Streams", "Concurrent Stream Limits"), CONTRACT)
    cases = tuple(_create_cases())
    tolerances = {"settle_seconds": 1.0}

    async def scenario(self, lab: OvershootLab, case: Case) -> None:
        asked = case.parameters
        if "fault" in asked:
            lab.faults.on(asked["fault"], route="create")
        if "refuse" in asked:
            lab.faults.now(Refuse(600))
        lab.journal.secrets.register("ovs_a_key_nobody_has", "a key nobody has")
        await lab.attempt_start(api_key=asked.get("api_key"))
        await lab.wait(5)
        await lab.probe("after the failure")
        await lab.wait(120)
        await lab.probe("two minutes later")
        await lab.stop()
        await lab.wait(10)
        await lab.take_inventory("after stop")

    def judge(self, seen: Recording, case: Case) -> Iterator[Finding]:
        reported = failures(seen)
        if not reported:
            yield Finding("unreported", "start raises, or the error callback runs", "neither")
            return
        first = reported[0]
        if len(reported) > 1:
            told = ", then ".join(str(failure) for failure in reported)
            yield Finding("reported-twice", "one failure reported", told, reported[1].at)
        kind = case.parameters["kind"]
        if kind is not None and first.kind != kind:
            yield Finding("wrong-kind", f"a failure of kind {kind}", f"{first}", first.at)
        settle = self.tolerances["settle_seconds"]
        yield from still_active(seen, since=first.at + settle)
        yield from requests_after(seen, first.at, settle=settle)
        yield from self._left_behind(seen)

    def _left_behind(self, seen: Recording) -> Iterator[Finding]:
        for stream in open_streams(seen):
            yield Finding("stream-left", "no stream on the server", f"stream {stream} still runs")
        inventory: Inventory | None = seen.last(Inventory)
        held = remains(inventory) if inventory else []
        if inventory and held:
            yield Finding("remains", "nothing held after stop", "; ".join(held), inventory.at)


RULES: tuple[Rule[OvershootLab], ...] = (Life01(), Life03(), Life05(), Life09())
