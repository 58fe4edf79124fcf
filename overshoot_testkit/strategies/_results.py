"""Results as they come over the result WebSocket, and scripts for the fake to send them by."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from overshoot_testkit.strategies._requests import MODELS, prompts

if TYPE_CHECKING:
    from collections.abc import Mapping

Message = dict[str, Any]

_TEXTS = st.sampled_from(["A cat crosses the desk.", "Nobody is there.", ""]) | st.text(
    st.characters(codec="utf-8"), max_size=200
)
_JSON_TEXTS = st.dictionaries(st.sampled_from(["open", "people"]), st.booleans() | st.integers(0, 9)).map(
    json.dumps
)
_MILLISECONDS = st.integers(1, 60_000).map(float)
_ERRORS = st.sampled_from(["inference timed out", "model is overloaded", "output is not valid JSON"])


@st.composite
def results(draw: st.DrawFn, *, odd: bool = False) -> Message:
    """Messages of the result WebSocket. Source: docs › result WebSocket, Result.

    Good ones, of both modes; failed ones (`ok: false`, an error, no text); cut short (`length`) and withheld
    (`content_filter`). With `odd` also what a newer or older server may send: unknown members, and no
    latencies.
    """
    inference = draw(_MILLISECONDS)
    message: Message = {
        "id": draw(st.uuids().map(str)),
        "stream_id": draw(st.uuids().map(str)),
        "mode": draw(st.sampled_from(["frame", "clip"])),
        "model_backend": draw(st.sampled_from(["overshoot", "gemini"])),
        "model_name": draw(st.sampled_from(MODELS)),
        "prompt": draw(prompts()),
        "inference_latency_ms": inference,
        "total_latency_ms": inference + draw(_MILLISECONDS),
        **draw(_endings()),
    }
    if odd:
        for name in draw(st.sets(st.sampled_from(["inference_latency_ms", "total_latency_ms"]))):
            del message[name]
        message |= draw(st.dictionaries(st.sampled_from(["trace_id", "usage", "x"]), st.integers(0, 9)))
    return message


def _endings() -> st.SearchStrategy[Message]:
    """How an inference went: the members that go together."""
    good = st.fixed_dictionaries(
        {
            "result": _TEXTS | _JSON_TEXTS,
            "ok": st.just(True),
            "error": st.none(),
            "finish_reason": st.sampled_from(["stop", "length", "content_filter"]),
        }
    )
    failed = st.fixed_dictionaries(
        {"result": st.just(""), "ok": st.just(False), "error": _ERRORS, "finish_reason": st.none()}
    )
    return good | failed


def scripts(*, max_size: int = 10) -> st.SearchStrategy[list[str | Mapping[str, Any] | None]]:
    """Lines for `fake.results.script`: texts, members that replace the usual ones, None for no result."""
    line: st.SearchStrategy[str | Mapping[str, Any] | None] = st.none() | _TEXTS | _endings()
    return st.lists(line, max_size=max_size)
