"""Everything about the fake that can be set, each with the source of its default.

"Starting & Stopping Streams" and "Transport & Connectivity" are pages of the vendor's documentation,
`contract` is its published OpenAPI of v0.2, `docs` its other v0.2 material, `seen` behaviour observed on the
real service.
*assumed*: no source says; the value is ours.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping  # noqa: TC003 - whoever reads a profile resolves the annotations
from dataclasses import dataclass, field
from typing import Any, Literal, get_args, get_origin, get_type_hints

from overshoot_testkit.fakes.overshoot._result_settings import ResultSettings
from overshoot_testkit.faults import Seconds  # noqa: TC001 - whoever reads a profile resolves the annotations

EndReason = Literal[
    "client_requested", "lease_expired", "insufficient_credits", "webrtc_disconnected", "livekit_disconnected"
]
"""Why a stream ended. Source: docs › result WebSocket, close reasons."""

ModelStatus = Literal["ready", "degraded", "saturated", "unavailable"]
"""Source: contract › GET /models. The first two are ready; the others reject new streams."""


@dataclass(frozen=True, slots=True)
class Account:
    """What an API key has."""

    credits_cents: float = 1_000_000.0
    """Cents. *assumed*: enough for any test that is not about credits."""
    concurrency_limit: int | None = None
    """Streams at a time; None is `Settings.concurrency_limit`."""

    def __post_init__(self) -> None:
        if self.credits_cents < 0:
            raise ValueError(f"Account.credits_cents: {self.credits_cents} must be 0 or more")
        if self.concurrency_limit is not None and self.concurrency_limit < 0:
            raise ValueError(f"Account.concurrency_limit: {self.concurrency_limit} must be 0 or more")


@dataclass(frozen=True, slots=True)
class ResultRequest:
    """What a content generator is asked for: the result of one inference."""

    stream_id: str
    stream_number: int
    """The fake's streams count from 1."""
    index: int
    """The stream's inferences count from 0."""
    mode: Literal["clip", "frame"]
    model: str
    prompt: str
    """The prompt that was active when the inference began."""
    output_schema: Mapping[str, Any] | None


DEFAULT_KEY = "ovs_test_key"
"""Keys look like `ovs_…`. Source: docs."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The behaviour of one fake. Times are seconds of the fake's clock, money is cents."""

    # --- accounts

    accounts: Mapping[str, Account] = field(default_factory=lambda: {DEFAULT_KEY: Account()})
    """By API key. The journal calls them "key 1", "key 2", … in this order."""
    concurrency_limit: int = 5
    """Streams per API key; one more is answered 429.

    Source: Starting & Stopping Streams › Concurrent Stream Limits."""
    price_cents_per_second: float = 0.05
    """*assumed*: the price is unpublished. That it is per second: Starting & Stopping Streams › Billing."""
    out_of_credits: Literal["expire", "end"] = "expire"
    """What a keepalive answered 402 leads to. "expire": the lease is not renewed and the stream ends, with
    reason insufficient_credits, when it lapses (contract › keepalive: "the stream will expire"). "end": it
    ends at once (Starting & Stopping Streams › Billing: "will fail with a 402 error and the stream will
    stop")."""

    revoked_streams: Literal["run_on", "end"] = "run_on"
    """What becomes of the streams of a key that is revoked. "run_on": nothing, until they lapse, since
    their keepalives are answered 401. "end": they end at once, and as none of the documented reasons says
    so, as if the client had asked. *assumed*: no source says."""
    revoked_sockets: Literal["stay", "close"] = "stay"
    """What becomes of open result sockets of such a key. "close": with 1008, as if it were shown now
    (docs › result WebSocket, Auth). *assumed*: no source says."""

    # --- lease

    lease_ttl: int = 45
    """Seconds. Source: Starting & Stopping Streams › Keepalive. 30 and 90 were seen on other deployments."""
    keepalive_ttl: int | None = None
    """Seconds that a keepalive grants, where that differs from `lease_ttl`; None is the same."""
    keepalive_ttls: tuple[int, ...] = ()
    """Seconds that the first, second, … keepalive of a stream grants; the last of them stays. For servers
    whose TTL changes while a stream runs; where it is given, `keepalive_ttl` does not count. *assumed* empty:
    a client must take the TTL from each keepalive (contract › KeepaliveResponse)."""
    late_delete: Literal["204", "404"] = "204"
    """Answer to DELETE for a stream that has ended. Source: contract (204); 404 stream_not_found was seen."""
    keepalive_credits: bool = True
    """Whether keepalives carry `credits_remaining_cents`, `cost_cents` and `seconds_charged`. Source:
    contract (required); older servers were seen without."""

    # --- transport

    livekit_url: str = "wss://livekit.overshoot.test"
    """Where native clients are sent. *assumed*: `.test` never resolves (RFC 6761), so nothing leaves the
    machine; the real one is wss://livekit.overshoot.ai (Transport & Connectivity)."""
    livekit_api_key: str = "APIovershootfake"
    """Issuer of the tokens. *assumed*"""
    livekit_api_secret: str = "the-fake-signs-its-tokens-with-this-secret"  # noqa: S105 - guards nothing
    """HMAC key of the tokens, at least 32 bytes. *assumed*"""
    token_ttl: int = 300
    """Seconds. Source: Transport & Connectivity › Token Lifecycle (5 minutes)."""
    spectator_token_ttl: int = 300
    """Seconds. Source: docs › Spectate (5 minutes)."""
    turn_servers: tuple[Mapping[str, str], ...] = ()
    """For webrtc streams. *assumed* empty: the real ones would lead outside."""

    # --- frames and inference

    frames: Literal["arrive", "none"] = "arrive"
    """Whether video reaches the server by itself; "none" leaves it to `OvershootFake.frames`."""
    frames_after: float = 0.0
    """Seconds from creation until frames arrive. *assumed*"""
    idle_after: float = 5.0
    """Seconds without frames until an active stream is idle. *assumed*"""
    first_result_latency: Seconds = 1.1
    """Seconds from the first frame to the first result: always, or drawn for each stream. Source: seen."""
    inference_latency_ms: Seconds = 350.0
    """Milliseconds: always, or drawn each time (`Uniform(200, 900)` is in milliseconds here). A prompt counts
    for a result if it was active that long before. A result comes as much later or earlier as its inference
    takes, in order, and says so. *assumed*"""
    total_latency_ms: Seconds = 520.0
    """Milliseconds from the frame to the result, in the same way. *assumed*"""
    fastest_interval: float = 0.05
    """Seconds between results at least, whatever was asked. *assumed*: the contract's intervals have no
    lower bound, a server does."""
    frame_fps: float = 30.0
    frame_width: int = 1920
    frame_height: int = 1080
    """Perceived video, as /info tells it once frames arrive. *assumed*"""
    generate: Callable[[ResultRequest], str] | None = None
    """Makes the `result` text of each inference; None is the built-in, which obeys the output schema."""

    results: ResultSettings = field(default_factory=ResultSettings)
    """What may be odd about results: failures, cuts, bursts, duplicates and so on."""

    # --- models

    models: Mapping[str, ModelStatus] = field(
        default_factory=lambda: {
            "Qwen/Qwen3.5-9B": "ready",
            "Qwen/Qwen3.5-4B": "degraded",
            "Qwen/Qwen3.5-27B": "saturated",
            "Qwen/Qwen3.5-35B-A3B": "unavailable",
        }
    )
    """The first is the one the vendor's examples use; the others are *assumed*, one of each status."""
    unknown_models: Literal["accept", "reject"] = "accept"
    """*assumed*: no source says; the contract bounds the name by its length only."""
    rejected_model_status: int = 422
    """For a stream on a saturated or unavailable model. *assumed*: unpublished (docs › GET /models)."""

    lost_model: Literal["run_on", "fail"] = "run_on"
    """What becomes of streams on a model that turns unavailable. "fail": their results are `ok: false`
    until it is back. *assumed*: no source says."""

    # --- result socket

    socket_auth_timeout: float = 10.0
    """Seconds to wait for the first message, then 1008. *assumed*: unpublished (docs › Auth)."""
    unknown_stream_code: int = 1008
    """Close code for a stream that does not exist or is another key's. *assumed*"""

    # --- the server

    clip_stored_after: float = 1.5
    """Seconds from a result in clip mode until its clip can be asked about. Source: docs › POST
    /chat/completions/clip (about 1 to 2 s)."""
    cors_origins: Literal["any"] | tuple[str, ...] = "any"
    """Web pages that may read answers: those of any origin, or of these, such as
    `("https://app.example.com",)`. Source: docs › CORS, for what the answers carry; who may is *assumed*."""
    gzip_over: int | None = 1024
    """Bytes; a longer body is compressed for clients that take gzip, None for never. *assumed*"""
    body_limit: int = 1024 * 1024
    """Bytes of a request body; more is answered 413. *assumed*"""
    seed: int = 0
    """Of all that looks random: ids, contents."""

    def __post_init__(self) -> None:
        _check_numbers(self)
        _check_words(self)
        _check_origins(self.cors_origins)
        if len(self.livekit_api_secret.encode()) < 32:
            raise ValueError("Settings.livekit_api_secret: HS256 needs at least 32 bytes (RFC 7518, 3.2)")
        for name, status in self.models.items():
            if status not in get_args(ModelStatus):
                raise ValueError(
                    f"Settings.models: {name!r} cannot be {status!r}; a model is one of "
                    + ", ".join(get_args(ModelStatus))
                )
        if not self.accounts:
            raise ValueError("Settings.accounts: at least one API key is needed")


_POSITIVE = (
    "lease_ttl",
    "keepalive_ttl",
    "token_ttl",
    "spectator_token_ttl",
    "concurrency_limit",
    "body_limit",
    "fastest_interval",
)
_NOT_NEGATIVE = (
    "price_cents_per_second",
    "frames_after",
    "idle_after",
    "first_result_latency",
    "inference_latency_ms",
    "total_latency_ms",
    "socket_auth_timeout",
    "frame_fps",
    "frame_width",
    "frame_height",
    "clip_stored_after",
    "gzip_over",
)


def _check_numbers(settings: Settings) -> None:
    for names, least in ((_POSITIVE, "greater than 0"), (_NOT_NEGATIVE, "0 or more")):
        for name in names:
            value = getattr(settings, name)
            if isinstance(value, int | float) and (value < 0 or (value == 0 and names is _POSITIVE)):
                raise ValueError(f"Settings.{name}: {value} must be {least}")
    if any(ttl <= 0 for ttl in settings.keepalive_ttls):
        raise ValueError(f"Settings.keepalive_ttls: each of {settings.keepalive_ttls} must be greater than 0")
    if not 400 <= settings.rejected_model_status <= 599:
        raise ValueError(
            f"Settings.rejected_model_status: {settings.rejected_model_status} is no refusal; "
            "give an HTTP status from 400 to 599"
        )
    code = settings.unknown_stream_code
    if code not in range(1000, 5000) or code in {1004, 1005, 1006, 1015}:
        raise ValueError(
            f"Settings.unknown_stream_code: {code} cannot be sent; give a close code of RFC 6455, 7.4"
        )


@functools.cache
def _words() -> dict[str, tuple[Any, ...]]:
    hints = get_type_hints(Settings)
    return {name: get_args(hint) for name, hint in hints.items() if get_origin(hint) is Literal}


def _check_words(settings: Settings) -> None:
    for name, words in _words().items():
        if getattr(settings, name) not in words:
            known = ", ".join(repr(word) for word in words)
            raise ValueError(f"Settings.{name}: {getattr(settings, name)!r} is none of {known}")


def _check_origins(origins: object) -> None:
    if origins == "any":
        return
    if not isinstance(origins, tuple):
        raise ValueError(f'Settings.cors_origins: {origins!r} is neither "any" nor a tuple of origins')  # noqa: TRY004
    for origin in origins:
        if not (isinstance(origin, str) and re.fullmatch(r"[a-z][a-z0-9+.-]*://[^/?#@]+", origin)):
            raise ValueError(
                f"Settings.cors_origins: {origin!r} is no origin; write scheme, host and port as a browser "
                "sends them, such as 'https://app.example.com', with nothing behind"
            )
