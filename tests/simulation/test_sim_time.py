"""Virtual time: exact, patient with real work, and at an end when nothing can go on."""

from __future__ import annotations

import asyncio
import concurrent.futures
import multiprocessing
import os
import re
import signal
import socket
import sys
import threading
import time
from pathlib import Path

import anyio.to_thread
import pytest
from simulation_world import HOST, loop, serving

from overshoot_testkit.simulation import ClockHeldError, DeadlockError, VirtualTimeLoop, run

HERE = Path(__file__).name


# --- jumps


def test_a_timer_fires_at_exactly_its_moment_however_far():
    async def story():
        fired = []
        moments = [0.1 + 0.2, 1 / 3, 22.5, 86400.1, 40 * 86400 + 1e-6, 3e7 + 1 / 7, 4e9 + 0.1]
        for moment in moments:
            loop().call_at(moment, lambda moment=moment: fired.append((moment, loop().time())))
        await asyncio.sleep(5e9)
        return fired

    assert all(moment == seen for moment, seen in run(story))


def test_a_timer_a_hair_later_fires_later():
    async def story():
        first, second = 1.0, 1.0 + 1e-10
        seen = []
        loop().call_at(second, lambda: seen.append(loop().time()))
        loop().call_at(first, lambda: seen.append(loop().time()))
        await asyncio.sleep(2)
        return seen

    assert [1.0, 1.0 + 1e-10] == run(story)


def test_a_virtual_day_takes_no_time():
    async def story():
        beats = 0
        while loop().time() < 86400:
            await asyncio.sleep(30)
            beats += 1
        return beats

    begin = time.perf_counter()

    assert 2880 == run(story)
    assert time.perf_counter() - begin < 5


def test_jumps_make_no_system_call_and_timeouts_work():
    async def story():
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1000):
                await asyncio.sleep(10_000)
        return loop().time()

    assert 1000.0 == run(story)


# --- the end of the road


async def waits_for_ever():
    await asyncio.Event().wait()


def test_a_deadlock_lists_every_pending_task_with_file_and_line():
    async def story():
        keeper = asyncio.create_task(waits_for_ever(), name="keeper")
        queue = asyncio.Queue()
        consumer = asyncio.create_task(queue.get(), name="consumer")
        await asyncio.sleep(5)
        await asyncio.gather(keeper, consumer)

    with pytest.raises(DeadlockError) as caught:
        run(story)

    text = str(caught.value)
    line = waits_for_ever.__code__.co_firstlineno + 1
    assert "at 5 s of virtual time" in text
    assert re.search(
        rf"keeper \(waits_for_ever\) at .*{HERE}:{line}, in Event\.wait at .*locks\.py:\d+", text
    )
    assert re.search(r"consumer \(Queue\.get\) at .*queues\.py:\d+", text)
    assert re.search(rf"Task-\d+ .*story\) at .*{HERE}:\d+", text)


def test_a_deadlock_names_the_link_that_is_stalled():
    async def story():
        async with serving():
            loop().network.link(HOST).stall("to_client")
            await asyncio.open_connection(HOST, 443)

    with pytest.raises(DeadlockError, match=rf"the link to {HOST} is stalled: to_client"):
        run(story)


def test_what_a_deadlock_leaves_is_cancelled_in_order():
    ended = []

    async def careful():
        try:
            await waits_for_ever()
        finally:
            await asyncio.sleep(1)
            ended.append("tidied up")

    async def story():
        task = asyncio.create_task(careful())
        await asyncio.sleep(0)
        await task

    with pytest.raises(DeadlockError):
        run(story)

    assert ["tidied up"] == ended


def test_left_tasks_are_cancelled_in_the_order_of_their_making(caplog):
    ended = []

    async def sleeper(number):
        try:
            await asyncio.sleep(1000)
        finally:
            ended.append(number)
            if number == 7:
                raise LookupError("lost on the way out")

    async def story():
        made = [asyncio.ensure_future(sleeper(number)) for number in range(50)]
        await asyncio.sleep(1)
        return len(made)

    assert 50 == run(story)
    assert list(range(50)) == ended
    assert "what was left of the program was cancelled" in caplog.text


# --- real work


def slowly(result="done"):
    time.sleep(0.05)
    return result


async def beside_a_long_sleep(work):
    """Real work and a virtual hour at once: the work has to be done first, at 0 s."""
    hour = asyncio.create_task(asyncio.sleep(3600))
    await asyncio.sleep(0)
    result = await work()
    at = loop().time()
    hour.cancel()
    return result, at


def test_an_executor_holds_the_clock():
    async def work():
        return await loop().run_in_executor(None, slowly)

    assert ("done", 0.0) == run(lambda: beside_a_long_sleep(work))


def test_to_thread_holds_the_clock():
    assert ("done", 0.0) == run(lambda: beside_a_long_sleep(lambda: asyncio.to_thread(slowly)))


def test_anyio_threads_hold_the_clock_and_idle_ones_do_not():
    async def story():
        first = await beside_a_long_sleep(lambda: anyio.to_thread.run_sync(slowly))
        await asyncio.sleep(3600)
        return first, loop().time()

    assert (("done", 0.0), 3600.0) == run(story)


def test_a_process_pool_holds_the_clock():
    async def story():
        spawn = multiprocessing.get_context("spawn")
        with concurrent.futures.ProcessPoolExecutor(1, mp_context=spawn) as pool:
            return await beside_a_long_sleep(lambda: loop().run_in_executor(pool, os.getppid))

    assert (os.getpid(), 0.0) == run(story)


def test_work_that_the_task_no_longer_waits_for_still_holds_the_clock():
    async def story():
        done = []
        work = loop().run_in_executor(None, lambda: done.append(slowly()))
        await asyncio.sleep(0)
        work.cancel()
        await asyncio.sleep(1)
        return done

    assert ["done"] == run(story)


def test_a_thread_of_ones_own_holds_the_clock_while_it_works_and_not_while_it_waits():
    async def story():
        asked, answered = threading.Event(), asyncio.Event()
        running = loop()

        def worker():
            asked.wait()
            slowly()
            running.call_soon_threadsafe(answered.set)

        thread = threading.Thread(target=worker)
        thread.start()
        await asyncio.sleep(3600)
        asked.set()
        begin = loop().time()
        hour = asyncio.create_task(asyncio.sleep(3600))
        await answered.wait()
        thread.join()
        hour.cancel()
        return begin, loop().time()

    assert (3600.0, 3600.0) == run(story)


def test_a_declared_hold_lasts_as_long_as_its_block_in_any_thread():
    async def story():
        begun, ended = threading.Event(), []

        def elsewhere(running):
            with running.hold("a device"):
                begun.set()
                threading.Event().wait(0.05)
                ended.append(running.time())

        thread = threading.Thread(target=elsewhere, args=(loop(),))
        thread.start()
        begun.wait()
        await asyncio.sleep(3600)
        thread.join()
        return ended

    assert [0.0] == run(story)


def test_a_thread_that_waits_for_the_loop_does_not_hold_it():
    async def story():
        running = loop()

        def ask():
            return asyncio.run_coroutine_threadsafe(asyncio.sleep(60, "an hour later"), running).result()

        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            return await asyncio.wrap_future(pool.submit(ask))

    assert "an hour later" == run(story)


def test_work_that_takes_too_long_is_named():
    release = threading.Event()

    def stuck_in_native_code():
        while not release.is_set():
            time.sleep(0.01)

    async def story():
        try:
            await loop().run_in_executor(None, stuck_in_native_code)
        finally:
            release.set()

    with pytest.raises(ClockHeldError) as caught:
        run(story, hold_limit=0.1)

    text = str(caught.value)
    assert "more than 0.1 real seconds" in text
    assert re.search(rf"run_in_executor of .*stuck_in_native_code at .*{HERE}:\d+ for Task-\d+ .*story", text)
    assert re.search(rf"thread 'asyncio_0' in .*stuck_in_native_code at .*{HERE}:\d+", text)


@pytest.mark.parametrize("kind", ["thread", "anyio", "hold"])
def test_every_kind_of_work_is_named_when_it_takes_too_long(kind):
    release = threading.Event()

    def stuck():
        while not release.is_set():
            time.sleep(0.01)

    async def story():
        try:
            if kind == "thread":
                threading.Thread(target=stuck, name="grabber").start()
                await asyncio.sleep(1)
            elif kind == "anyio":
                await anyio.to_thread.run_sync(stuck)
            else:
                with loop().hold("the camera"):
                    await asyncio.sleep(1)
        finally:
            release.set()

    names = {
        "thread": "thread 'grabber' in .*stuck",
        "anyio": "AnyIO worker.*stuck",
        "hold": "the camera, held",
    }
    with pytest.raises(ClockHeldError, match=rf"{names[kind]}.* at .*{HERE}:\d+"):
        run(story, hold_limit=0.1)


def test_real_descriptors_are_looked_at_before_each_jump():
    async def story():
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with ours, theirs:
            theirs.send(b"real")
            reading = asyncio.create_task(loop().sock_recv(ours, 10))
            await asyncio.sleep(1)
            at_one = reading.done()
            later = asyncio.create_task(loop().sock_recv(ours, 10))
            await asyncio.sleep(1)
            # No timer is set and a descriptor is registered: the outside is waited for.
            timer = threading.Timer(0.02, theirs.send, (b"late",))
            timer.start()
            return at_one, await reading, await later, loop().time()

    assert (True, b"real", b"late", 2.0) == run(story)


if sys.platform != "win32":  # where asyncio has no signal handlers

    def test_a_signal_handler_is_called_between_jumps():
        async def story():
            seen = asyncio.Event()
            loop().add_signal_handler(signal.SIGUSR1, seen.set)
            os.kill(os.getpid(), signal.SIGUSR1)
            for _ in range(100):
                await asyncio.sleep(1)
            loop().remove_signal_handler(signal.SIGUSR1)
            return seen.is_set()

        assert run(story)


# --- a tidy end


def test_transports_survive_the_loop(recwarn):
    kept = []

    async def story():
        async with serving():
            kept.extend(await asyncio.open_connection(HOST, 443))
            await asyncio.get_running_loop().getaddrinfo(HOST, 443)

    run(story)
    _, writer = kept
    writer.transport.write(b"too late")
    writer.transport.abort()
    writer.close()

    assert writer.transport.is_closing()
    kept.clear()
    del writer
    assert [] == recwarn.list


def test_a_loop_can_be_run_again_and_closed_twice():
    new = VirtualTimeLoop()
    new.run_until_complete(asyncio.sleep(1))
    new.run_until_complete(asyncio.sleep(1))
    new.close()
    new.close()

    assert 2.0 == new.time()


def test_run_takes_a_coroutine_as_well():
    assert "result" == run(asyncio.sleep(1, "result"))
