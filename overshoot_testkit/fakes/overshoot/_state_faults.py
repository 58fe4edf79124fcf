"""Faults that change the server itself, and those that strike open sockets at a moment."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Protocol, cast, get_args

from overshoot_testkit.fakes.overshoot.settings import EndReason, ModelStatus, Settings
from overshoot_testkit.faults import (
    Action,
    Change,
    Deploy,
    EndStream,
    ExhaustCredits,
    ExpireLease,
    ExpireToken,
    Refuse,
    RestoreKey,
    RevokeKey,
    RollingDeploy,
    SetModel,
    SkewClock,
    TopUp,
)

if TYPE_CHECKING:
    from collections.abc import Collection

    from overshoot_testkit.fakes.base import Principal, Service
    from overshoot_testkit.fakes.overshoot._ledger import Wallet
    from overshoot_testkit.fakes.overshoot._lifecycle import Lifecycle
    from overshoot_testkit.fakes.overshoot._stream import Stream

_KNOWN = (
    Change | Deploy | EndStream | ExhaustCredits | ExpireLease | ExpireToken | Refuse | RestoreKey | RevokeKey
    | RollingDeploy | SetModel | SkewClock | TopUp
)  # fmt: skip


class Server(Protocol):
    """What the fake does when it is asked by name."""

    settings: Settings

    def revoke_key(self, key: str | None = None) -> None: ...

    def restore_key(self, key: str | None = None) -> None: ...

    def set_model(self, name: str, status: ModelStatus) -> None: ...

    def change(self, **values: Any) -> Settings: ...

    def changed(self, **values: Any) -> Settings: ...


class StateFaults:
    """Lets them happen: to one stream, to those of an account, or to all."""

    def __init__(
        self, server: Server, service: Service, lifecycle: Lifecycle, wallets: Collection[Wallet]
    ) -> None:
        self._server = server
        self._service = service
        self._lifecycle = lifecycle
        self._wallets = wallets

    # --- before ---------------------------------------------------------------------------------------

    def check(self, action: Action) -> None:
        """As `FaultPlan.check`: what cannot happen here is refused when it is set, not when it strikes."""
        match action:
            case EndStream(reason=reason) if reason not in get_args(EndReason):
                raise ValueError(f"EndStream.reason: {reason!r} is none of {', '.join(get_args(EndReason))}")
            case SetModel(status=status) if status not in get_args(ModelStatus):
                raise ValueError(f"SetModel.status: {status!r} is none of {', '.join(get_args(ModelStatus))}")
            case Change(settings=settings):
                try:
                    self._server.changed(**settings)
                except (TypeError, ValueError) as error:
                    raise ValueError(f"Change.settings: {error}") from None
            case _ if action.kind == "state" and not isinstance(action, _KNOWN):
                raise TypeError(f"{action} is nothing that this fake can let happen")

    # --- when it strikes ------------------------------------------------------------------------------

    def carry_out(self, action: Action, stream_id: str | None, principal: Principal | None) -> None:
        """See `base.Vendor.carry_out`. Raises TypeError for an action that means nothing here."""
        streams = self._meant(stream_id, principal)
        if action.kind == "socket":
            for socket in [socket for stream in streams for socket in stream.sockets]:
                socket.carry_out(action)
        elif isinstance(action, EndStream | ExpireLease | ExpireToken):
            for stream in streams:
                self._happen_to_stream(action, stream)
        elif isinstance(action, ExhaustCredits | TopUp | RevokeKey | RestoreKey):
            for wallet in self._wallets_meant(streams, stream_id, principal):
                self._happen_to_account(action, wallet)
        else:
            self._happen_to_server(action)

    def _happen_to_stream(self, action: EndStream | ExpireLease | ExpireToken, stream: Stream) -> None:
        match action:
            case EndStream(reason=reason):
                self._lifecycle.end(stream, cast("EndReason", reason))
            case ExpireLease():
                self._lifecycle.expire(stream)
            case ExpireToken():
                self._lifecycle.tokens.expire(stream)

    def _happen_to_account(
        self, action: ExhaustCredits | TopUp | RevokeKey | RestoreKey, wallet: Wallet
    ) -> None:
        match action:
            case ExhaustCredits():
                wallet.empty("fault")
            case TopUp(cents=cents):
                wallet.top_up(cents)
            case RevokeKey():
                self._server.revoke_key(wallet.label)
            case RestoreKey():
                self._server.restore_key(wallet.label)

    def _happen_to_server(self, action: Action) -> None:
        match action:
            case SetModel(model=model, status=status):
                self._server.set_model(model, cast("ModelStatus", status))
            case Change(settings=settings):
                self._server.change(**settings)
            case SkewClock(seconds=seconds):
                self._service.skew = seconds
            case Refuse(seconds=seconds, open=how):
                self._service.outage.refuse(seconds, cut=how == "cut")
            case Deploy():
                self._deploy(action)
            case RollingDeploy():
                self._roll(action, 0)
            case _:
                raise TypeError(f"{action} is nothing that this fake can let happen")

    # --- deploys --------------------------------------------------------------------------------------

    def _deploy(self, action: Deploy) -> None:
        self._service.outage.begin(action.seconds, action.by, action.sockets)
        self._lifecycle.lose_server(self._lifecycle.open_streams())
        if action.times > 1:
            again = dataclasses.replace(action, times=action.times - 1)
            moment = self._service.clock.now() + action.seconds + action.pause
            self._service.call_at(moment, self._deploy, again)

    def _roll(self, action: RollingDeploy, index: int) -> None:
        """One instance restarts; the streams that it has are those whose number says so; *assumed*."""
        name = f"instance {index + 1} of {action.instances}"
        streams = [
            stream for stream in self._lifecycle.streams.values() if stream.number % action.instances == index
        ]
        self._service.outage.part_leaves(name, {stream.id for stream in streams}, action.sockets)
        self._lifecycle.lose_server([stream for stream in streams if stream.is_open])
        moment = self._service.clock.now() + action.seconds / action.instances
        self._service.call_at(moment, self._roll_on, action, index, name)

    def _roll_on(self, action: RollingDeploy, index: int, name: str) -> None:
        self._service.outage.part_returns(name)
        if index + 1 < action.instances:
            self._roll(action, index + 1)

    # --- to whom --------------------------------------------------------------------------------------

    def _meant(self, stream_id: str | None, principal: Principal | None) -> list[Stream]:
        streams = self._lifecycle.open_streams(stream_id)
        if stream_id is None and principal is not None:
            return [stream for stream in streams if stream.wallet is principal]
        return streams

    def _wallets_meant(
        self, streams: list[Stream], stream_id: str | None, principal: Principal | None
    ) -> list[Wallet]:
        if stream_id is not None:
            return [stream.wallet for stream in streams]
        return [wallet for wallet in self._wallets if principal is None or wallet is principal]
