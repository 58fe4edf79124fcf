"""Real work that the virtual clock has to wait for: executors, threads, and what is declared by `hold`."""

from __future__ import annotations

import _thread
import asyncio
import sys
import threading
import time
import weakref
from concurrent.futures import thread as pool
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

from overshoot_testkit.simulation._errors import ClockHeldError, DeadlockError
from overshoot_testkit.simulation._stacks import (
    caller_place,
    describe_callback,
    describe_task,
    describe_thread,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future
    from types import FrameType

    from overshoot_testkit.simulation._loop import VirtualTimeLoop

# How long to look away, in real seconds: work that ends by `call_soon_threadsafe` wakes the loop at once,
# a thread that nobody knows of has to be watched.
_WAKES_US = 0.05
_WATCHED = 0.001

# Where a thread stands that waits for others: (module, function) of its innermost Python frame.
# Condition.wait is behind events, queues, semaphores, barriers and futures.
_PARKED = frozenset(
    {
        ("threading", "wait"),
        ("threading", "join"),
        ("threading", "_wait_for_tstate_lock"),
        ("concurrent.futures.thread", "_worker"),
        ("selectors", "select"),
    }
)


class OutsideWork:
    """What is outstanding, since when in real seconds, and how to say it."""

    def __init__(self, loop: VirtualTimeLoop, hold_limit: float) -> None:
        self._loop = loop
        self._older: weakref.WeakSet[threading.Thread] = weakref.WeakSet(threading.enumerate())
        self._held: dict[object, tuple[float, Callable[[], str]]] = {}
        self._threads: dict[threading.Thread, float] = {}
        self.limit = hold_limit
        self.gave_up = False

    # --- declared work

    @contextmanager
    def hold(self, reason: str) -> Iterator[None]:
        key = object()
        where = caller_place()
        self._held[key] = (time.perf_counter(), lambda: f"{reason}, held at {where}")
        try:
            yield
        finally:
            self._release(key)

    def watch(self, future: Future[Any], func: Callable[..., object]) -> None:
        """Hold the clock until an executor's future is done and the loop has been told of it."""
        task = asyncio.current_task(self._loop) if self._loop.is_running() else None
        for_whom = f" for {describe_task(task)}" if task else ""
        text = f"run_in_executor of {describe_callback(func, (), self._loop)}{for_whom}"
        self._held[future] = (time.perf_counter(), lambda: text + _busy_pool_threads())
        # Registered after asyncio's own callback, so the result is queued in the loop before the release.
        future.add_done_callback(self._executor_done)

    def _executor_done(self, future: Future[Any]) -> None:
        try:
            self._loop.call_soon_threadsafe(self._release, future)
        except RuntimeError:
            self._held.pop(future, None)  # the loop is closed, so nobody is to be woken

    def _release(self, key: object) -> None:
        self._held.pop(key, None)
        self._loop.wake()

    # --- the question

    def patience(self, *, idle: bool, descriptors: bool) -> float | None:
        """Real seconds to wait for the outside before looking again; None when time may jump.

        `idle`: no timer is set. `descriptors`: real ones are registered.
        Raises `ClockHeldError` after `limit` real seconds, `DeadlockError` if there is nothing to wait for.
        """
        threads = self._busy_threads()
        if threads or self._held:
            self._check_limit()
            return _WATCHED if threads else _WAKES_US
        if not idle:
            self._threads.clear()
            return None
        if not descriptors:
            raise DeadlockError(self._deadlock_text())
        self._threads.setdefault(threading.current_thread(), time.perf_counter())
        self._check_limit()
        return _WAKES_US

    def _busy_threads(self) -> bool:
        """Whether a thread that began after the loop is at work; notes since when."""
        if not self._threads and _thread._count() == 0:  # noqa: SLF001
            return False  # the usual case, told without a lock: there is no thread but the first
        running = threading.enumerate()
        busy = [thread for thread in running if thread not in self._older and self._is_busy(thread)]
        if busy or self._threads:
            now = time.perf_counter()
            self._threads = {thread: self._threads.get(thread, now) for thread in busy}
        return bool(busy)

    def _is_busy(self, thread: threading.Thread) -> bool:
        if thread.ident == threading.get_ident():
            return False
        if type(thread).__module__.startswith("anyio."):
            worker: Any = thread
            return worker.loop is self._loop and not worker.stopping and thread not in worker.idle_workers
        queue = pool._threads_queues.get(thread)  # noqa: SLF001
        if queue is not None and queue.qsize():
            return True
        frame = sys._current_frames().get(thread.ident or 0)  # noqa: SLF001
        if frame is None:
            return thread.is_alive()
        place = frame.f_globals.get("__name__"), frame.f_code.co_name
        return place not in _PARKED or (place[0] == "threading" and _is_woken(frame))

    # --- errors

    def _check_limit(self) -> None:
        now = time.perf_counter()
        items = [(since, text) for since, text in list(self._held.values())]
        items += [(since, _thread_text(thread)) for thread, since in self._threads.items()]
        late = [f"  {now - since:.1f} s: {text()}" for since, text in items if now - since > self.limit]
        if late:
            self.gave_up = True
            raise ClockHeldError(
                f"virtual time stands still at {self._loop.time():g} s: real work has held the clock for "
                f"more than {self.limit:g} real seconds (loop.hold_limit)\n" + "\n".join(late)
            )

    def report_spinning(self, turns: int) -> NoReturn:
        """Raise `ClockHeldError`: something is always ready, so time never gets to move."""
        raise ClockHeldError(
            f"virtual time stands still at {self._loop.time():g} s: after {turns} turns of the loop "
            "(loop.spin_limit) something is still ready. Pending tasks and where they wait:\n"
            + "\n".join(self._task_lines())
        )

    def _task_lines(self) -> list[str]:
        tasks = map(describe_task, self._loop.owners.pending(self._loop))
        return [f"  {line}" for line in tasks] or ["  no task is pending"]

    def _deadlock_text(self) -> str:
        lines = self._task_lines()
        stalled = [link for link in self._loop.network.links if link.stalled]
        lines += [
            f"  the link to {link.host} is stalled: {', '.join(sorted(link.stalled))}" for link in stalled
        ]
        return (
            f"deadlock at {self._loop.time():g} s of virtual time: no timer is set, nothing is ready and no "
            "real work is outstanding. Pending tasks and where they wait:\n" + "\n".join(lines)
        )


def _is_woken(frame: FrameType) -> bool:
    """Whether a waiting thread has been told to go on and only lacks a processor.

    `Condition.wait` blocks on a lock of its own, `waiter`, which whoever notifies it releases; `join` ends
    when its thread has.
    """
    names = frame.f_locals
    if frame.f_code.co_name == "wait":
        waiter = names.get("waiter")
        return waiter is None or not waiter.locked()
    return not names["self"].is_alive()


def _thread_text(thread: threading.Thread) -> Callable[[], str]:
    if thread is threading.current_thread():
        return lambda: "waiting for a real file descriptor, with no timer set"
    return lambda: f"thread {thread.name!r} {describe_thread(thread.ident)}"


def _busy_pool_threads() -> str:
    threads = list(pool._threads_queues)  # noqa: SLF001
    texts = [f"thread {thread.name!r} {describe_thread(thread.ident)}" for thread in threads]
    return "".join(f"\n    {text}" for text in texts if ":" in text and "in _worker" not in text)
