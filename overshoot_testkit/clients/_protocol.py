"""What a client under test looks like to the harness.

An adapter for a Python SDK implements `Client` and is named on the command line as
`package.module:factory`; `factory()` gives a fresh client for each case.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, get_args, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    OnResult = Callable[[Mapping[str, Any]], object]
    OnError = Callable[["ErrorReport"], object]

Transport = Literal["native", "webrtc", "livekit"]
ClientClock = Literal["loop", "driver", "real"]
ErrorKind = Literal[
    "authentication", "credits", "limit", "validation", "not_found", "server", "network", "socket", "unknown"
]

TRANSPORTS: frozenset[str] = frozenset(get_args(Transport))
ERROR_KINDS: frozenset[str] = frozenset(get_args(ErrorKind))
"""The kinds of rule ERR-01, and `unknown` for a report from which the kind cannot be told."""

CAPABILITIES: dict[str, str] = {
    "native": "native transport: the server makes a LiveKit room",
    "webrtc": "legacy WebRTC transport: an SDP offer in the request",
    "livekit": "user-managed LiveKit: the user's room and token in the request",
    "update_prompt": "change the prompt of a running stream",
    "restart": "start again after stop on the same object",
    "error_status": "error reports carry the HTTP status",
    "media_stream": "the local media stream can be asked for",
    "end_media": "the harness can end the media source",
    "context_manager": "the client is an asynchronous context manager",
}
"""The closed list of capabilities. A rule that needs a missing one is "not applicable"."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where the client connects. `base_url` ends in `/v0.2`, without a slash."""

    base_url: str
    api_key: str = field(repr=False)
    livekit_url: str | None = None
    """Only for transport `livekit`: the user's own room server."""
    livekit_token: str | None = field(default=None, repr=False)


@runtime_checkable
class Media(Protocol):
    """A video source that an adapter may publish. The harness ends it or breaks it."""

    def frames(self) -> AsyncIterator[bytes]: ...

    def end(self) -> None: ...

    def fail(self, error: Exception | None = None) -> None: ...


@dataclass(frozen=True, slots=True)
class Options:
    """What the user asks of the stream. Durations in seconds."""

    transport: Transport = "native"
    mode: Literal["frame", "clip"] = "frame"
    interval_seconds: float | None = 2.0
    """Frame mode: one inference each interval."""
    clip_length_seconds: float | None = None
    delay_seconds: float | None = None
    target_fps: int | None = None
    prompt: str = "Describe what you see"
    model: str = "Qwen/Qwen3.5-9B"
    output_schema: dict[str, Any] | None = None
    max_output_tokens: int | None = None
    media: Media | None = field(default=None, compare=False, repr=False)

    def as_wire(self) -> dict[str, Any]:
        """As JSON, for a driver: everything but the media source, without what is not set."""
        names = (
            "transport",
            "mode",
            "interval_seconds",
            "clip_length_seconds",
            "delay_seconds",
            "target_fps",
            "prompt",
            "model",
            "output_schema",
            "max_output_tokens",
        )
        values = ((name, getattr(self, name)) for name in names)
        return {name: value for name, value in values if value is not None}


@dataclass(frozen=True, slots=True)
class ErrorReport:
    """What the SDK told its user of a failure, in the field's terms; mapped honestly, without guessing."""

    kind: ErrorKind
    message: str
    status: int | None = None
    """HTTP status, where the SDK's error carries one."""
    close_code: int | None = None
    reason: str | None = None
    """Reason of the WebSocket's close frame, where the SDK's error carries it."""

    def __post_init__(self) -> None:
        if self.kind not in ERROR_KINDS:
            raise ValueError(f"ErrorReport.kind: {self.kind!r} is none of {', '.join(sorted(ERROR_KINDS))}")


class ClientError(Exception):
    """Raise this from `start` or `update_prompt` to report a failure with its kind.

    An SDK's own exception may be raised instead if it carries an `ErrorReport` as attribute `report`; any
    other exception counts as kind `unknown`.
    """

    def __init__(self, report: ErrorReport) -> None:
        super().__init__(report.message)
        self.report = report


class Client(Protocol):
    """The client under test. One object lives for one case of one rule."""

    name: str
    version: str
    clock: ClientClock
    """Whose time the client runs on: `loop` (asyncio, in process), `driver` or `real`."""
    capabilities: frozenset[str]

    async def start(self, target: Target, options: Options, on_result: OnResult, on_error: OnError) -> None:
        """Return when results can flow, or raise."""
        ...

    async def update_prompt(self, prompt: str) -> None: ...

    async def stop(self) -> None: ...

    def is_active(self) -> bool: ...

    def stream_id(self) -> str | None: ...

    async def aclose(self) -> None:
        """Release the adapter itself, after the verdict."""
        ...


def report_of(error: BaseException) -> ErrorReport:
    """The report that an exception from `start` or `update_prompt` stands for."""
    report = getattr(error, "report", None)
    if isinstance(report, ErrorReport):
        return report
    return ErrorReport("unknown", f"{type(error).__name__}: {error}")
