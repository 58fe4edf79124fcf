"""A fake in a thread of its own, for tests that block; and views of it for use from the test's thread."""

from __future__ import annotations

import asyncio
import inspect
import threading
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Any, TypeVar

from overshoot_testkit.clock import FollowingClock
from overshoot_testkit.clock._faked import Real
from overshoot_testkit.journal import Journal, Recording

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from overshoot_testkit.fakes.overshoot import OvershootFake, Settings
    from overshoot_testkit.faults import Fault
    from overshoot_testkit.journal import Event

T = TypeVar("T")

_PATIENCE = 30.0
"""Real seconds that a call into the fake's thread may take: it has nothing to wait for."""
_PATIENCE_TO_ADVANCE = 300.0
"""The same for time that the fake is to let pass."""
_LOOKS = 0.01
"""Real seconds between looks at the time that the test has set: a client may be waiting for what follows."""
_TURNS = 5
"""Loop turns given to the fake before it is looked at, to do what it does once an answer has gone out."""


class _UnfrozenLoop(asyncio.SelectorEventLoop):
    """A loop whose time freezegun does not stop."""

    def time(self) -> float:
        return Real.monotonic()


class FakeThread:
    """A thread with a loop on which one fake at a time listens on loopback.

    Each call into the thread costs the test two changes of thread, so beginning and end take one each. A
    freeze of the test's time does not reach its loop.
    """

    fake: OvershootFake
    clock: FollowingClock

    def __init__(self) -> None:
        self._loop = _UnfrozenLoop()
        self._thread = threading.Thread(target=self._run, name="overshoot-fake", daemon=True)
        self.usable = True
        """False once it did not answer in time."""
        self.last = False
        """Whether it ends with the fake that it has now."""
        self._stopping = False

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def run(self, work: Coroutine[Any, Any, T], patience: float = _PATIENCE) -> T:
        """Run a coroutine in the fake's thread and return its result; `patience` in real seconds."""
        if threading.get_ident() == self._thread.ident:
            work.close()
            raise RuntimeError("called from the fake's own thread, which would wait for itself")
        try:
            done = asyncio.run_coroutine_threadsafe(work, self._loop)
            if self._thread.ident is None:
                self._thread.start()  # with its first work at hand: one change of thread less
            return done.result(patience)
        except CancelledError:
            raise RuntimeError("the fake of this test has ended") from None
        except TimeoutError:
            self.usable = False
            raise

    def call(self, function: Callable[..., Any], *args: Any, **named: Any) -> Any:
        """Call a function in the fake's thread, at the test's time; awaits what it returns if it can."""
        return self.run(self._called(function, args, named))

    async def _called(
        self, function: Callable[..., Any], args: tuple[Any, ...], named: dict[str, Any]
    ) -> Any:
        await self.clock.catch_up()
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        result = function(*args, **named)
        return await result if inspect.isawaitable(result) else result

    def advance(self, work: Coroutine[Any, Any, None]) -> None:
        """Run what lets time pass for the fake, which may be a day of results."""
        self.run(work, _PATIENCE_TO_ADVANCE)

    def begin(self, settings: Settings) -> None:
        """Start a fresh fake, on a clock of its own."""
        self.run(self._begin(settings))

    async def _begin(self, settings: Settings) -> None:
        from overshoot_testkit.fakes.overshoot import OvershootFake  # noqa: PLC0415 - only when used

        self.clock = FollowingClock()
        self.fake = OvershootFake(clock=self.clock, journal=Journal(self.clock), settings=settings)
        await self.fake.listen()
        self.clock.watch(_LOOKS)

    def end(self, last: Callable[[], T] | None = None) -> T | None:
        """Call `last` in the fake's thread, then end the fake; returns what `last` returned.

        Raises ExceptionGroup if the fake had a defect.
        """
        return self.run(self._end(last))

    async def _end(self, last: Callable[[], T] | None) -> T | None:
        try:
            return None if last is None else await self._called(last, (), {})
        finally:
            self.clock.unwatch()
            await self.fake.aclose()
            for task in asyncio.all_tasks():
                if task is not asyncio.current_task():
                    task.cancel()
            if self.last:
                self._stopping = True
                self._loop.call_soon(self._loop.stop)  # not at once: the result is on its way to the test

    def close(self) -> None:
        """End the loop and the thread."""
        if not self._stopping:
            self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


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
    if isinstance(value, Fault | FollowingClock | Results | Wallet):
        return View(thread, value)
    return value
