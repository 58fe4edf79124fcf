"""The vendor's published schemas of v0.2 as pydantic models.

Equal to the contract, schema by schema; a test compares them. Validation is strict, as JSON Schema is:
`"2"` is no number. What the contract says in words only is in `_rules`.
"""

# ruff: noqa: D101 - what each class is, the contract says under the same name
from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _whole(value: object) -> object:
    # To JSON Schema 5.0 is an integer; to Python it is not.
    return int(value) if isinstance(value, float) and value.is_integer() else value


_WHOLE = BeforeValidator(_whole)
Integer = Annotated[int, _WHOLE]
Text = Annotated[str, Field(min_length=1)]
Mode = Literal["clip", "frame"]
Backend = Literal["gemini", "overshoot"]
LiveState = Literal["pending", "active", "idle"]


class _Open(BaseModel):
    """Members that the contract does not name are let through."""

    model_config = ConfigDict(strict=True, allow_inf_nan=False)


class _Closed(_Open):
    """Members that the contract does not name are refused."""

    model_config = ConfigDict(strict=True, allow_inf_nan=False, extra="forbid")


class WebRTCSourceConfig(_Closed):
    type: Literal["webrtc"]
    sdp: Text


class LiveKitSourceConfig(_Closed):
    type: Literal["livekit"]
    url: Text
    token: Text


class NativeSourceConfig(_Closed):
    type: Literal["native"]


class WebRtcOffer(_Closed):
    type: Literal["offer"]
    sdp: Text


class WebRtcAnswer(_Closed):
    type: Literal["answer"]
    sdp: Text


class ClipProcessingConfig(_Closed):
    target_fps: Annotated[int, Field(gt=0, le=30), _WHOLE] | None = None
    sampling_ratio: Annotated[float, Field(ge=0.1, le=1.0)] | None = None
    fps: Annotated[int, Field(gt=0), _WHOLE] | None = None
    clip_length_seconds: Annotated[float, Field(ge=0.1, le=60.0)]
    delay_seconds: Annotated[float, Field(gt=0.0)]


class FrameProcessingConfig(_Closed):
    interval_seconds: Annotated[float, Field(gt=0.0, le=60.0)]


class StreamInferenceConfig(_Closed):
    prompt: Text
    model: Text
    backend: Backend = "overshoot"
    output_schema_json: dict[str, Any] | None = None
    max_output_tokens: Annotated[int, Field(gt=0), _WHOLE] | None = None


class StreamClientMeta(_Open):
    request_id: str | None = None


Source = Annotated[WebRTCSourceConfig | LiveKitSourceConfig | NativeSourceConfig, Field(discriminator="type")]


class StreamCreateRequest(_Open):
    source: Source | None = None
    webrtc: WebRtcOffer | None = None
    mode: Mode | None = None
    processing: ClipProcessingConfig | FrameProcessingConfig
    inference: StreamInferenceConfig
    client: StreamClientMeta | None = None


class StreamCreateResponse(_Open):
    stream_id: str
    webrtc: WebRtcAnswer | None = None
    lease: dict[str, Any] | None = None
    turn_servers: list[dict[str, str]] | None = None
    livekit: dict[str, str] | None = None


class KeepaliveResponse(_Open):
    status: Literal["ok"]
    stream_id: str
    ttl_seconds: Integer
    credits_remaining_cents: Integer
    cost_cents: float
    seconds_charged: float
    livekit_token: str | None = None
    state: LiveState


class StatusResponse(_Open):
    status: Literal["ok"]


class StreamInfoResponse(_Open):
    stream_id: str
    source_type: str
    state: LiveState
    uptime_seconds: float
    fps: float
    frame_width: Integer
    frame_height: Integer
    effective_width: Integer
    effective_height: Integer
    inferences_completed: Integer
    inferences_failed: Integer
    last_inference_latency_seconds: float


class PromptUpdateRequest(_Closed):
    prompt: Text


class StreamConfigResponse(_Open):
    id: str
    stream_id: str
    prompt: str
    backend: Backend
    model: str
    output_schema_json: dict[str, Any] | None
    created_at: str | None
    updated_at: str | None


class SpectateResponse(_Open):
    livekit: dict[str, str]


class FeedbackCreateRequest(_Closed):
    rating: Annotated[int, Field(ge=0, le=10), _WHOLE]
    category: Text
    feedback: str = ""


class FeedbackResponse(_Open):
    id: str
    stream_id: str
    rating: Integer
    category: str
    feedback: str
    created_at: str | None
    updated_at: str | None


class ErrorResponse(_Open):
    error: str
    request_id: str | None = None
    details: Any | None = None


SCHEMAS: dict[str, type[BaseModel]] = {
    model.__name__: model
    for model in (
        ClipProcessingConfig, ErrorResponse, FeedbackCreateRequest, FeedbackResponse, FrameProcessingConfig,
        KeepaliveResponse, LiveKitSourceConfig, NativeSourceConfig, PromptUpdateRequest, SpectateResponse,
        StatusResponse, StreamClientMeta, StreamConfigResponse, StreamCreateRequest, StreamCreateResponse,
        StreamInferenceConfig, StreamInfoResponse, WebRTCSourceConfig, WebRtcAnswer, WebRtcOffer,
    )
}  # fmt: skip
"""All of the contract's schemas by name."""
