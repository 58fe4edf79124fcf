"""The whole state of the fake at one moment, and the way back to it.

Time does not run backwards: what is put back lies as far ahead, or behind, as it did then, so every moment is
shifted by the time between. What a class has to keep and how its moments shift, it says itself (`keep` and
`put_back`); here is what belongs to several.
"""

from __future__ import annotations

import dataclasses
from collections import deque
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from overshoot_testkit.fakes.overshoot._clips import Clip
from overshoot_testkit.fakes.overshoot._ledger import Wallet, micros
from overshoot_testkit.fakes.overshoot._stream import Stream
from overshoot_testkit.fakes.overshoot.settings import Account
from overshoot_testkit.faults import PlanKept

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from decimal import Decimal

    from overshoot_testkit.fakes.base import OutageKept, Pending, Service, Socket
    from overshoot_testkit.fakes.overshoot._accounts import Accounts
    from overshoot_testkit.fakes.overshoot._feedback import Feedback
    from overshoot_testkit.fakes.overshoot._inference import InferenceKept
    from overshoot_testkit.fakes.overshoot._lifecycle import Lifecycle
    from overshoot_testkit.fakes.overshoot._results import Results
    from overshoot_testkit.fakes.overshoot._state_faults import StateFaults
    from overshoot_testkit.fakes.overshoot._tokens import Token
    from overshoot_testkit.fakes.overshoot.settings import Settings

MOMENTS = frozenset(
    {"created_at", "ended_at", "lease_expires_at", "lease_timer_at", "updated_at", "created_wall"}
)
"""A stream's fields that are seconds, on the clock or on the calendar: they shift."""
APART = frozenset(
    {
        "charged_until",
        "frames_timer",
        "inference",
        "lease_timer",
        "order",
        "prompts",
        "sockets",
        "token",
        "wallet",
    }
)
"""A stream's fields that need more than to be copied; all others are numbers, texts and the like."""


class Parts(NamedTuple):
    """What the state is spread over."""

    service: Service
    lifecycle: Lifecycle
    accounts: Accounts
    results: Results
    feedback: Feedback
    state_faults: StateFaults


class WalletKept(NamedTuple):
    """An account."""

    key: str
    label: str
    concurrency_limit: int | None
    open_streams: int
    revoked: bool
    balance: Decimal


class StreamKept(NamedTuple):
    """A stream, without its sockets: those stay or go as the clients have them."""

    order: Any
    wallet: str
    """The label of its key."""
    fields: Mapping[str, Any]
    charged_until: int
    prompts: tuple[tuple[float, str, str], ...]
    token: str | None
    """The label of the one issued last."""
    inference: InferenceKept
    lease_due: float | None
    frames_due: float | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state of a fake at one moment. Nothing changes it, and it belongs to the fake that it was taken of.

    It has secrets: API keys and tokens.
    """

    at: float
    """Seconds of the clock."""
    settings: Settings
    skew: float
    counts: tuple[int, int]
    wallets: tuple[WalletKept, ...]
    streams: tuple[StreamKept, ...]
    tokens: tuple[tuple[str, Token], ...]
    clips: tuple[tuple[str, str, float], ...]
    """Id of the result, label of the key, when it was sent."""
    questions: int
    """About clips, that were answered."""
    feedback: tuple[tuple[str, Mapping[str, Any]], ...]
    scripts: tuple[tuple[str | None, tuple[Any, ...]], ...]
    faults: PlanKept
    outage: OutageKept | None
    deploys: tuple[Pending, ...]
    """What is still to come of deploys that have begun."""


def take(parts: Parts) -> Snapshot:
    """The state as it is now."""
    service, lifecycle, clips = parts.service, parts.lifecycle, parts.lifecycle.clips
    return Snapshot(
        at=service.clock.now(),
        settings=lifecycle.settings,
        skew=service.skew,
        counts=service.counts,
        wallets=tuple(_wallet(key, wallet) for key, wallet in parts.accounts.wallets.items()),
        streams=tuple(_stream(service, stream) for stream in lifecycle.streams.values()),
        tokens=lifecycle.tokens.keep(),
        clips=tuple((name, clip.wallet.label, clip.sent_at) for name, clip in clips.stored.items()),
        questions=clips.answered,
        feedback=tuple(
            (wallet.label, MappingProxyType(dict(entry))) for wallet, entry in parts.feedback.entries
        ),
        scripts=parts.results.keep(),
        faults=service.faults.keep(),
        outage=service.outage.keep(),
        deploys=service.pending(parts.state_faults),
    )


def initial(parts: Parts, settings: Settings) -> Snapshot:
    """The state of a fake with these settings before anything happened."""
    now = parts.service.clock.now()
    wallets = [
        WalletKept(key, f"key {number}", account.concurrency_limit, 0, False, Wallet.cents(account))
        for number, (key, account) in enumerate(settings.accounts.items(), start=1)
    ]
    faults = PlanKept(now, 0, parts.service.faults.seed, ())
    return Snapshot(
        now, settings, 0.0, (0, 0), tuple(wallets), (), (), (), 0, (), (), faults, None, ()
    )  # fmt: skip


def put_back(parts: Parts, snapshot: Snapshot) -> None:
    """Let the state be that again, from now on."""
    service, lifecycle = parts.service, parts.lifecycle
    shift = service.clock.now() - snapshot.at
    runs = {each.fields["id"] for each in snapshot.streams if each.fields["ended_at"] is None}
    staying = [
        socket
        for stream in lifecycle.open_streams()
        if stream.id in runs
        for socket in stream.sockets
        if service.sockets.get(socket.number) is socket
    ]
    service.let_go(staying, "the server was set back")
    service.counts, service.skew = snapshot.counts, snapshot.skew
    lifecycle.settings = snapshot.settings
    wallets = _put_back_wallets(parts.accounts, snapshot)
    _put_back_streams(lifecycle, snapshot, wallets, staying, shift)
    clips = lifecycle.clips
    clips.stored = {name: Clip(wallets[label], at + shift) for name, label, at in snapshot.clips}
    clips.answered = snapshot.questions
    parts.feedback.entries[:] = [(wallets[label], dict(entry)) for label, entry in snapshot.feedback]
    parts.results.put_back(snapshot.scripts)
    service.outage.put_back(snapshot.outage, shift)
    service.forget(parts.state_faults)
    for each in snapshot.deploys:
        service.call_at(each.when + shift, each.callback, *each.args)
    service.faults.put_back(snapshot.faults, shift)


def _wallet(key: str, wallet: Wallet) -> WalletKept:
    return WalletKept(
        key, wallet.label, wallet.concurrency_limit, wallet.open_streams, wallet.revoked, wallet.balance
    )


def _put_back_wallets(accounts: Accounts, snapshot: Snapshot) -> dict[str, Wallet]:
    """By label. The same objects, as far as they are there: whoever has one still has it."""
    before = dict(accounts.wallets)
    accounts.wallets.clear()
    for each in snapshot.wallets:
        wallet = before.get(each.key)
        if wallet is None or wallet.label != each.label:
            wallet = Wallet(each.label, Account(), accounts.journal)
            accounts.journal.secrets.register(each.key, each.label)
        _, _, wallet.concurrency_limit, wallet.open_streams, wallet.revoked, wallet.balance = each
        accounts.wallets[each.key] = wallet
    return {wallet.label: wallet for wallet in accounts.wallets.values()}


def _stream(service: Service, stream: Stream) -> StreamKept:
    names = (each.name for each in dataclasses.fields(stream) if each.name not in APART)
    return StreamKept(
        order=stream.order,
        wallet=stream.wallet.label,
        fields=MappingProxyType({name: getattr(stream, name) for name in names}),
        charged_until=stream.charged_until,
        prompts=tuple(stream.prompts),
        token=None if stream.token is None else stream.token.label,
        inference=stream.inference.keep(),
        lease_due=service.due_at(stream.lease_timer),
        frames_due=service.due_at(stream.frames_timer),
    )


def _put_back_streams(
    lifecycle: Lifecycle,
    snapshot: Snapshot,
    wallets: Mapping[str, Wallet],
    staying: Collection[Socket],
    shift: float,
) -> None:
    before = dict(lifecycle.streams)
    lifecycle.streams.clear()
    tokens = lifecycle.tokens.put_back(snapshot.tokens, shift)
    for kept in snapshot.streams:
        stream = before.pop(kept.fields["id"], None) or _empty(lifecycle, kept, wallets)
        lifecycle.streams[stream.id] = stream
        stream.order, stream.wallet = kept.order, wallets[kept.wallet]
        for name, value in kept.fields.items():
            moves = name in MOMENTS and value is not None
            setattr(stream, name, value + shift if moves else value)
        stream.charged_until = kept.charged_until + micros(shift)
        stream.prompts = deque((since + shift, said, shown) for since, said, shown in kept.prompts)
        stream.token = None if kept.token is None else tokens.get(kept.token)
        stream.sockets[:] = [each for each in stream.sockets if each in staying]
        stream.inference.stop()
        stream.inference = lifecycle.inference_of(stream)
        stream.inference.put_back(kept.inference, shift)
        stream.inference.set_audience(bool(stream.sockets))
        lifecycle.resume(stream, _later(kept.lease_due, shift), _later(kept.frames_due, shift))
    for stream in before.values():
        stream.inference.stop()
        lifecycle.resume(stream, None, None)


def _empty(lifecycle: Lifecycle, kept: StreamKept, wallets: Mapping[str, Wallet]) -> Stream:
    fields = kept.fields
    stream = Stream(
        fields["id"], fields["number"], kept.order, wallets[kept.wallet], 0.0, fields["opened_by"], 0
    )
    stream.inference = lifecycle.inference_of(stream)
    return stream


def _later(moment: float | None, shift: float) -> float | None:
    return None if moment is None else moment + shift
