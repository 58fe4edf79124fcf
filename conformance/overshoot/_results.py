"""Odd but legal results, and whether they came through. Source: contract; spec of the result WebSocket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from overshoot_testkit.conformance.overshoot._reading import called_at
from overshoot_testkit.fakes.overshoot import ABSENT
from overshoot_testkit.journal import ResultDelivered, SocketMessage
from overshoot_testkit.lab import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from overshoot_testkit.journal import Recording

FIELDS = (
    "id",
    "stream_id",
    "mode",
    "model_backend",
    "model_name",
    "prompt",
    "result",
    "inference_latency_ms",
    "total_latency_ms",
    "ok",
    "error",
    "finish_reason",
)
"""The fields that a result has. Others are to be ignored, so whether they are passed on is not judged."""


def script() -> list[str | dict[str, Any]]:
    """Results that a client may meet: one line an inference."""
    return [
        "A cat.",
        "A cat.",
        "Ein Mädchen, 東京, 🚀 – “quoted”, back\\slash,\ttab,\nnew line, \u2028, \u0000 and e\u0301.",
        "",
        '{"count": 3, "names": ["a", "b"]}',
        "null",
        {"result": "with fields of a later version", "confidence": 0.5, "boxes": [{"x": 1}], "meta": None},
        {"result": "without optional fields", "error": ABSENT, "finish_reason": ABSENT},
        {"result": "cut short", "finish_reason": "length"},
        {"result": "", "ok": False, "error": "The model took too long.", "finish_reason": None},
        {"result": "", "ok": True, "finish_reason": "content_filter"},
        {"result": "slow", "inference_latency_ms": 0.125, "total_latency_ms": 86_400_000},
        "x" * 4000,
        "A cat.",
    ]


def sent(seen: Recording) -> list[SocketMessage]:
    """The results that went out, each once: a client may listen with more than one socket."""
    found: dict[str, SocketMessage] = {}
    for message in seen.of(SocketMessage, direction="out"):
        if isinstance(message.data, dict) and "result" in message.data:
            found.setdefault(message.data["id"], message)
    return list(found.values())


def compare(seen: Recording, *, grace: float) -> Iterator[Finding]:
    """How what was delivered differs from what was sent.

    A result sent less than `grace` seconds before stop was called need not arrive any more.
    """
    expected = sent(seen)
    delivered = seen.of(ResultDelivered)
    ids = [message.data["id"] for message in expected]
    place = 0
    taken: set[object] = set()
    for delivery in delivered:
        result = delivery.result if isinstance(delivery.result, dict) else {}
        name = result.get("id")
        if name in taken:
            yield Finding("twice", "each result once", f"result {name} again", delivery.at)
            continue
        if name not in ids:
            yield Finding("unknown", "results that were sent", f"{delivery.result!r:.120}", delivery.at)
            continue
        taken.add(name)
        index = ids.index(name)
        if index < place:
            why = f"result {index + 1} after result {place}"
            yield Finding("out-of-order", "results in the order of the wire", why, delivery.at)
        place = max(place, index + 1)
        yield from _altered(expected[index].data, result, delivery.at)
    yield from _lost(expected, taken, (called_at(seen, "stop") or float("inf")) - grace)


def _altered(message: Mapping[str, Any], result: Mapping[str, Any], at: float) -> Iterator[Finding]:
    for field in FIELDS:
        wanted, got = message.get(field), result.get(field)
        if wanted != got or isinstance(wanted, bool) is not isinstance(got, bool):
            yield Finding("altered", f"{field} is {wanted!r:.80}", f"{got!r:.80}", at)


def _lost(expected: list[SocketMessage], taken: set[object], until: float) -> Iterator[Finding]:
    lost = [
        (number, message)
        for number, message in enumerate(expected, 1)
        if message.data["id"] not in taken and message.at <= until
    ]
    if lost:
        number, first = lost[0]
        what = f"{len(lost)} never arrived, the first is result {number}, sent at {first.at:g} s"
        yield Finding("lost", "each result reaches the callback", what, first.at)
