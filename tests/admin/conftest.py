"""A fake with its admin API, and a program that speaks HTTP with both."""

from __future__ import annotations

import asyncio
import io
import json
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from jsonschema import Draft202012Validator

from overshoot_testkit.admin import AdminServer
from overshoot_testkit.clock import LoopClock, SteppedClock
from overshoot_testkit.fakes.overshoot import OvershootFake, Settings

ORDER = {
    "mode": "frame",
    "processing": {"interval_seconds": 2.0},
    "inference": {"prompt": "Describe what you see", "model": "Qwen/Qwen3.5-9B"},
}


async def until(condition):
    """Let the loop run until something is so."""
    while not condition():  # noqa: ASYNC110 - a few turns
        await asyncio.sleep(0)


class Program:
    """Knows two URLs and nothing else. Every answer of the admin API is held against its own description."""

    def __init__(self, fake: OvershootFake, admin: AdminServer, http: aiohttp.ClientSession) -> None:
        self.fake, self.admin, self.http = fake, admin, http
        self.headers: dict[str, str] = {}
        self.seen: set[tuple[str, int]] = set()
        self.document: dict[str, Any] | None = None

    async def ask(self, method: str, path: str, body: Any = None, **how: Any) -> tuple[int, Any]:
        """Status and parsed body."""
        if body is not None:
            how["json"] = body
        if isinstance(how.get("data"), bytes):
            how["data"] = io.BytesIO(how["data"])
        headers = {**self.headers, **how.pop("headers", {})}
        async with self.http.request(
            method, self.admin.url + path, headers=headers, allow_redirects=False, **how
        ) as answer:
            raw = await answer.read()
            is_json = answer.content_type == "application/json"
            value = json.loads(raw) if is_json else raw
            self.check(method, path, answer.status, value)
            return answer.status, value

    def check(self, method: str, path: str, status: int, value: Any) -> None:
        if self.document is None:
            return
        operation = self.operation(method, path)
        if operation is None:
            assert status in {404, 405}
            return
        assert str(status) in operation["responses"], (method, path, status, value)
        self.seen.add((operation["operationId"], status))
        content = operation["responses"][str(status)].get("content", {})
        if "application/json" in content:
            schema = {**content["application/json"]["schema"], "components": self.document["components"]}
            Draft202012Validator(schema).validate(value)

    def operation(self, method: str, path: str) -> dict[str, Any] | None:
        assert self.document is not None
        parts = path.partition("?")[0].split("/")
        fixed_first = sorted(self.document["paths"].items(), key=lambda item: item[0].count("{"))
        for pattern, item in fixed_first:
            wanted = pattern.split("/")
            same = all(w == p or w.startswith("{") for w, p in zip(wanted, parts, strict=False))
            if same and len(wanted) == len(parts) and method.lower() in item:
                return item[method.lower()]
        return None

    until = staticmethod(until)

    async def create(self) -> str:
        headers = {"Authorization": f"Bearer {self.fake.api_key}"}
        async with self.http.post(f"{self.fake.base_url}/streams", json=ORDER, headers=headers) as answer:
            assert 201 == answer.status
            return (await answer.json())["stream_id"]

    async def call(self, method: str, path: str, **how: Any) -> int:
        headers = {"Authorization": f"Bearer {self.fake.api_key}"}
        async with self.http.request(method, self.fake.base_url + path, headers=headers, **how) as answer:
            await answer.read()
            return answer.status

    async def socket(self, stream: str) -> aiohttp.ClientWebSocketResponse:
        socket = await self.http.ws_connect(f"{self.fake.base_url}/ws/streams/{stream}")
        await socket.send_json({"api_key": self.fake.api_key})
        return socket


@asynccontextmanager
async def running(clock: str = "stepped", **how: Any):
    timeline = SteppedClock() if clock == "stepped" else LoopClock()
    async with (
        OvershootFake(timeline, settings=Settings()) as fake,
        AdminServer(fake, **how) as admin,
        aiohttp.ClientSession() as http,
    ):
        yield Program(fake, admin, http)


@pytest.fixture
def serving():
    """Starts a fake with its admin API: `async with serving(clock="real", token=…) as program`."""
    return running


@pytest.fixture
async def program():
    """The same, ready: on a stepped clock, without a token."""
    async with running() as each:
        yield each
