"""A fake in a thread of its own, for tests that block; and views of it for use from the test's thread."""

from __future__ import annotations

import asyncio
import inspect
import threading
from concurrent.futures import CancelledError, Future
from typing import TYPE_CHECKING, Any, TypeVar

from overshoot_testkit.clock import LoopClock
from overshoot_testkit.journal import Journal, Recording

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from overshoot_testkit.fakes.overshoot import OvershootFake, Settings
    from overshoot_testkit.faults import Fault
    from overshoot_testkit.journal import Event

T = TypeVar("T")

_PATIENCE = 30.0
"""Real seconds that a call into the fake's thread may take: it has nothing to wait for."""
_TURNS = 5
"""Loop turns given to the fake before it is looked at, to do what it does once an answer has gone out."""


class FakeThread:
    """A thread with a loop on which one fake listens on loopback, in real time.

    Each call into the thread costs the test two changes of thread, so beginning and end take one each.
    """

    def __init__(self, settings: Settings) -> None:
        self._loop = asyncio.new_event_loop()
        listening: Future[OvershootFake] = Future()
        self._thread = threading.Thread(
            target=self._run, args=(settings, listening), name="overshoot-fake", daemon=True
        )
        self._thread.start()
        try:
            self.fake = listening.result(_PATIENCE)
        except BaseException:
            self._end()
            raise

    def _run(self, settings: Settings, listening: Future[OvershootFake]) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            listening.set_result(self._loop.run_until_complete(_listening(settings)))
        except BaseException as error:  # noqa: BLE001 - raised in the test's thread
            listening.set_exception(error)
        self._loop.run_forever()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the fake's thread and return its result."""
        if threading.get_ident() == self._thread.ident:
            work.close()
            raise RuntimeError("called from the fake's own thread, which would wait for itself")
        try:
            return asyncio.run_coroutine_threadsafe(work, self._loop).result(_PATIENCE)
        except CancelledError:
            raise RuntimeError("the fake of this test has ended") from None

    def call(self, function: Callable[..., Any], *args: Any, **named: Any) -> Any:
        """Call a function in the fake's thread; what it returns is awaited if it can be."""
        return self.run(_called(function, args, named))

    def close(self, last: Callable[[], T] | None = None) -> T | None:
        """Call `last` in the fake's thread, then end the fake, its loop and its thread.

        Returns what `last` returned. Raises ExceptionGroup if the fake had a defect.
        """
        try:
            return self.run(self._last(last))
        finally:
            self._end()

    async def _last(self, last: Callable[[], T] | None) -> T | None:
        try:
            return None if last is None else await _called(last, (), {})
        finally:
            try:
                await self.fake.aclose()
            finally:
                self._loop.call_soon(self._loop.stop)  # not at once: the result is on its way to the test

    def _end(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _listening(settings: Settings) -> OvershootFake:
    from overshoot_testkit.fakes.overshoot import OvershootFake  # noqa: PLC0415 - only when used

    clock = LoopClock()
    fake = OvershootFake(clock=clock, journal=Journal(clock), settings=settings)
    await fake.listen()
    return fake


async def _called(function: Callable[..., Any], args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    for _ in range(_TURNS):
        await asyncio.sleep(0)
    result = function(*args, **named)
    return await result if inspect.isawaitable(result) else result


class JournalView(Recording):
    """The journal of a fake in another thread: each question is asked of all that has happened by then."""

    def __init__(self, thread: FakeThread) -> None:
        self._thread = thread

    @property
    def events(self) -> list[Event]:  # type: ignore[override] # a copy, made in the fake's thread
        events: list[Event] = self._thread.call(self._thread.fake.journal.events.copy)
        return events


class View:
    """An object that lives in the fake's thread: its methods run there, and return when they are done."""

    __slots__ = ("_overshoot_object", "_overshoot_thread")

    def __init__(self, thread: FakeThread, of: object) -> None:
        object.__setattr__(self, "_overshoot_thread", thread)
        object.__setattr__(self, "_overshoot_object", of)

    def __getattr__(self, name: str) -> Any:
        thread: FakeThread = self._overshoot_thread
        value = thread.call(lambda: _Kept(getattr(self._overshoot_object, name))).value
        if inspect.isroutine(value):

            def method(*args: Any, **named: Any) -> Any:
                return _seen(thread, thread.call(value, *args, **named))

            return method
        return _seen(thread, value)

    def __setattr__(self, name: str, value: object) -> None:
        self._overshoot_thread.call(setattr, self._overshoot_object, name, value)

    def __repr__(self) -> str:
        return f"<{type(self._overshoot_object).__name__} in the fake's thread>"


class FaultsView(View):
    """The faults of a fake in another thread."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return bool(self._overshoot_object)

    def forget(self, fault: Fault) -> None:
        """As `Fault.remove`."""
        self._overshoot_thread.call(self._overshoot_object.forget, fault)


class _Kept:
    """Carries a value across, so that an awaitable attribute is not awaited on the way."""

    def __init__(self, value: Any) -> None:
        self.value = value


def _seen(thread: FakeThread, value: Any) -> Any:
    """A value as the test's thread may have it: live parts of the fake as views, all else as it is."""
    from overshoot_testkit.fakes.overshoot import Results, Wallet  # noqa: PLC0415 - only when used
    from overshoot_testkit.faults import Fault, FaultPlan  # noqa: PLC0415

    if isinstance(value, Journal):
        return JournalView(thread)
    if isinstance(value, FaultPlan):
        return FaultsView(thread, value)
    if isinstance(value, Fault | LoopClock | Results | Wallet):
        return View(thread, value)
    return value
