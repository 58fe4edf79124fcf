"""Wall time, randomness and ownership inside the loop, and the world put back afterwards."""

from __future__ import annotations

import asyncio
import datetime as dt
import importlib
import os
import random
import secrets
import ssl
import subprocess
import sys
import threading
import time
import uuid
from contextvars import copy_context
from pathlib import Path
from time import monotonic, monotonic_ns

import aiohttp
import pytest
from simulation_world import API, HOST, loop, serving

from overshoot_testkit.clock import EPOCH, SteppedClock
from overshoot_testkit.clock._wall import WallClock
from overshoot_testkit.simulation import VirtualTimeLoop, owner, run

# --- wall time


def test_wall_time_and_monotonic_time_follow_the_loop():
    async def story():
        await asyncio.sleep(90)
        now = dt.datetime.now(dt.UTC)
        return time.time(), now.isoformat(), time.monotonic(), monotonic(), monotonic_ns()

    expected = (EPOCH + 90, "2026-01-01T00:01:30+00:00", 90.0, 90.0, 90_000_000_000)

    assert expected == run(story)


def test_the_timeline_can_begin_at_any_moment():
    async def story():
        return time.time(), loop().clock.unix(), loop().clock.mode

    assert (1e9, 1e9, "virtual") == run(story, origin=1e9)


def test_wall_time_can_be_left_alone():
    begin = time.time()
    new = VirtualTimeLoop(wall=False)

    async def story():
        await asyncio.sleep(1000)
        return time.time(), time.monotonic()

    wall, mono = new.run_until_complete(story())
    new.close()

    assert begin <= wall < begin + 60
    assert mono > 0


def test_other_threads_keep_their_monotonic_time():
    before = time.monotonic()

    async def story():
        await asyncio.sleep(1e9)
        return await asyncio.to_thread(monotonic)

    assert before <= run(story) < before + 60


def test_everything_is_put_back_also_after_an_error():
    real = time.monotonic, monotonic, os.urandom, ssl.SSLContext.wrap_bio, random.Random.seed
    state = random.getstate()

    async def story():
        assert real[0] is not time.monotonic
        assert real[2] is not os.urandom
        random.random()
        raise LookupError

    with pytest.raises(LookupError):
        run(story)

    assert real == (time.monotonic, monotonic, os.urandom, ssl.SSLContext.wrap_bio, random.Random.seed)
    assert state == random.getstate()
    assert abs(time.time() - EPOCH) > 60


def test_a_module_imported_on_the_way_gets_the_real_thing_back(tmp_path, monkeypatch):
    (tmp_path / "imported_on_the_way.py").write_text("from time import monotonic\nfrom os import urandom\n")
    monkeypatch.syspath_prepend(tmp_path)

    async def story():
        module = importlib.import_module("imported_on_the_way")
        await asyncio.sleep(5)
        return module.monotonic()

    assert 5.0 == run(story)
    module = sys.modules.pop("imported_on_the_way")
    assert time.monotonic is module.monotonic
    assert os.urandom is module.urandom


def test_the_wall_clock_of_a_stepped_clock_moves_when_it_is_told_to():
    clock = SteppedClock()
    with WallClock(clock) as wall:
        clock.step(10)
        before = time.time()
        wall.sync()

        assert (EPOCH, EPOCH + 10, 10.0) == (before, time.time(), time.monotonic())


# --- randomness


def draw():
    return (
        random.random(),
        random.Random().random(),
        os.urandom(4),
        uuid.uuid4().hex,
        secrets.token_hex(4),
        random.SystemRandom().random(),
    )


def test_the_same_seed_gives_the_same_randomness_and_another_seed_another():
    async def story():
        return draw()

    assert run(story, seed=7) == run(story, seed=7)
    assert all(a != b for a, b in zip(run(story, seed=7), run(story, seed=8), strict=True))
    assert run(story, seed=None) != run(story, seed=None)


def test_randomness_goes_on_when_the_loop_is_run_again():
    new = VirtualTimeLoop(seed=1)

    async def story():
        return draw()

    first, second = new.run_until_complete(story()), new.run_until_complete(story())
    new.close()

    assert all(a != b for a, b in zip(first, second, strict=True))


def test_threads_draw_from_the_operating_system():
    async def story():
        return await asyncio.to_thread(os.urandom, 8)

    assert run(story) != run(story)


WIRE = """
import asyncio, hashlib, sys
sys.path.insert(0, {folder!r})
from simulation_world import *
import aiohttp, httpx, websockets
from overshoot_testkit.simulation import run
from overshoot_testkit.simulation._pipe import Pipe

seen = []
put = Pipe.put
def recording(self, data):
    seen.append((self._loop.time(), self.direction, bytes(data)))
    put(self, data)
Pipe.put = recording

async def story():
    async with serving():
        loop().network.link(HOST).latency = 0.05
        async with aiohttp.ClientSession() as session:
            async with session.ws_connect(API + "/echo") as socket:
                for word in ("one", "two"):
                    await socket.send_str(word)
                    await socket.receive()
            form = aiohttp.FormData()
            form.add_field("file", b"content", filename="f")
            await (await session.post(API + "/upload", data=form)).read()
        async with websockets.connect("wss://" + HOST + "/v0.2/echo") as socket:
            await socket.send("three")
            await socket.recv()
        async with httpx.AsyncClient() as client:
            await client.post(API + "/upload", files={{"f": b"x"}})

run(story)
print(len(seen), hashlib.sha256(repr(seen).encode()).hexdigest())
"""


def test_every_byte_on_the_wire_is_the_same_in_every_process():
    """WebSocket keys and masks, multipart boundaries and Date headers included."""
    code = WIRE.format(folder=str(Path(__file__).parent))
    outputs = set()
    for seed in ("0", "1", "4711"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        outputs.add(done.stdout)

    assert 1 == len(outputs), outputs


# --- ownership


async def leaves_a_task():
    await asyncio.sleep(500)


def leaves_a_timer():
    return None


async def as_owner(name, work):
    """Run work in a context of its own, as a lab does with a client."""
    context = copy_context()
    context.run(owner.set, name)
    return await loop().create_task(work, context=context)


def test_a_leaked_task_timer_and_connection_are_found_with_file_and_line():
    async def client():
        asyncio.get_running_loop().call_later(300, leaves_a_timer)
        loop().call_later(100, leaves_a_timer).cancel()
        kept.append(asyncio.create_task(leaves_a_task(), name="leak"))
        kept.append(await asyncio.open_connection(HOST, 443))

    kept = []

    async def story():
        async with serving():
            await as_owner("client", client())
            await asyncio.sleep(1)
            found = loop().inventory("client")
            others = loop().inventory("somebody")
            kept[0].cancel()
            kept[1][1].close()
            return found, others, str(found), bool(others)

    found, others, text, any_others = run(story)

    assert 1 == len(found.tasks)
    assert f"leak (leaves_a_task) at {__file__}:" in found.tasks[0]
    assert 2 == len(found.timers)
    assert (
        f"leaves_a_timer at {__file__}:{leaves_a_timer.__code__.co_firstlineno}, due at 300 s"
        == found.timers[0]
    )
    assert f"wakes leak (leaves_a_task) at {__file__}:" in found.timers[1]
    assert 1 == len(found.connections)
    assert f"to {HOST}:443, opened at 0 s by {__file__}:" in found.connections[0]
    assert 4 == len(text.splitlines())
    assert not any_others
    assert "nothing" == str(others)


def test_a_client_that_tidies_up_leaves_nothing_and_its_server_is_not_its_own():
    async def client():
        async with aiohttp.ClientSession() as session, session.ws_connect(f"{API}/echo") as socket:
            await socket.send_str("hello")
            await socket.receive()
            return loop().inventory("client")

    async def story():
        async with serving():
            loop().network.link(HOST).latency = 0.5
            during = await as_owner("client", client())
            await asyncio.sleep(0)
            return len(during.connections), loop().inventory("client")

    connections, after = run(story)

    assert 1 == connections
    assert not after, after


def test_a_client_library_is_not_blamed_for_its_users_connection():
    async def story():
        async with serving(), aiohttp.ClientSession() as session:
            async with session.get(f"{API}/healthz") as response:
                await response.read()
            return str(loop().network.connections()[0])

    assert f"by {__file__}:" in run(story)


if sys.version_info >= (3, 12):  # where eager tasks begin

    def test_the_owner_of_an_eager_task_is_known():
        async def story():
            loop().set_task_factory(asyncio.eager_task_factory)
            context = copy_context()
            context.run(owner.set, "client")
            task = context.run(lambda: asyncio.ensure_future(leaves_a_task()))
            past_the_loop = context.run(lambda: asyncio.Task(leaves_a_task(), loop=loop()))
            found = loop().inventory("client").tasks
            task.cancel()
            past_the_loop.cancel()
            return len(found)

        assert 2 == run(story)


def test_no_thread_is_left():
    async def story():
        await asyncio.to_thread(time.sleep, 0)

    before = threading.active_count()
    run(story)

    assert before == threading.active_count()
