"""Faults that change the server itself, and those that strike open sockets at a moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from overshoot_testkit.faults import Action, Deploy, ExhaustCredits, ExpireLease, ExpireToken, Refuse

if TYPE_CHECKING:
    from collections.abc import Collection

    from overshoot_testkit.fakes.base import Principal, Service
    from overshoot_testkit.fakes.overshoot._ledger import Wallet
    from overshoot_testkit.fakes.overshoot._lifecycle import Lifecycle
    from overshoot_testkit.fakes.overshoot._stream import Stream


class StateFaults:
    """Lets them happen: to one stream, to those of an account, or to all."""

    def __init__(self, service: Service, lifecycle: Lifecycle, wallets: Collection[Wallet]) -> None:
        self._service = service
        self._lifecycle = lifecycle
        self._wallets = wallets

    def carry_out(  # noqa: C901 - one short branch an action
        self, action: Action, stream_id: str | None, principal: Principal | None
    ) -> None:
        """See `base.Vendor.carry_out`. Raises TypeError for an action that means nothing here."""
        streams = self._meant(stream_id, principal)
        if action.kind == "socket":
            for socket in [socket for stream in streams for socket in stream.sockets]:
                socket.carry_out(action)
            return
        match action:
            case ExpireLease():
                for stream in streams:
                    self._lifecycle.expire(stream)
            case ExpireToken():
                for stream in streams:
                    self._lifecycle.tokens.expire(stream)
            case ExhaustCredits():
                for wallet in self._wallets_meant(streams, stream_id, principal):
                    wallet.empty("fault")
            case Refuse(seconds=seconds):
                self._service.outage.refuse(seconds)
            case Deploy(seconds=seconds, by=by):
                self._service.outage.begin(seconds, by)
                self._lifecycle.lose_server()
            case _:
                raise TypeError(f"{action} is nothing that this fake can let happen")

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
