from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, get_args

from overshoot_testkit.clock import LoopClock
from overshoot_testkit.fakes.base import Principal, Service, Traffic
from overshoot_testkit.fakes.overshoot._accounts import Accounts
from overshoot_testkit.fakes.overshoot._endpoints import Endpoints
from overshoot_testkit.fakes.overshoot._errors import error_body
from overshoot_testkit.fakes.overshoot._lifecycle import Lifecycle
from overshoot_testkit.fakes.overshoot._result_socket import ResultSocket
from overshoot_testkit.fakes.overshoot._results import Results
from overshoot_testkit.fakes.overshoot._snapshot import Parts, initial, put_back, take
from overshoot_testkit.fakes.overshoot._state_faults import StateFaults
from overshoot_testkit.fakes.overshoot._subject import changes_to, facts_of
from overshoot_testkit.fakes.overshoot.settings import EndReason, ModelStatus, Settings
from overshoot_testkit.faults import FaultPlan
from overshoot_testkit.journal import Journal, StateChanged

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Self

    from overshoot_testkit.clock import Clock
    from overshoot_testkit.fakes.overshoot._ledger import Wallet
    from overshoot_testkit.fakes.overshoot._snapshot import Snapshot
    from overshoot_testkit.fakes.overshoot._stream import StreamView
    from overshoot_testkit.fakes.overshoot._tokens import Token
    from overshoot_testkit.fakes.overshoot.settings import Account
    from overshoot_testkit.faults import Action

BASE_PATH = "/v0.2"
"""Source: contract › servers."""
_BEARER = "Bearer "
_SETTINGS = frozenset(each.name for each in dataclasses.fields(Settings))


class OvershootFake:
    """An Overshoot v0.2 server in this process: streams, leases, credits, results, faults, on one clock.

        async with OvershootFake() as fake:
            ...  # a client works with fake.base_url and fake.api_key

    clock: defaults to the running loop's (real, or virtual on a `simulation.VirtualTimeLoop`).
    journal, faults: made when not given.

    Leaving the context, or `aclose()`, ends everything; it raises ExceptionGroup if the fake had a defect.
    """

    def __init__(
        self,
        clock: Clock | None = None,
        settings: Settings | None = None,
        journal: Journal | None = None,
        faults: FaultPlan | None = None,
    ) -> None:
        self.clock = LoopClock() if clock is None else clock
        self.settings = Settings() if settings is None else settings
        self.journal = Journal(self.clock) if journal is None else journal
        self.faults = (
            FaultPlan(self.clock, self.journal, seed=self.settings.seed) if faults is None else faults
        )
        self.results = Results(self.settings)
        """What the results say: `results.script([...])`."""
        self._accounts = Accounts(self.settings.accounts, self.settings.seed, self.journal)
        self.journal.secrets.register(self.settings.livekit_api_secret, "livekit secret")
        self._service = Service(
            self,
            clock=self.clock,
            journal=self.journal,
            faults=self.faults,
            base_path=BASE_PATH,
            body_limit=self.settings.body_limit,
        )
        self._set_up_service()
        self._lifecycle = Lifecycle(self._service, self.settings, self.results)
        endpoints = Endpoints(self._service, self._lifecycle)
        socket = ResultSocket(self._service, self._lifecycle, self._accounts.valid)
        self._service.add_routes([*endpoints.routes(), socket.route()])
        self._feedback = endpoints.feedback
        self._state_faults = StateFaults(
            self, self._service, self._lifecycle, self._accounts.wallets.values()
        )
        self.faults.carry_out = self.carry_out
        self.faults.check = self._state_faults.check
        self._base_url: str | None = None
        self._first = self.settings

    # --- hosting ------------------------------------------------------------------------------------

    async def listen(self, host: str = "127.0.0.1", port: int = 0, *, allow_remote: bool = False) -> str:
        """Accept connections and return the base URL, with `/v0.2`.

        On a virtual loop any host name is served in memory: `listen("api.overshoot.ai", 443)` makes
        `https://api.overshoot.ai/v0.2` work. Raises PortInUseError; RemoteHostError for an address that
        other machines can reach, unless `allow_remote`.
        """
        self._base_url = await self._service.listen(host, port, allow_remote=allow_remote)
        return self._base_url

    async def aclose(self) -> None:
        """End everything: timers, streams' sockets, requests, tasks, the listener. Idempotent."""
        await self._service.aclose()

    async def __aenter__(self) -> Self:
        if self._base_url is None:
            await self.listen()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    @property
    def base_url(self) -> str:
        """Where it listens, with `/v0.2` and no trailing slash. Raises RuntimeError before `listen`."""
        if self._base_url is None:
            raise RuntimeError("the fake does not listen yet: `await fake.listen()`, or use `async with`")
        return self._base_url

    @property
    def traffic(self) -> Traffic:
        """Counters of what passed and what is under way."""
        return self._service.traffic

    def redirect(self, prefix: str, url: str | None) -> None:
        """Answer 307 to requests for paths below `prefix`, to the same below `url`; None ends that.

        They are no requests to the API: neither journal nor faults see them.
        """
        self._service.redirect_prefix = None if url is None else (prefix, url)

    # --- as it was ------------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """The whole state as it is now, for `restore`."""
        return take(self._parts)

    def restore(self, snapshot: Snapshot) -> None:
        """Let the state be again as it was then. Time goes on, and what was left then is left now.

        A lease with 30 s left has 30 s left. Result sockets whose stream runs then and now stay; all others
        are closed with 1001, and requests under way end without an answer. The journal goes on.
        """
        put_back(self._parts, snapshot)
        self._settings_are(snapshot.settings)

    def reset(self) -> None:
        """Begin anew: the state as with these settings from the start, no faults, an empty journal.

        A stepped or a loop's own clock is at 0 again; any other goes on.
        """
        self.restore(initial(self._parts, self._first))
        restart = getattr(self.clock, "restart", None)
        if restart is not None:
            restart()
        self.journal.clear()

    @property
    def _parts(self) -> Parts:
        return Parts(
            self._service, self._lifecycle, self._accounts, self.results, self._feedback, self._state_faults
        )

    def _settings_are(self, settings: Settings) -> None:
        self.settings = self._lifecycle.settings = settings
        self.results.use(settings)
        self._set_up_service()

    # --- accounts -----------------------------------------------------------------------------------

    @property
    def api_key(self) -> str:
        """The first of the settings' keys."""
        return self._accounts.first_key

    @property
    def accounts(self) -> list[Wallet]:
        """All accounts, in the order in which their keys came."""
        return list(self._accounts.wallets.values())

    def account(self, key: str | None = None) -> Wallet:
        """An API key's credits: `.credits_cents`, `.top_up(cents)`, `.empty()`.

        key: the key, or its label in the journal, such as "key 2"; the first one if not given. Raises
        KeyError, as all do that take a key.
        """
        return self._accounts.find(self.api_key if key is None else key)

    def add_key(self, api_key: str | None = None, account: Account | None = None) -> str:
        """Open a further account and return its key: `api_key`, or one that is made (`ovs_…`).

        Raises ValueError for a key that is there already.
        """
        return self._accounts.add(api_key, account)

    def revoke_key(self, key: str | None = None) -> None:
        """From now on the key is answered 401 and 1008.

        What becomes of its streams: `Settings.revoked_streams`; of their sockets: `Settings.revoked_sockets`.
        """
        wallet = self.account(key)
        if self._accounts.set_revoked(wallet, revoked=True):
            self._lifecycle.key_revoked(wallet)

    def restore_key(self, key: str | None = None) -> None:
        """Let a revoked key be valid again; streams that still run can be kept alive again."""
        self._accounts.set_revoked(self.account(key), revoked=False)

    # --- streams ------------------------------------------------------------------------------------

    @property
    def streams(self) -> list[StreamView]:
        """All streams there ever were, as they are now, in the order they were created."""
        return [stream.view() for stream in self._lifecycle.streams.values()]

    def stream(self, stream_id: str) -> StreamView:
        """One stream as it is now. Raises KeyError."""
        return self._lifecycle.streams[stream_id].view()

    def open_streams(self) -> list[StreamView]:
        """The streams that run."""
        return [stream.view() for stream in self._lifecycle.open_streams()]

    def end_stream(self, stream_id: str, reason: EndReason = "client_requested") -> None:
        """End a stream as the server does. Raises KeyError; ValueError for an undocumented reason."""
        if reason not in get_args(EndReason):
            raise ValueError(f"reason: {reason!r} is none of {', '.join(get_args(EndReason))}")
        self._lifecycle.end(self._lifecycle.streams[stream_id], reason)

    def frames(self, stream_id: str, *, on: bool) -> None:
        """Let video reach the stream, or stop. Raises KeyError."""
        self._lifecycle.frames(self._lifecycle.streams[stream_id], on=on)

    def send_result(self, stream_id: str, **overrides: Any) -> dict[str, Any]:
        """Send a result now, beside those that are due, and return it. Raises KeyError."""
        return self._lifecycle.delivery.send_now(self._lifecycle.streams[stream_id], overrides)

    def check_token(self, token: str) -> Token | None:
        """A LiveKit token that was issued here and is valid now; None for any other."""
        return self._lifecycle.tokens.check(token)

    def change(self, **values: Any) -> Settings:
        """Change settings from now on, as in a new release of the server; returns them.

        Values are as `Settings` takes them, or as profiles have them: `results={"failed": 0.1}` leaves the
        other settings of results alone. Raises ValueError for what does not exist, or is fixed from the
        start.
        """
        return self._become(self.changed(**values))

    def _become(self, settings: Settings) -> Settings:
        before = self.settings.models
        self._settings_are(settings)
        self._record_models(before)
        return settings

    def _set_up_service(self) -> None:
        self._service.cors.origins = self.settings.cors_origins
        self._service.answers.gzip_over = self.settings.gzip_over

    def changed(self, **values: Any) -> Settings:
        """What `change` would make of the settings; nothing changes. Raises as it does."""
        fixed = {"accounts", "body_limit", "seed", "price_cents_per_second"} & values.keys()
        if fixed:
            raise ValueError(f"{', '.join(sorted(fixed))}: set from the start, with settings=Settings(...)")
        plain = all(value is None or isinstance(value, str | int | float) for value in values.values())
        if plain and values.keys() <= _SETTINGS:
            return dataclasses.replace(self.settings, **values)
        from overshoot_testkit.fakes.overshoot.profiles import settings_from  # noqa: PLC0415 - slow to import

        return settings_from(values, self.settings)

    def apply(self, settings: Mapping[str, Any], profile: str | None = None) -> None:
        """Behave by a profile and by settings as a file has them, from now on: what a scenario asks for.

        Raises ValueError for what does not exist, or is fixed from the start.
        """
        self.change(**changes_to(self.settings, settings, profile))

    def facts(self) -> dict[str, float]:
        """What is true now, in numbers that a scenario can check, such as open_streams."""
        return facts_of(self._lifecycle, self.traffic, self.account())

    def set_model(self, name: str, status: ModelStatus) -> None:
        """Let the catalogue have the model with this status from now on; a new name is added to it.

        What becomes of streams that run on a model that turns unavailable: `Settings.lost_model`. Raises
        ValueError for a status that the contract does not have.
        """
        models = {**self.settings.models, name: status}
        self._become(dataclasses.replace(self.settings, models=models))

    def _record_models(self, before: Mapping[str, ModelStatus]) -> None:
        after = self.settings.models
        for name in dict.fromkeys((*before, *after)):
            old, new = before.get(name), after.get(name)
            if old != new:
                self.journal.add(StateChanged("model", name, old, new or "removed", None))

    # --- what the service asks (base.Vendor) ----------------------------------------------------------

    def error(
        self,
        status: int,
        request_id: str,
        *,
        code: str | None = None,
        message: str | None = None,
        details: Any = None,
    ) -> dict[str, Any]:
        """The documented error body."""
        return error_body(status, request_id, code=code, message=message, details=details)

    def identify(self, authorization: str | None) -> Principal | None:
        """Whose bearer key it is. Source: contract › securitySchemes."""
        if authorization is None or authorization[:7].title() != _BEARER:
            return None
        return self._accounts.valid(authorization[7:].strip())

    def carry_out(self, action: Action, stream_id: str | None, principal: Principal | None = None) -> None:
        """Let a socket or state action happen: to a stream, or to those of an account, or to all."""
        self._state_faults.carry_out(action, stream_id, principal)
