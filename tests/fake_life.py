"""One client's life against the fake, told so that it runs in memory, on loopback and as a program."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from typing import TYPE_CHECKING, Any

import aiohttp

from overshoot_testkit.clock import SteppedClock
from overshoot_testkit.fakes.overshoot import Account, OvershootFake, Settings
from overshoot_testkit.faults import (
    Answer,
    Bandwidth,
    Blackhole,
    CloseOrder,
    CloseSocket,
    CutSocket,
    Delay,
    Deploy,
    Dribble,
    Drop,
    ExhaustCredits,
    ExpireLease,
    ExpireToken,
    Hang,
    Latency,
    Malform,
    Reset,
    ResetConnection,
    RollingDeploy,
    SendGarbage,
    Slice,
    StallSocket,
    Truncate,
)
from overshoot_testkit.journal import Note
from overshoot_testkit.simulation import run

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from overshoot_testkit.faults import FaultPlan

BODY = {
    "mode": "frame",
    "processing": {"interval_seconds": 4.0},
    "inference": {"prompt": "Describe", "model": "Qwen/Qwen3.5-9B"},
}
PATIENCE = 6.0
QUIET_TURNS = 25


def trouble(faults: FaultPlan) -> dict[str, Callable[[], object]]:
    """Scenarios by name: each sets its faults."""
    return {
        "nothing": lambda: None,
        "503 twice": lambda: faults.on(Answer(503), route="keepalive", times=2),
        "a proxy's page": lambda: faults.on(Answer(502, "<h1>no</h1>"), route="keepalive", times=1),
        "create delayed": lambda: faults.on(Delay(3), route="create", times=1),
        "answer delayed": lambda: faults.on(Delay(3, "after"), route="keepalive", times=1),
        "keepalive hangs": lambda: faults.on(Hang(), route="keepalive", times=1),
        "request lost": lambda: faults.on(Drop(), route="keepalive", times=1),
        "answer lost": lambda: faults.on(Drop("after"), route="keepalive", times=1),
        "created and lost": lambda: faults.on(Reset("after"), route="create", times=1),
        "reset": lambda: faults.on(Reset(), route="keepalive", times=1),
        "dribbled": lambda: faults.on(Dribble(3), route="keepalive", times=1),
        "noise for an answer": lambda: faults.on(Malform("response"), route="keepalive", times=1),
        "the answer before the close": lambda: faults.on(CloseOrder("answer", 0.5), route="close"),
        "latency": lambda: faults.on(Latency(2, 1), route="keepalive", since=15, until=35),
        "narrow": lambda: faults.on(Bandwidth(300), route="socket"),
        "results in slices": lambda: faults.on(Slice(100, 20, gap=0.1), route="socket"),
        "a hole for a while": lambda: faults.on(Blackhole(), route="keepalive", since=15, lasts=30),
        "a lost connection": lambda: faults.on(ResetConnection(7), route="socket", times=1),
        "half open": lambda: faults.at(30, StallSocket()),
        "a rolling deploy": lambda: faults.at(18, RollingDeploy(9)),
        "cut short": lambda: faults.on(Truncate(20), route="keepalive", times=1),
        "socket closed": lambda: faults.at(10, CloseSocket(1012, "restarting")),
        "socket cut": lambda: faults.at(10, CutSocket("eof")),
        "socket reset": lambda: faults.at(10, CutSocket("reset")),
        "garbage": lambda: faults.on(SendGarbage(b"\x00\x01"), route="socket"),
        "handshake refused": lambda: faults.on(Answer(500), route="socket", times=1),
        "deploy": lambda: faults.at(19.25, Deploy(4)),
        "refusing deploy": lambda: faults.at(19.25, Deploy(4, by="refusal")),
        "lease lost": lambda: faults.at(30, ExpireLease()),
        "no credits": lambda: faults.on(ExhaustCredits(), route="keepalive", skip=1, times=1),
        "token expired": lambda: faults.at(5, ExpireToken()),
        "much at once": lambda: [
            faults.on(Delay(1), route="keepalive"),
            faults.on(Reset("after"), route="keepalive", skip=1, times=1),
            faults.at(27, CutSocket("reset")),
            faults.at(41, SendGarbage("[1")),
        ],
    }


class Client:
    """Creates, listens, keeps alive and closes, with patience; writes down what it meets."""

    def __init__(self, fake: OvershootFake, session: aiohttp.ClientSession) -> None:
        self.fake = fake
        self.session = session
        self.headers = {"Authorization": f"Bearer {fake.api_key}"}

    def note(self, who: str, text: str) -> None:
        self.fake.journal.add(Note(f"{who}: {text}"))

    async def attempt(self, method: str, path: str, **how: Any) -> tuple[int | None, Any]:
        """One request, given up after a while of the fake's clock."""

        async def send() -> tuple[int | None, Any]:
            url = self.fake.base_url + path
            async with self.session.request(method, url, headers=self.headers, **how) as answer:
                body = await answer.json() if answer.content_type == "application/json" else None
                return answer.status, body

        sending = asyncio.create_task(send())
        timer = self.fake.clock.call_later(PATIENCE, sending.cancel)
        try:
            status, body = await sending
        except asyncio.CancelledError:
            status, body = None, "gave up"
        except aiohttp.ClientError as error:
            status, body = None, "payload" if isinstance(error, aiohttp.ClientPayloadError) else "connection"
        timer.cancel()
        self.note("requests", f"{method} {status} {body if status is None else ''}")
        return status, body

    async def insist(self, method: str, path: str, **how: Any) -> Any:
        for _ in range(3):
            status, body = await self.attempt(method, path, **how)
            if status is not None and status < 500:
                return body if status < 300 else None
            await self.fake.clock.sleep(2)
        return None

    async def listen(self, stream: str) -> None:
        for _ in range(3):
            with contextlib.suppress(aiohttp.ClientError):
                url = f"{self.fake.base_url}/ws/streams/{stream}"
                async with self.session.ws_connect(url) as socket:
                    await socket.send_json({"api_key": self.fake.api_key})
                    async for message in socket:
                        self.note("socket", f"heard {message.type.name} of {len(message.data)}")
                    self.note("socket", f"ended {socket.close_code}")
                    if socket.close_code == 1001:
                        return
            await self.fake.clock.sleep(1.5)

    async def live(self) -> None:
        created = await self.insist("POST", "/streams", json=BODY)
        if created is None:
            return
        stream = created["stream_id"]
        listening = asyncio.create_task(self.listen(stream))
        for _ in range(3):
            await self.fake.clock.sleep(20)
            if await self.insist("POST", f"/streams/{stream}/keepalive") is None:
                break
        await self.attempt("DELETE", f"/streams/{stream}")
        await self.fake.clock.sleep(1)
        listening.cancel()
        await asyncio.wait([listening])


async def tell(
    fake: OvershootFake, scenario: str, drive: Callable[[Awaitable[None]], Awaitable[None]]
) -> str:
    trouble(fake.faults)[scenario]()
    async with fake:
        async with aiohttp.ClientSession() as session:
            await drive(Client(fake, session).live())
        unfired = fake.faults.unfired()
    assert [] == unfired
    return fake.journal.to_jsonl()


def _settings() -> Settings:
    return Settings(accounts={"ovs_life": Account(credits_cents=100)}, seed=7)


def in_memory(scenario: str) -> str:
    async def drive(life: Awaitable[None]) -> None:
        await life

    async def whole() -> str:
        return await tell(OvershootFake(settings=_settings()), scenario, drive)

    return run(whole)


def on_loopback(scenario: str) -> str:
    async def whole() -> str:
        clock = SteppedClock()
        fake = OvershootFake(clock, settings=_settings())

        async def settle() -> None:
            quiet, seen = 0, -1
            while quiet < QUIET_TURNS:
                await asyncio.sleep(0)
                now = fake.traffic.activity + len(fake.journal)
                quiet, seen = (quiet + 1, now) if now == seen else (0, now)

        async def drive(life: Awaitable[None]) -> None:
            living = asyncio.ensure_future(life)
            await settle()
            while not living.done():
                due = clock.next_timer()
                assert due is not None, "nothing is scheduled, and the client is not done"
                clock.step(due)
                await settle()
            await living

        return await tell(fake, scenario, drive)

    return asyncio.run(whole())


if __name__ == "__main__":
    sys.stdout.buffer.write("".join(map(in_memory, sys.argv[1:])).encode())
