"""The journal over HTTP: asked, followed, and as an archive."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from overshoot_testkit.faults import Hang
from overshoot_testkit.journal import Note


async def test_it_is_filtered_and_asked_in_parts(program):
    stream = await program.create()
    await program.call("GET", "/models")
    await program.ask("POST", "/clock/advance", {"seconds": 50})

    async def found(query):
        _, told = await program.ask("GET", f"/journal?{query}")
        return [each["event"] for each in told["events"]], told["last"], told["more"]

    assert ["Request", "Request"] == (await found("event=Request"))[0]
    assert ["Request", "Response"] == (await found("route=models"))[0]
    assert ["StateChanged", "Charged"] == (await found(f"since=45&stream={stream}"))[0]
    assert ["Request"] == (await found("event=Request,Response&limit=1"))[0]
    everything, last, _ = await found("")
    first, reached, more = await found("limit=3")
    rest, _, _ = await found(f"after={reached}")
    assert (everything, True) == (first + rest, more)
    assert ([], last, False) == await found(f"after={last}")
    _, told = await program.ask("GET", "/journal?event=StateChanged&limit=1")
    assert "stream: new → pending (created)" == told["events"][0]["text"]


class Follower:
    """Reads server-sent events."""

    def __init__(self, answer):
        self.answer = answer

    async def next(self):
        """Type, id and data of the next one; comments are skipped."""
        kind, number, data = "message", None, None
        while True:
            line = (await self.answer.content.readline()).decode().rstrip("\n")
            name, _, value = line.partition(": ")
            if name == "event":
                kind = value
            elif name == "id":
                number = int(value)
            elif name == "data":
                data = json.loads(value)
            elif not line and data is not None:
                return kind, number, data


async def test_it_is_followed_and_resumed(program):
    await program.call("GET", "/models")
    url = f"{program.admin.url}/journal/follow"
    async with program.http.get(url) as answer:
        assert "text/event-stream" == answer.content_type
        follower = Follower(answer)
        assert [("message", 0), ("message", 1)] == [(await follower.next())[:2] for _ in range(2)]
        program.fake.journal.add(Note("something new"))
        kind, number, data = await follower.next()
        assert ("message", 2, "- something new") == (kind, number, data["text"])

    async with program.http.get(url, headers={"Last-Event-ID": "1"}) as answer:
        assert 2 == (await Follower(answer).next())[1]
    async with program.http.get(f"{url}?event=Note&after=-1") as answer:
        assert 2 == (await Follower(answer).next())[1]
    assert 422 == (await program.ask("GET", "/journal/follow", headers={"Last-Event-ID": "x"}))[0]


async def test_followers_hear_that_it_was_emptied(program):
    await program.call("GET", "/models")
    async with program.http.get(f"{program.admin.url}/journal/follow?after=1") as answer:
        follower = Follower(answer)
        await program.ask("POST", "/reset")
        program.fake.journal.add(Note("anew"))
        assert ("reset", -1, {}) == await follower.next()
        assert ("message", 0) == (await follower.next())[:2]


async def test_a_follower_that_does_not_read_stalls_nobody(program):
    async with program.http.get(f"{program.admin.url}/journal/follow"):
        for _ in range(20_000):
            program.fake.journal.add(Note("x" * 200))
        for _ in range(3):
            assert 200 == await program.call("GET", "/healthz")
            assert 200 == (await program.ask("GET", "/clock"))[0]


# --- HAR: the members that version 1.2 of its specification requires --------------------------------------


class Har(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True)


class Pair(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: str
    value: str


class PostData(Har):
    mimeType: str  # noqa: N815 - the standard's
    params: list[Pair]
    text: str


class HarRequest(Har):
    method: str
    url: str
    httpVersion: str  # noqa: N815
    cookies: list[Pair]
    headers: list[Pair]
    queryString: list[Pair]  # noqa: N815
    postData: PostData | None = None  # noqa: N815
    headersSize: int  # noqa: N815
    bodySize: int  # noqa: N815


class Content(Har):
    size: int
    mimeType: str  # noqa: N815
    text: str | None = None


class HarResponse(Har):
    status: int
    statusText: str  # noqa: N815
    httpVersion: str  # noqa: N815
    cookies: list[Pair]
    headers: list[Pair]
    content: Content
    redirectURL: str  # noqa: N815
    headersSize: int  # noqa: N815
    bodySize: int  # noqa: N815


class Timings(Har):
    send: float
    wait: float
    receive: float


class Message(Har):
    type: Literal["send", "receive"]
    time: float
    opcode: int
    data: str


class Entry(Har):
    startedDateTime: str  # noqa: N815
    time: float
    request: HarRequest
    response: HarResponse
    cache: dict[str, object]
    timings: Timings


class Log(Har):
    version: Literal["1.2"]
    creator: dict[str, str]
    pages: list[object]
    entries: list[Entry]


async def test_it_is_exported_as_har(program):
    stream = await program.create()
    socket = await program.socket(stream)
    await program.until(lambda: program.fake.stream(stream).sockets)
    await program.ask("POST", "/clock/advance", {"seconds": 3})
    program.fake.faults.on(Hang(), route="models")
    held = asyncio.create_task(program.call("GET", "/models"))
    await program.until(lambda: program.fake.traffic.requests_open)

    _, told = await program.ask("GET", "/journal.har")

    log = Log.model_validate(told["log"])
    creation, handshake, open_one = log.entries
    assert "2026-01-01T00:00:00.000Z" == creation.startedDateTime
    assert datetime.fromisoformat(creation.startedDateTime).tzinfo is not None
    assert (201, "Created") == (creation.response.status, creation.response.statusText)
    assert "Describe what you see" in creation.request.postData.text
    assert f"{program.fake.base_url}/streams" == creation.request.url
    messages = [Message.model_validate(each) for each in told["log"]["entries"][1]["_webSocketMessages"]]
    assert (101, ["send", "receive"]) == (handshake.response.status, [each.type for each in messages])
    assert {"api_key": "key 1"} == json.loads(messages[0].data)
    assert (0, "open") == (open_one.response.status, told["log"]["entries"][2]["_outcome"])
    held.cancel()
    await socket.close()
