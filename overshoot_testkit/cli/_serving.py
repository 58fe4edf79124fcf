"""What `serve` does once its arguments are read."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from overshoot_testkit.admin import SHORTEST_TOKEN, AdminServer
from overshoot_testkit.cli._guard import UserError
from overshoot_testkit.cli._live import JsonTeller, LogTeller, Tally, summary
from overshoot_testkit.cli._output import Output
from overshoot_testkit.clock import LoopClock, SteppedClock
from overshoot_testkit.documents import DocumentError
from overshoot_testkit.fakes.base import PortInUseError, RemoteHostError
from overshoot_testkit.fakes.overshoot import OvershootFake, Settings
from overshoot_testkit.fakes.overshoot.profiles import load_profile, settings_from
from overshoot_testkit.faults import FaultPlan
from overshoot_testkit.journal import Journal
from overshoot_testkit.scenarios import fault_from_words, load_scenario

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from overshoot_testkit.cli._live import Teller
    from overshoot_testkit.scenarios import FaultSpec, Scenario


_KEPT = 200_000
"""Events that are there to be asked for: a server may run for weeks."""


@dataclass(frozen=True, slots=True)
class Order:
    """A command line of `serve`."""

    host: str
    port: int
    admin_port: int
    profile: str | None
    scenario: str | None
    faults: tuple[str, ...]
    clock: str
    api_key: str | None
    admin_token_env: str | None
    seed: int
    as_json: bool
    quiet: bool
    no_color: bool


def serve(order: Order) -> int:
    """Serve until a signal; the exit code. Raises UserError for an order that cannot be carried out."""
    try:
        scenario = None if order.scenario is None else load_scenario(order.scenario)
        settings = _settings(order, scenario)
        faults = [fault_from_words(words) for words in order.faults]
        return asyncio.run(_Server(order, settings, scenario, faults).run())
    except RemoteHostError as error:
        raise UserError(
            f"--host: {order.host!r} can be reached from other machines, and whoever reaches the admin API "
            "drives the fake: listen on 127.0.0.1, or name a variable with a token by --admin-token-env"
        ) from error
    except (DocumentError, PortInUseError, _WrongFaultError) as error:
        raise UserError(error.strerror if isinstance(error, OSError) else str(error)) from error
    except OSError as error:
        raise UserError(f"cannot listen on {order.host!r}: {error.strerror or error}") from error


class _WrongFaultError(ValueError):
    """A fault that this server cannot let happen."""


class _Server:
    """One run of the server."""

    def __init__(
        self, order: Order, settings: Settings, scenario: Scenario | None, faults: list[FaultSpec]
    ) -> None:
        self._order = order
        self._settings = settings
        self._scenario = scenario
        self._faults = faults
        self._token = _token(order.admin_token_env)

    async def run(self) -> int:
        order = self._order
        clock = SteppedClock() if order.clock == "stepped" else LoopClock()
        journal = Journal(clock, keep=_KEPT)
        fake = OvershootFake(clock, self._settings, journal, FaultPlan(clock, journal, seed=order.seed))
        admin = AdminServer(
            fake,
            token=self._token,
            profile=order.profile or _profile_of(self._scenario) or "seed",
            again=lambda: self._begin(fake, admin),
        )
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_callback(fake.aclose)
            stack.push_async_callback(admin.aclose)
            await fake.listen(order.host, order.port, allow_remote=self._token is not None)
            await admin.listen(order.host, order.admin_port)
            self._begin(fake, admin)
            output = Output()
            stack.callback(output.close)
            teller = JsonTeller(output) if order.as_json else LogTeller(output, fake, no_color=order.no_color)
            return await self._serve(fake, admin, teller)

    async def _serve(self, fake: OvershootFake, admin: AdminServer, teller: Teller) -> int:
        tally = Tally()
        with _asked_to_end() as ended:
            teller.ready(_facts(fake, admin))
            listeners = [tally.note] if self._order.quiet else [tally.note, teller.event]
            for listener in listeners:
                for event in fake.journal.events:  # of what was set from the start
                    listener(event)
                fake.journal.subscribe(listener)
            await ended.wait()
        playing = admin.scenario.playing
        if playing is not None:
            playing.finish()
        teller.summary(summary(tally, fake, playing))
        return 1 if playing is not None and playing.failed else 0

    def _begin(self, fake: OvershootFake, admin: AdminServer) -> None:
        """Set what is there from the start, and again after each reset."""
        for spec in self._faults:
            try:
                spec.set(fake.faults)
            except (ValueError, TypeError) as error:
                raise _WrongFaultError(f"--fault: {error}") from error
        if self._scenario is not None:
            admin.scenario.begin(self._scenario, configured=True)


def _facts(fake: OvershootFake, admin: AdminServer) -> dict[str, Any]:
    names = {"OVERSHOOT_API_URL": fake.base_url, "OVERSHOOT_BASE_URL": fake.base_url}
    return {
        "url": fake.base_url,
        "admin_url": admin.url,
        "api_key": fake.api_key,
        "clock": fake.clock.mode,
        "env": {**names, "OVERSHOOT_API_KEY": fake.api_key},
    }


def _settings(order: Order, scenario: Scenario | None) -> Settings:
    """Of the profile, with the scenario's; the command line counts most."""

    def make(changes: Mapping[str, Any], profile: str | None) -> Settings:
        return settings_from(changes, load_profile(order.profile or profile or "seed"))

    settings = make({}, None) if scenario is None else scenario.configure(make)
    changes: dict[str, Any] = {"seed": order.seed} if order.seed else {}
    if order.api_key is not None:
        if not order.api_key.isascii() or not order.api_key.isprintable() or not order.api_key.strip():
            raise UserError("--api-key: give printable ASCII, as goes into a header")
        _, first = next(iter(settings.accounts.items()))
        others = list(settings.accounts.items())[1:]
        changes["accounts"] = {order.api_key: first, **dict(others)}
    return dataclasses.replace(settings, **changes)


def _profile_of(scenario: Scenario | None) -> str | None:
    return None if scenario is None else scenario.profile


def _token(name: str | None) -> str | None:
    if name is None:
        return None
    token = os.environ.get(name, "")
    if len(token) < SHORTEST_TOKEN:
        what = f"has {len(token)} characters, which can be guessed" if token else "is not set"
        raise UserError(
            f"--admin-token-env: the variable {name} {what}; give it at least {SHORTEST_TOKEN} characters"
        )
    return token


@contextlib.contextmanager
def _asked_to_end() -> Iterator[asyncio.Event]:
    """Set by SIGINT and SIGTERM (on Windows also Ctrl-Break); a second one ends the program at once."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    names = ("SIGINT", "SIGTERM", "SIGBREAK")
    before: dict[signal.Signals, Any] = {}

    def put_back() -> None:
        for each, handler in before.items():
            signal.signal(each, handler)
        before.clear()

    def end(*_: object) -> None:
        put_back()
        loop.call_soon_threadsafe(ended.set)

    for name in names:
        if hasattr(signal, name):
            each = getattr(signal, name)
            before[each] = signal.signal(each, end)
    try:
        yield ended
    finally:
        put_back()
