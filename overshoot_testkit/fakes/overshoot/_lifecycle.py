"""What happens to streams over time: creation, lease, frames, end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from overshoot_testkit.fakes.base import Refusal
from overshoot_testkit.fakes.overshoot._clips import Clips
from overshoot_testkit.fakes.overshoot._delivery import Delivery
from overshoot_testkit.fakes.overshoot._ids import identifier
from overshoot_testkit.fakes.overshoot._inference import Inference
from overshoot_testkit.fakes.overshoot._ledger import Ledger, micros
from overshoot_testkit.fakes.overshoot._stream import Stream, StreamEvent, StreamState
from overshoot_testkit.fakes.overshoot._tokens import TokenMint
from overshoot_testkit.journal import LeaseRenewed, StateChanged

if TYPE_CHECKING:
    from collections.abc import Iterable

    from overshoot_testkit.fakes.base import Service
    from overshoot_testkit.fakes.overshoot._ledger import Wallet
    from overshoot_testkit.fakes.overshoot._results import Results
    from overshoot_testkit.fakes.overshoot._rules import Order
    from overshoot_testkit.fakes.overshoot.settings import EndReason, Settings


class Lifecycle:
    """All streams of one fake, on its clock."""

    def __init__(self, service: Service, settings: Settings, results: Results) -> None:
        self.streams: dict[str, Stream] = {}
        self.settings = settings
        self.ledger = Ledger(settings.price_cents_per_second, service.journal)
        self.tokens = TokenMint(service)
        self.results = results
        self.clips = Clips(service, self)
        self.delivery = Delivery(service, results, self.clips)
        self._service = service
        self._clock = service.clock
        self._journal = service.journal

    # --- finding ------------------------------------------------------------------------------------

    def find(self, stream_id: str | None, wallet: Wallet) -> Stream | None:
        """A stream of this account, ended or not; nobody sees another's."""
        stream = self.streams.get(stream_id or "")
        if stream is None or stream.wallet is not wallet or stream.forgotten:
            return None
        return stream

    def running(self, stream_id: str | None, wallet: Wallet) -> Stream:
        """A stream of this account that runs. Raises Refusal 404."""
        stream = self.find(stream_id, wallet)
        if stream is None or not stream.is_open:
            raise Refusal(404, "The stream does not exist or has ended.", code="stream_not_found")
        return stream

    def open_streams(self, stream_id: str | None = None) -> list[Stream]:
        """Streams that run: all, or the one with this id."""
        if stream_id is not None:
            stream = self.streams.get(stream_id)
            return [stream] if stream is not None and stream.is_open else []
        return [stream for stream in self.streams.values() if stream.is_open]

    # --- creation -----------------------------------------------------------------------------------

    def create(self, order: Order, wallet: Wallet, opened_by: str) -> Stream:
        """Start a stream, with its lease. Raises Refusal 402 or 429."""
        limit = wallet.concurrency_limit
        limit = self.settings.concurrency_limit if limit is None else limit
        if not self.ledger.can_start(wallet):
            raise Refusal(402)
        if wallet.open_streams >= limit:
            raise Refusal(429, f"The limit of {limit} concurrent streams is reached: close one first.")
        number = len(self.streams) + 1
        now = self._clock.now()
        stream = Stream(
            identifier(self.settings.seed, "stream", number),
            number,
            order,
            wallet,
            now,
            opened_by,
            micros(now),
        )
        stream.inference = self.inference_of(stream)
        self.streams[stream.id] = stream
        wallet.open_streams += 1
        self.set_prompt(stream, order.inference.prompt)
        self._journal.add(StateChanged("stream", stream.id, None, stream.state.value, "created"))
        self._lease(stream, self.settings.lease_ttl)
        self._await_frames(stream)
        return stream

    def set_prompt(self, stream: Stream, prompt: str) -> None:
        """From the next inference on, the prompt is this. Source: contract › Update prompt."""
        stream.updated_at = self._clock.now()
        stream.prompts.append((stream.updated_at, prompt, self._journal.secrets.text(prompt)))

    def inference_of(self, stream: Stream) -> Inference:
        """What produces its results."""
        interval = max(stream.order.interval, self.settings.fastest_interval)
        timing, produce = self.results.timing, self.delivery.produce
        return Inference(
            self._service,
            interval,
            lambda index: timing(stream.number, index, interval).late,
            lambda index, due: produce(stream, index, interval, due),
        )

    def resume(self, stream: Stream, lease_due: float | None, frames_due: float | None) -> None:
        """Set a stream's timers for these moments, those that it had are cancelled."""
        for timer in (stream.lease_timer, stream.frames_timer):
            self._service.cancel(timer)
        stream.lease_timer = stream.frames_timer = None
        if lease_due is not None:
            stream.lease_timer_at = lease_due
            stream.lease_timer = self._service.call_at(lease_due, self._lapse, stream)
        if frames_due is not None:
            waits = stream.state is StreamState.PENDING
            then = self._frames_arrive if waits else self._frames_missed
            stream.frames_timer = self._service.call_at(frames_due, then, stream)

    # --- lease --------------------------------------------------------------------------------------

    def keepalive(self, stream: Stream) -> tuple[int, float, float]:
        """Charge and renew; returns the new TTL, seconds and cents charged. Raises Refusal 402.

        *assumed*: a keepalive that is refused charges nothing; what is left is taken when the stream ends.
        """
        until = micros(self._clock.now())
        if not self.ledger.affords(stream, until):
            stream.unpaid = True
            if self.settings.out_of_credits == "end":
                self.end(stream, "insufficient_credits")
            raise Refusal(402, "The credits are used up: the lease was not renewed.")
        seconds, cents = self.ledger.charge(stream, until, "keepalive")
        stream.unpaid = False
        ttl = self._granted(stream)
        self._lease(stream, ttl)
        if stream.awaits_recovery:
            stream.awaits_recovery = False
            self._run(stream)
        return ttl, seconds, cents

    def _granted(self, stream: Stream) -> int:
        ttls = self.settings.keepalive_ttls
        stream.renewals += 1
        if ttls:
            return ttls[min(stream.renewals, len(ttls)) - 1]
        return self.settings.keepalive_ttl or self.settings.lease_ttl

    def _lease(self, stream: Stream, ttl: int) -> None:
        expires_at = self._clock.now() + ttl
        stream.lease_expires_at = expires_at
        self._journal.add(LeaseRenewed(stream.id, ttl, expires_at))
        # A timer that fires too early looks again; only one that would fire too late is replaced.
        if stream.lease_timer is None or stream.lease_timer_at > expires_at:
            self._service.cancel(stream.lease_timer)
            self._watch_lease(stream)

    def _watch_lease(self, stream: Stream) -> None:
        stream.lease_timer_at = stream.lease_expires_at
        stream.lease_timer = self._service.call_at(stream.lease_timer_at, self._lapse, stream)

    def _lapse(self, stream: Stream) -> None:
        stream.lease_timer = None
        if not stream.is_open:
            return
        if self._clock.now() < stream.lease_expires_at - 1e-6:
            self._watch_lease(stream)
            return
        self.expire(stream)

    def expire(self, stream: Stream) -> None:
        """The lease lapses: the stream ends, charged to this moment."""
        self.end(stream, "insufficient_credits" if stream.unpaid else "lease_expired", cause="expiry")

    # --- frames -------------------------------------------------------------------------------------

    def _await_frames(self, stream: Stream) -> None:
        if self.settings.frames == "none":
            return
        if self.settings.frames_after <= 0:
            self.frames(stream, on=True)
        else:
            moment = self._clock.now() + self.settings.frames_after
            stream.frames_timer = self._service.call_at(moment, self._frames_arrive, stream)

    def _frames_arrive(self, stream: Stream) -> None:
        stream.frames_timer = None
        self.frames(stream, on=True)

    def frames(self, stream: Stream, *, on: bool) -> None:
        """Let video arrive, or stop arriving. Inference stops at once, the state turns idle after a while."""
        if not stream.is_open or stream.frames_on == on:
            return
        stream.frames_on = on
        self._service.cancel(stream.frames_timer)
        stream.frames_timer = None
        if on:
            stream.happen(StreamEvent.FRAMES_ARRIVED, self._journal)
            if not stream.awaits_recovery:
                self._run(stream)
        else:
            stream.inference.stop()
            moment = self._clock.now() + self.settings.idle_after
            stream.frames_timer = self._service.call_at(moment, self._frames_missed, stream)

    def _frames_missed(self, stream: Stream) -> None:
        stream.frames_timer = None
        stream.happen(StreamEvent.FRAMES_MISSED, self._journal)

    def _run(self, stream: Stream) -> None:
        if not stream.frames_on:
            return
        variation = self.results.variation
        if stream.inference.ran_before:
            stream.inference.start(variation.usual.inference_ms / 1000)
        else:
            stream.inference.start(variation.first(stream.number))

    # --- end ----------------------------------------------------------------------------------------

    def end(self, stream: Stream, reason: EndReason, *, cause: str = "close", forget: bool = False) -> None:
        """End a stream: final charge, sockets closed. Source: docs › End. Does nothing on an ended one."""
        if not stream.happen(StreamEvent.ENDED, self._journal, reason):
            return
        stream.ended_reason = reason
        stream.ended_at = self._clock.now()
        stream.forgotten = forget
        stream.wallet.open_streams -= 1
        stream.frames_on = False
        stream.held, stream.overtaken = None, ()
        stream.inference.stop()
        for timer in (stream.lease_timer, stream.frames_timer):
            self._service.cancel(timer)
        stream.lease_timer = stream.frames_timer = None
        self.ledger.charge(stream, micros(self._clock.now()), cause)
        for socket in stream.sockets:
            socket.close(1001, f"stream ended: {reason}")
        self.results.forget(stream.id)

    # --- keys ---------------------------------------------------------------------------------------

    def key_revoked(self, wallet: Wallet) -> None:
        """The account's key is not valid any more: what its streams and their sockets make of it."""
        for stream in [stream for stream in self.open_streams() if stream.wallet is wallet]:
            if self.settings.revoked_sockets == "close":
                for socket in tuple(stream.sockets):
                    socket.close(1008, "authentication failed")
            if self.settings.revoked_streams == "end":
                self.end(stream, "client_requested")

    # --- deploys ------------------------------------------------------------------------------------

    def lose_server(self, streams: Iterable[Stream]) -> None:
        """A deploy of the server that has these streams begins.

        Source: Transport & Connectivity › Deploy Resilience. Native streams stay and are recovered at their
        next keepalive; webrtc streams are lost. *assumed*: user-managed rooms, which outlive the server too,
        are recovered like native ones; leases run on.
        """
        for stream in streams:
            if stream.order.source_type == "webrtc":
                self.end(stream, "webrtc_disconnected", forget=True)
            else:
                stream.inference.stop()
                stream.awaits_recovery = True
