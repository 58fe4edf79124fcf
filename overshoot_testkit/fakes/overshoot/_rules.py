"""What a request for a stream must obey, beyond the shape that the contract's schemas give it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from pydantic import BaseModel, ValidationError

from overshoot_testkit.fakes.base import Refusal
from overshoot_testkit.fakes.overshoot.contract import (
    ClipProcessingConfig,
    Mode,
    StreamCreateRequest,
    WebRTCSourceConfig,
)

if TYPE_CHECKING:
    from overshoot_testkit.fakes.overshoot.contract import StreamInferenceConfig
    from overshoot_testkit.fakes.overshoot.settings import Settings

TOKENS_PER_SECOND = 128
"""Source: contract › max_output_tokens."""
_LARGEST_COUNT = 2**53 - 1
SourceType = Literal["native", "webrtc", "livekit"]
M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Order:
    """A valid request for a stream."""

    source_type: SourceType
    sdp: str | None
    mode: Mode
    interval: float
    """Seconds between results that were asked for."""
    target_fps: int | None
    max_output_tokens: int
    inference: StreamInferenceConfig


def parse(model: type[M], body: Any) -> M:
    """`body` as the contract's schema. Raises Refusal 422 with what is wrong, and where, in `details`."""
    try:
        return model.model_validate(body)
    except ValidationError as error:
        details = [
            {"loc": ["body", *each["loc"]], "msg": each["msg"], "type": each["type"]}
            for each in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        first = details[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Refusal(422, f"{where}: {first['msg']}", details=details) from None


def order(body: Any, settings: Settings) -> Order:
    """What was ordered. Raises Refusal."""
    request = parse(StreamCreateRequest, body)
    source_type, sdp = _source(request)
    mode, interval, target_fps = _processing(request)
    tokens = _tokens(request.inference.max_output_tokens, mode, interval)
    accepted_model(request.inference.model, settings)
    return Order(source_type, sdp, mode, interval, target_fps, tokens, request.inference)


def _source(request: StreamCreateRequest) -> tuple[SourceType, str | None]:
    if request.webrtc is not None:
        if request.source is not None:
            raise invalid(
                "webrtc", "is the legacy form of source {type: webrtc}: give one of them"
            )  # *assumed*
        return "webrtc", request.webrtc.sdp
    if request.source is None:
        return "native", None
    return request.source.type, request.source.sdp if isinstance(request.source, WebRTCSourceConfig) else None


def _processing(request: StreamCreateRequest) -> tuple[Mode, float, int | None]:
    processing = request.processing
    mode: Mode = "clip" if isinstance(processing, ClipProcessingConfig) else "frame"
    if request.mode is not None and request.mode != mode:  # *assumed*
        raise invalid("mode", f"is {request.mode!r}, but processing is that of mode {mode!r}")
    if isinstance(processing, ClipProcessingConfig):
        return mode, processing.delay_seconds, _target_fps(processing)
    return mode, processing.interval_seconds, None


def _target_fps(clip: ClipProcessingConfig) -> int:
    """Source: docs › Clip: target_fps alone, or int(fps × sampling_ratio), not both."""
    legacy = (clip.fps, clip.sampling_ratio)
    if clip.target_fps is not None:
        if legacy != (None, None):
            raise invalid("processing", "give target_fps, or fps and sampling_ratio, not both")
        return clip.target_fps
    if clip.fps is None or clip.sampling_ratio is None:
        raise invalid("processing", "give target_fps, or both fps and sampling_ratio")
    # *assumed*: what comes out is brought into target_fps' own bounds rather than refused.
    return int(min(max(min(clip.fps, _LARGEST_COUNT) * clip.sampling_ratio, 1), 30))


def _tokens(asked: int | None, mode: Mode, interval: float) -> int:
    """Source: docs › Token rate. *assumed*: at least one token where the limit comes to less."""
    largest = int(min(TOKENS_PER_SECOND * interval, _LARGEST_COUNT))
    if asked is None:
        return max(largest, 1)
    if asked > TOKENS_PER_SECOND * interval:
        name = "delay_seconds" if mode == "clip" else "interval_seconds"
        rate = min(asked, _LARGEST_COUNT) / max(interval, 1e-9)
        raise invalid(
            "inference.max_output_tokens",
            f"an effective rate of {rate:.1f} tokens/s exceeds {TOKENS_PER_SECOND} tokens/s "
            f"(max_output_tokens / {name} = {min(asked, _LARGEST_COUNT)} / {interval:g}); "
            f"the largest allowed value is {largest}",
        )
    return asked


def accepted_model(name: str, settings: Settings) -> None:
    """Raises Refusal for a model that takes no more work, or is not known."""
    status = settings.models.get(name)
    if status in {"ready", "degraded"} or (status is None and settings.unknown_models == "accept"):
        return
    why = "is not known" if status is None else f"is {status}"
    raise Refusal(
        settings.rejected_model_status,
        f"Model {name} {why}.",
        details={"model": name, "status": status},
    )


def invalid(where: str, why: str) -> Refusal:
    """422 for one member of the body, in the form that a schema's own complaints have."""
    details = [{"loc": ["body", *where.split(".")], "msg": why, "type": "value_error"}]
    return Refusal(422, f"{where}: {why}", details=details)
