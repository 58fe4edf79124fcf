"""A machine for invariants of an application: it starts, time passes, things go wrong, it stops."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, ClassVar

from hypothesis import currently_in_test_context, note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from overshoot_testkit.clients import Target
from overshoot_testkit.fakes.overshoot import OvershootFake, Settings
from overshoot_testkit.faults import (
    Answer,
    CutSocket,
    Delay,
    Deploy,
    Drop,
    EndStream,
    Hang,
    Reset,
    RestoreKey,
    RevokeKey,
    Truncate,
)
from overshoot_testkit.journal import describe
from overshoot_testkit.simulation import VirtualTimeLoop
from overshoot_testkit.strategies import _invariants

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from typing import TypeVar

    from overshoot_testkit.faults import Action
    from overshoot_testkit.journal import Journal

    F = TypeVar("F", bound=Callable[..., Any])

HOST = "api.overshoot.ai"
FAILURES: Mapping[str, Action] = {
    "answered 500": Answer(500),
    "answered 503": Answer(503),
    "answered 429": Answer(429),
    "request lost": Drop(),
    "answer lost": Drop(when="after"),
    "reset": Reset(),
    "answer cut short": Truncate(10),
    "late": Delay(3),
    "never answered": Hang(),
}
"""What `something_fails` lets happen, by the words that a story has for it."""


def _allowed(name: str) -> Callable[[F], F]:
    """Only where the class has this trouble."""
    return precondition(lambda machine: name in machine.troubles)


class OvershootMachine(RuleBasedStateMachine):
    """Finds a story in which an application breaks a promise. On a virtual loop of its own, against a fake.

        class Promises(OvershootMachine):
            async def start_app(self, target):
                self.app = await App.connect(target.base_url, target.api_key)

            async def stop_app(self):
                await self.app.close()

            @invariant()
            def no_more_than_one_stream(self):
                assert len(self.fake.open_streams()) <= 1

        TestPromises = Promises.TestCase

    Rules: the application is started, first of all, and stopped, at the latest in the end; time passes; and
    the `troubles`. Promises: those below that are set, and `@invariant`s of your own, checked after each
    step; they may look at `fake`, `journal` and `now()`, and `run` what is a coroutine. A failing example is
    told with the end of the journal.

    An application that has met trouble may fail to start; without any, an exception from `start_app` is a
    failure, and one from `stop_app` always is.
    """

    fake_settings: ClassVar[Settings] = Settings()
    """Of the fake."""
    troubles: ClassVar[frozenset[str]] = frozenset(
        {"failures", "credits", "deploys", "keys", "sockets", "ends", "frames"}
    )
    """What may go wrong. failures: requests are lost, late or refused. credits: they run out and come back.
    deploys: the server restarts. keys: the key is revoked and restored. sockets: they are cut. ends: the
    server ends streams. frames: no video arrives for a while."""
    patience: ClassVar[float] = 120.0
    """Seconds of virtual time that `start_app` and `stop_app` may take at most."""
    no_stream_left: ClassVar[bool] = True
    """Once stopped, the application has left no stream open: at once, or, where trouble was in the way of
    that, when the lease has lapsed. Streams whose creation was never answered are not its fault."""
    most_keepalives_per_second: ClassVar[int | None] = 2
    """For each stream; None: any number. Retries count too."""
    most_streams: ClassVar[int | None] = None
    """Open at a time; None: any number."""
    most_cents: ClassVar[float | None] = None
    """Spent in one story; None: any amount."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = VirtualTimeLoop()
        self.app_is_started = False
        """From a `start_app` that returned to the next `stop_app`."""
        self.stopped_at: float | None = None
        """When `stop_app` returned last, in seconds of the fake's clock."""
        self._had_trouble = False
        self._earlier_streams = 0
        self._down_until = 0.0
        self._key_is_revoked = False
        self.fake: OvershootFake = self.run(self._listening())

    # --- to be overridden ---------------------------------------------------------------------------

    async def start_app(self, target: Target) -> None:
        """Start the application against `target.base_url` with `target.api_key`; return when it runs."""
        raise NotImplementedError(f"{type(self).__name__}.start_app: start your application here")

    async def stop_app(self) -> None:
        """Stop it, as its user would; return when it has ended. Called once for each start that succeeded."""
        raise NotImplementedError(f"{type(self).__name__}.stop_app: stop your application here")

    # --- for invariants -----------------------------------------------------------------------------

    @property
    def journal(self) -> Journal:
        """What the fake saw."""
        return self.fake.journal

    def now(self) -> float:
        """Seconds since the story began."""
        return self.fake.clock.now()

    def run(self, work: Awaitable[Any]) -> Any:
        """Await something on the machine's loop; virtual time passes only as far as that needs it."""
        return self.loop.run_until_complete(_awaited(work))

    def in_trouble(self) -> bool:
        """Whether a request could fail right now."""
        waiting = any(fault.moment is None and fault.in_force(self.now()) for fault in self.fake.faults)
        return waiting or self._key_is_revoked or self.now() < self._down_until

    # --- rules: the application ---------------------------------------------------------------------

    @initialize()
    def app_starts(self) -> None:
        """The application is started, before anything has gone wrong."""
        self._start()

    @precondition(lambda self: not self.app_is_started)
    @rule()
    def app_starts_again(self) -> None:
        """The application is started after it has stopped."""
        self._start()

    def _start(self) -> None:
        # Streams that trouble kept an earlier run from closing are that run's.
        self._earlier_streams = len(self.fake.streams)
        target = Target(self.fake.base_url, self.fake.api_key)
        try:
            self.run(self._patiently(self.start_app(target), "start_app"))
        except Exception:
            if not self._had_trouble:
                raise
        else:
            self.app_is_started = True

    @precondition(lambda self: self.app_is_started)
    @rule()
    def app_stops(self) -> None:
        """The application is stopped."""
        self.app_is_started = False
        in_trouble = self.in_trouble()
        self.run(self._patiently(self.stop_app(), "stop_app"))
        self.stopped_at = self.now()
        if self.no_stream_left and not (in_trouble or self.in_trouble()):
            _invariants.no_stream_is_open(self.fake, self._earlier_streams)

    @rule(seconds=st.sampled_from([1, 5, 20, 60]))
    def time_passes(self, seconds: float) -> None:
        """Nothing happens but what is due."""
        self.run(asyncio.sleep(seconds))

    # --- rules: troubles ----------------------------------------------------------------------------

    @_allowed("failures")
    @rule(
        how=st.sampled_from(list(FAILURES)),
        route=st.sampled_from(["keepalive", "create", "close", "socket"]),
        times=st.integers(1, 4),
    )
    def something_fails(self, route: str, how: str, times: int) -> None:
        """The next requests to an endpoint fail."""
        self._had_trouble = True
        self.fake.faults.on(FAILURES[how], route=route, times=times)

    @_allowed("credits")
    @rule()
    def credits_run_out(self) -> None:
        """The account is empty."""
        self._had_trouble = True
        self.fake.account().empty()

    @_allowed("credits")
    @rule(cents=st.sampled_from([1, 100]))
    def credits_are_topped_up(self, cents: float) -> None:
        """The account gets credits."""
        self.fake.account().top_up(cents)

    @_allowed("deploys")
    @rule(seconds=st.sampled_from([1, 10, 60]), by=st.sampled_from(["503", "refusal"]))
    def server_restarts(self, seconds: float, by: Any) -> None:
        """A deploy begins."""
        self._had_trouble = True
        self._down_until = max(self._down_until, self.now() + seconds)
        self.fake.faults.now(Deploy(seconds, by=by))

    @_allowed("keys")
    @precondition(lambda self: not self._key_is_revoked)
    @rule()
    def key_is_revoked(self) -> None:
        """The API key is not valid any more."""
        self._had_trouble = self._key_is_revoked = True
        self.fake.faults.now(RevokeKey())

    @precondition(lambda self: self._key_is_revoked)
    @rule()
    def key_is_restored(self) -> None:
        """The API key is valid again."""
        self._key_is_revoked = False
        self.fake.faults.now(RestoreKey())

    @_allowed("sockets")
    @rule()
    def sockets_are_cut(self) -> None:
        """Every result socket ends without a close frame."""
        self.fake.faults.now(CutSocket())

    @_allowed("ends")
    @precondition(lambda self: bool(self.fake.open_streams()))
    @rule(reason=st.sampled_from(["lease_expired", "livekit_disconnected"]))
    def server_ends_streams(self, reason: str) -> None:
        """The server ends every stream."""
        self.fake.faults.now(EndStream(reason))

    @_allowed("frames")
    @precondition(lambda self: bool(self.fake.open_streams()))
    @rule(arrive=st.booleans())
    def video_changes(self, arrive: bool) -> None:
        """Video stops reaching the server, or reaches it again."""
        for stream in self.fake.open_streams():
            self.fake.frames(stream.id, on=arrive)

    # --- promises -----------------------------------------------------------------------------------

    @invariant()
    def promises(self) -> None:
        """Those of the class's options that are set."""
        if self.most_keepalives_per_second is not None:
            _invariants.keepalives_are_apart(self.journal, self.most_keepalives_per_second)
        if self.most_streams is not None:
            _invariants.streams_are_few(self.fake, self.most_streams, self._earlier_streams)
        if self.most_cents is not None:
            _invariants.little_is_spent(self.journal, self.most_cents)
        if self.no_stream_left and self.stopped_at is not None:
            _invariants.old_streams_have_lapsed(self.fake, self.stopped_at)

    # --- beginning and end --------------------------------------------------------------------------

    async def _listening(self) -> OvershootFake:
        fake = OvershootFake(settings=self.fake_settings)
        await fake.listen(HOST, 443)
        return fake

    async def _patiently(self, work: Awaitable[None], name: str) -> None:
        try:
            async with asyncio.timeout(self.patience):
                await work
        except TimeoutError as error:
            raise AssertionError(
                f"{name} took more than {self.patience:g} s (or a timeout of its own ended it)"
            ) from error

    def teardown(self) -> None:
        """End the application, the fake and the loop; tell the story."""
        try:
            if self.app_is_started:
                self.app_stops()
        finally:
            self._tell()
            try:
                self.run(self.fake.aclose())
                self.loop.cancel_all()
                self.loop.run_until_complete(self.loop.shutdown_asyncgens())
            finally:
                self.loop.close()

    def _tell(self) -> None:
        """The end of the journal; hypothesis prints it for the example that it reports, and for no other."""
        if not currently_in_test_context():
            return
        lines = [(event.at, text) for event in self.journal if (text := describe(event)) is not None]
        note("\n".join(["", *(f"{at:>10.3f} s  {text}" for at, text in lines[-60:])]))


async def _awaited(work: Awaitable[Any]) -> Any:
    return await work
