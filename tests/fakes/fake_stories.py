"""What the stories about the fake share: a client that holds each answer against the contract."""

from __future__ import annotations

import asyncio
import json
from importlib.resources import files
from typing import Any

import aiohttp
import jsonschema
import pytest

from overshoot_testkit.clock import LoopClock, SteppedClock
from overshoot_testkit.fakes.overshoot import OvershootFake, Settings
from overshoot_testkit.simulation import run

CONTRACT = json.loads(
    (files("overshoot_testkit.fixtures.contracts") / "overshoot-v0.2.openapi.json").read_text()
)

FRAME = {
    "mode": "frame",
    "processing": {"interval_seconds": 2.0},
    "inference": {"prompt": "Describe what you see", "model": "Qwen/Qwen3.5-9B"},
}
CLIP = {
    **FRAME,
    "mode": "clip",
    "processing": {"target_fps": 6, "clip_length_seconds": 1.0, "delay_seconds": 3.0},
}
WEBRTC = {
    **FRAME,
    "source": {"type": "webrtc", "sdp": "v=0\r\nm=video 5004 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\n"},
}
LIVEKIT = {**FRAME, "source": {"type": "livekit", "url": "wss://mine.test", "token": "eyJ.my.token"}}

_PATHS = {
    "/streams": "/streams",
    "/keepalive": "/streams/{stream_id}/keepalive",
    "/info": "/streams/{stream_id}/info",
    "/config/prompt": "/streams/{stream_id}/config/prompt",
    "/spectate": "/streams/{stream_id}/spectate",
    "/streams/feedback": "/streams/feedback",
    "/feedback": "/streams/{stream_id}/feedback",
}
_ERROR = {"$ref": "#/components/schemas/ErrorResponse"}
_COUNT = {"type": "integer", "minimum": 0}
_COUNTS = ("prompt_tokens", "completion_tokens", "total_tokens")
_CLIP_ANSWER = {
    "type": "object",
    "properties": {
        **{name: {"type": "string"} for name in ("id", "model", "content", "finish_reason")},
        "usage": {"type": "object", "properties": dict.fromkeys(_COUNTS, _COUNT), "required": list(_COUNTS)},
    },
    "required": ["id", "model", "content", "finish_reason", "usage"],
    "additionalProperties": False,
}
"""Not in the contract, but in the vendor's documentation."""


def documented(method: str, path: str, status: int) -> dict[str, Any] | None:
    """The contract's schema for an answer; that of errors where the contract does not name the status."""
    if path.endswith("/chat/completions/clip"):
        return _CLIP_ANSWER if status == 200 else _ERROR
    pattern = next((known for end, known in _PATHS.items() if path.endswith(end)), "/streams/{stream_id}")
    operation = CONTRACT["paths"][pattern].get(method.lower(), {"responses": {}})
    answer = operation["responses"].get(str(status))
    if answer is None:
        return None if status < 400 else _ERROR
    return answer.get("content", {}).get("application/json", {}).get("schema")


def validate(value: Any, schema: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator({**schema, "components": CONTRACT["components"]}).validate(value)


class Wire:
    """A client of one fake that only knows HTTP."""

    def __init__(self, fake: OvershootFake, session: aiohttp.ClientSession) -> None:
        self.fake = fake
        self.clock = fake.clock
        self.journal = fake.journal
        self.faults = fake.faults
        self.session = session
        self.key = fake.api_key
        self.sockets: list[aiohttp.ClientWebSocketResponse] = []

    async def call(self, method: str, path: str, *, key: str | None = "", **how: Any) -> tuple[int, Any]:
        """Status and parsed body; fails where the answer is not what the contract promises."""
        headers = dict(how.pop("headers", {}))
        if key is not None:
            headers["Authorization"] = f"Bearer {key or self.key}"
        async with self.session.request(method, self.fake.base_url + path, headers=headers, **how) as answer:
            raw = await answer.read()
            body = json.loads(raw) if raw else None
            schema = documented(method, path, answer.status)
            if schema is not None:
                validate(body, schema)
                if answer.status >= 400:
                    assert {"error", "message", "request_id", "details"} == body.keys()
            return answer.status, body

    async def create(self, body: dict[str, Any] = FRAME, *, key: str = "") -> str:
        status, answer = await self.call("POST", "/streams", json=body, key=key)
        assert 201 == status, answer
        return answer["stream_id"]

    async def keepalive(self, stream: str, **how: Any) -> tuple[int, Any]:
        return await self.call("POST", f"/streams/{stream}/keepalive", **how)

    async def delete(self, stream: str, **how: Any) -> tuple[int, Any]:
        return await self.call("DELETE", f"/streams/{stream}", **how)

    async def info(self, stream: str) -> dict[str, Any]:
        status, body = await self.call("GET", f"/streams/{stream}/info")
        assert 200 == status, body
        return body

    async def open_socket(self, stream: str) -> aiohttp.ClientWebSocketResponse:
        socket = await self.session.ws_connect(f"{self.fake.base_url}/ws/streams/{stream}")
        self.sockets.append(socket)
        return socket

    def hang_up(self) -> None:
        """Let go of every socket, without a word."""
        for socket in self.sockets:
            socket._response.close()

    async def socket(self, stream: str, key: str = "") -> aiohttp.ClientWebSocketResponse:
        """A result socket that has shown its key."""
        socket = await self.open_socket(stream)
        await socket.send_json({"api_key": key or self.key})
        return socket


async def ending(socket: aiohttp.ClientWebSocketResponse) -> tuple[int | None, str | None]:
    """Close code and reason, results before that skipped; 1006 for a connection that just ended."""
    while True:
        message = await socket.receive()
        if message.type is aiohttp.WSMsgType.CLOSE:
            return message.data, message.extra
        if message.type not in {aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY}:
            return 1006, None


def _told(tell, settings: Settings, runner, new_clock):
    async def whole() -> None:
        async with (
            OvershootFake(new_clock(), settings=settings) as fake,
            aiohttp.ClientSession() as session,
        ):
            wire = Wire(fake, session)
            try:
                await tell(wire)
            finally:
                wire.hang_up()

    def test() -> None:
        runner(whole)

    test.__name__ = tell.__name__
    test.__module__ = tell.__module__
    return test


def story(**settings: Any):
    """A test told by a coroutine with a `Wire`, in virtual time, against a fake with these settings."""
    return lambda tell: _told(tell, Settings(**settings), run, LoopClock)


def loopback_story(**settings: Any):
    """The same on a real socket, with a clock that stands still unless the story moves it."""
    return lambda tell: _told(tell, Settings(**settings), lambda whole: asyncio.run(whole()), SteppedClock)


def on_both_networks(stories):
    """Two tests: each of the stories in memory, and each on real sockets."""

    @pytest.mark.parametrize("tell", stories, ids=lambda tell: tell.__name__)
    def in_memory(tell):
        story()(tell)()

    @pytest.mark.parametrize("tell", stories, ids=lambda tell: tell.__name__)
    def on_loopback(tell):
        loopback_story()(tell)()

    return in_memory, on_loopback
