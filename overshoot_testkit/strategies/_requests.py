"""Orders of streams: valid ones of every kind, and invalid ones with the member that is wrong."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from hypothesis import strategies as st

from overshoot_testkit.fakes.overshoot._rules import TOKENS_PER_SECOND

if TYPE_CHECKING:
    from collections.abc import Sequence

Body = dict[str, Any]
Mode = Literal["frame", "clip"]
Source = Literal["native", "webrtc", "livekit"]

MODELS = ("Qwen/Qwen3.5-9B", "Qwen/Qwen3.5-4B")
"""Those that the fake has ready unless its settings say otherwise."""
_SDP = "v=0\r\nm=video 5004 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\n"
_SCHEMAS = (
    {"type": "object", "properties": {"open": {"type": "boolean"}}, "required": ["open"]},
    {"type": "object", "properties": {"people": {"type": "integer", "minimum": 0}}},
    {"type": "array", "items": {"type": "string"}, "maxItems": 3},
)


def prompts() -> st.SearchStrategy[str]:
    """What users ask: questions, and any text that UTF-8 can carry; never empty."""
    usual = st.sampled_from(["Describe what you see", "Is the door open?", "Wie viele Personen? 👀"])
    return usual | st.text(st.characters(codec="utf-8"), min_size=1, max_size=200)


@st.composite
def create_requests(
    draw: st.DrawFn,
    *,
    modes: Sequence[Mode] = ("frame", "clip"),
    sources: Sequence[Source] = ("native", "webrtc", "livekit"),
    models: Sequence[str] = MODELS,
) -> Body:
    """Bodies of POST /streams that the contract allows, as JSON.

    All modes, sources and forms, the legacy ones too, and `max_output_tokens` within the token rate (docs ›
    Token rate). The fake answers each with 201.
    """
    mode = draw(st.sampled_from(modes))
    processing = draw(_clips() if mode == "clip" else _frames())
    interval = processing["delay_seconds" if mode == "clip" else "interval_seconds"]
    body: Body = {
        **draw(_sources(sources)),
        "processing": processing,
        "inference": draw(_inferences(models, int(TOKENS_PER_SECOND * interval))),
    }
    if draw(st.booleans()):
        body["mode"] = mode
    if draw(st.booleans()):
        body["client"] = {"request_id": draw(st.uuids().map(str))}
    return body


def _tenths(low: int, high: int) -> st.SearchStrategy[float]:
    # Tenths of a second: what fails with one of them shrinks to a number that people read.
    return st.integers(low, high).map(lambda tenths: tenths / 10)


def _frames() -> st.SearchStrategy[Body]:
    return st.fixed_dictionaries({"interval_seconds": _tenths(1, 600)})


def _clips() -> st.SearchStrategy[Body]:
    common = {"clip_length_seconds": _tenths(1, 600), "delay_seconds": _tenths(1, 600)}
    ratio = st.integers(1, 10).map(lambda tenths: tenths / 10)
    return st.fixed_dictionaries({**common, "target_fps": st.integers(1, 30)}) | st.fixed_dictionaries(
        {**common, "fps": st.integers(1, 120), "sampling_ratio": ratio}
    )


def _sources(allowed: Sequence[Source]) -> st.SearchStrategy[Body]:
    forms: dict[Source, list[Body]] = {
        "native": [{}, {"source": {"type": "native"}}, {"source": None}],
        "webrtc": [
            {"source": {"type": "webrtc", "sdp": _SDP}},
            {"webrtc": {"type": "offer", "sdp": _SDP}},
        ],
        "livekit": [{"source": {"type": "livekit", "url": "wss://mine.test", "token": "a-token-of-mine"}}],
    }
    return st.sampled_from([form for each in allowed for form in forms[each]]).map(copy.deepcopy)


def _inferences(models: Sequence[str], most_tokens: int) -> st.SearchStrategy[Body]:
    return st.fixed_dictionaries(
        {"prompt": prompts(), "model": st.sampled_from(models)},
        optional={
            "backend": st.sampled_from(["overshoot", "gemini"]),
            "output_schema_json": st.none() | st.sampled_from(_SCHEMAS).map(copy.deepcopy),
            "max_output_tokens": st.none() | st.integers(1, max(1, most_tokens)),
        },
    )


class Invalid(NamedTuple):
    """A body that is answered 422, and what is wrong with it."""

    body: Body
    member: str
    """Such as `processing.interval_seconds`: named in the answer's `details`."""


MISSING: Any = object()
_NO_TEXT = (MISSING, "", 7, None)
_WRONG: dict[str, tuple[Any, ...]] = {
    "processing": (MISSING, None, "every 2 s", {}),
    "inference": (MISSING, None, []),
    "inference.prompt": _NO_TEXT,
    "inference.model": _NO_TEXT,
    "inference.backend": ("openai", 1),
    "inference.output_schema_json": ("{}", [1]),
    "inference.max_output_tokens": (0, -1, 1.5, "10", 10**9),
    "mode": ("video", 1),
    "source": ("webrtc", {"type": "rtsp"}, {}),
    "client": ("me",),
}
_WRONG_IN_FRAMES: dict[str, tuple[Any, ...]] = {
    "processing.interval_seconds": (MISSING, 0, -1, 60.1, "2", None, True),
    "mode": ("clip",),
}
_WRONG_IN_CLIPS: dict[str, tuple[Any, ...]] = {
    "processing.clip_length_seconds": (MISSING, 0.05, 60.5, "1", None),
    "processing.delay_seconds": (MISSING, 0, -1, "1", None),
    "processing.target_fps": (0, 31, 2.5, "6"),
    "processing.sampling_ratio": (0.05, 1.5, "1"),
    "processing.fps": (0, -5, 2.5),
    "mode": ("frame",),
}


@st.composite
def invalid_create_requests(draw: st.DrawFn) -> Invalid:
    """Bodies of POST /streams with one thing wrong, each with the member that it is."""
    body = draw(create_requests())
    clip = "clip_length_seconds" in body["processing"]
    wrong = [
        (member, value)
        for table in (_WRONG, _WRONG_IN_CLIPS if clip else _WRONG_IN_FRAMES)
        for member, values in table.items()
        for value in values
    ]
    member, value = draw(st.sampled_from(wrong))
    if member == "source":
        body.pop("webrtc", None)
    if member == "inference.max_output_tokens" or value is None:
        body["inference"].pop("output_schema_json", None)
    *path, name = member.split(".")
    holder = body
    for each in path:
        holder = holder[each]
    if value is MISSING:
        holder.pop(name, None)
    else:
        holder[name] = copy.deepcopy(value)
    return Invalid(body, member)
