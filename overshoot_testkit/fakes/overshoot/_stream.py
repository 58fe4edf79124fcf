"""A stream: its states, and what is known of it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Any, Literal

from overshoot_testkit.journal import StateChanged

if TYPE_CHECKING:
    from overshoot_testkit.clock import Timer
    from overshoot_testkit.fakes.base import Socket
    from overshoot_testkit.fakes.overshoot._inference import Inference
    from overshoot_testkit.fakes.overshoot._ledger import Wallet
    from overshoot_testkit.fakes.overshoot._results import Made
    from overshoot_testkit.fakes.overshoot._rules import Order, SourceType
    from overshoot_testkit.fakes.overshoot._tokens import Token
    from overshoot_testkit.fakes.overshoot.settings import EndReason
    from overshoot_testkit.journal import Journal


class StreamState(StrEnum):
    """Source: contract › KeepaliveResponse.state; `ended` is ours, no answer carries it."""

    PENDING = "pending"
    """No frames yet."""
    ACTIVE = "active"
    """Inferencing."""
    IDLE = "idle"
    """Frames stopped."""
    ENDED = "ended"


class StreamEvent(Enum):
    FRAMES_ARRIVED = "frames arrived"
    FRAMES_MISSED = "no frames for a while"
    ENDED = "ended"


TRANSITIONS: dict[tuple[StreamState, StreamEvent], StreamState] = {
    (StreamState.PENDING, StreamEvent.FRAMES_ARRIVED): StreamState.ACTIVE,
    (StreamState.ACTIVE, StreamEvent.FRAMES_MISSED): StreamState.IDLE,
    (StreamState.IDLE, StreamEvent.FRAMES_ARRIVED): StreamState.ACTIVE,
    (StreamState.PENDING, StreamEvent.ENDED): StreamState.ENDED,
    (StreamState.ACTIVE, StreamEvent.ENDED): StreamState.ENDED,
    (StreamState.IDLE, StreamEvent.ENDED): StreamState.ENDED,
}
"""Every other pair leaves the state as it is."""


@dataclass(frozen=True, slots=True)
class StreamView:
    """A stream as it is at one moment, for tests and tools. Times are seconds of the clock."""

    id: str
    number: int
    """Streams count from 1 in the order they were created."""
    state: StreamState
    ended_reason: EndReason | None
    key: str
    """The journal's label of the API key, such as "key 1"."""
    source_type: SourceType
    created_at: float
    ended_at: float | None
    lease_expires_at: float
    cost_cents: float
    prompt: str
    opened_by: str
    """Id of the request that created it."""
    mode: Literal["clip", "frame"]
    model: str
    charged_until: float
    """Up to when its time is paid."""
    results: int
    """Inferences so far, heard or not."""
    sockets: int
    """Result sockets that are open."""

    @property
    def is_open(self) -> bool:
        """Whether it still runs, counts against the limit and costs money."""
        return self.state is not StreamState.ENDED


@dataclass(eq=False, slots=True)
class Stream:
    """A stream as the server has it."""

    id: str
    number: int
    order: Order
    wallet: Wallet
    created_at: float
    opened_by: str
    charged_until: int
    """Microseconds of the clock up to which its time is paid."""
    lease_expires_at: float = 0.0
    inference: Inference = field(init=False)
    state: StreamState = StreamState.PENDING
    ended_reason: EndReason | None = None
    ended_at: float | None = None
    forgotten: bool = False
    """Lost with a server: requests for it are answered as if it had never been."""
    unpaid: bool = False
    """The last keepalive was refused for lack of credits."""
    awaits_recovery: bool = False
    """A deploy stopped its inference; the next keepalive resumes it."""
    frames_on: bool = False
    cost: Decimal = Decimal(0)
    tokens_issued: int = 0
    spectators: int = 0
    """Tokens for spectators that were issued."""
    token: Token | None = None
    claims: dict[str, Any] | None = None
    renewals: int = 0
    """Keepalives that renewed the lease."""
    lease_timer: Timer | None = None
    lease_timer_at: float = 0.0
    frames_timer: Timer | None = None
    results_made: int = 0
    results_failed: int = 0
    """Of those that were sent."""
    last_inference_ms: float | None = None
    """How long the inference took that somebody heard last."""
    held: tuple[Made, str] | None = None
    """A result that is late, and its prompt without secrets."""
    overtaken: tuple[tuple[dict[str, Any], int, str], ...] = ()
    """A result that is to come after the next: message, copies, prompt without secrets."""
    sockets: list[Socket] = field(default_factory=list)
    """Authenticated result sockets, oldest first."""
    prompts: deque[tuple[float, str, str]] = field(default_factory=deque)
    """(since when, prompt, prompt without secrets), newest last; never empty."""
    updated_at: float = 0.0
    created_wall: float = 0.0
    """Unix seconds, as the server's own wall clock had it."""

    @property
    def is_open(self) -> bool:
        """Whether it still runs."""
        return self.state is not StreamState.ENDED

    def happen(self, event: StreamEvent, journal: Journal, reason: str | None = None) -> bool:
        """Make the transition that `event` asks for, if there is one; whether there was."""
        after = TRANSITIONS.get((self.state, event))
        if after is None:
            return False
        journal.add(StateChanged("stream", self.id, self.state.value, after.value, reason or event.value))
        self.state = after
        return True

    def prompt_at(self, when: float) -> tuple[str, str]:
        """The prompt that was active then, as it is and without secrets. Older ones are forgotten."""
        prompts = self.prompts
        while len(prompts) > 1 and prompts[1][0] <= when:
            prompts.popleft()
        return prompts[0][1], prompts[0][2]

    def view(self) -> StreamView:
        """What it is now."""
        return StreamView(
            self.id,
            self.number,
            self.state,
            self.ended_reason,
            self.wallet.label,
            self.order.source_type,
            self.created_at,
            self.ended_at,
            self.lease_expires_at,
            float(self.cost),
            self.prompts[-1][1],
            self.opened_by,
            self.order.mode,
            self.order.inference.model,
            self.charged_until / 1_000_000,
            self.inference.completed(),
            len(self.sockets),
        )
