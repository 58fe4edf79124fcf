"""What the results say: scripted by a test, or generated."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from overshoot_testkit.fakes.overshoot._ids import identifier
from overshoot_testkit.fakes.overshoot._instances import NoInstanceError, minimal_instance
from overshoot_testkit.fakes.overshoot.settings import ResultRequest

if TYPE_CHECKING:
    from overshoot_testkit.fakes.overshoot._stream import Stream
    from overshoot_testkit.fakes.overshoot.settings import Settings

Line = str | Mapping[str, Any] | None
"""Of a script: the `result` text, members that replace the usual ones, or None for no result this time."""
Script = Iterable[Line | Callable[[ResultRequest], Line]]

ABSENT: Any = object()
"""In a script, the value of a member that the result shall not have at all."""

_SCENES = (
    "A person sits at a desk in front of a laptop.",
    "A person stands up and walks to the left.",
    "An empty chair stands at a desk; a laptop is open.",
    "A cat crosses the desk.",
    "A person comes back and sits down.",
)


class Results:
    """Makes the results of all streams. Scripts go first: the stream's own, then the common one."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._common: deque[Line | Callable[[ResultRequest], Line]] = deque()
        self._own: dict[str, deque[Line | Callable[[ResultRequest], Line]]] = {}

    def script(self, lines: Script, *, stream: str | None = None) -> None:
        """Let the next results be these, in turn; what follows is generated again.

        A line is the `result` text, a mapping of members that replace the usual ones (any name, so that
        a result can be odd; `ABSENT` for none), None for no result at that time, or a function of the
        `ResultRequest` that returns one of these. Only results that somebody listens to use a line up.
        """
        (self._common if stream is None else self._own.setdefault(stream, deque())).extend(lines)

    def make(self, stream: Stream, index: int, prompt: str) -> dict[str, Any] | None:
        """The message for one inference, or None where the script leaves it out."""
        order = stream.order
        request = ResultRequest(
            stream.id,
            stream.number,
            index,
            order.mode,
            order.inference.model,
            prompt,
            order.inference.output_schema_json,
        )
        line: Line | Callable[[ResultRequest], Line] = {}
        for lines in (self._own.get(stream.id), self._common):
            if lines:
                line = lines.popleft()
                break
        if callable(line):
            line = line(request)
        if line is None:
            return None
        overrides = {"result": line} if isinstance(line, str) else line
        return self.message(stream, request, overrides)

    def message(self, stream: Stream, request: ResultRequest, overrides: Mapping[str, Any]) -> dict[str, Any]:
        """A result as it goes over the wire. Source: docs › result WebSocket, Result."""
        settings = self.settings
        stream.results_made += 1
        text, problem = ("", None) if "result" in overrides else self._content(request)
        message = {
            "id": identifier(settings.seed, "result", stream.number, stream.results_made),
            "stream_id": stream.id,
            "mode": request.mode,
            "model_backend": stream.order.inference.backend,
            "model_name": request.model,
            "prompt": request.prompt,
            "result": text,
            "inference_latency_ms": settings.inference_latency_ms,
            "total_latency_ms": settings.total_latency_ms,
            "ok": problem is None,
            "error": problem,
            "finish_reason": "stop" if problem is None else None,
        }
        if not overrides:
            return message
        return {name: value for name, value in {**message, **overrides}.items() if value is not ABSENT}

    def _content(self, request: ResultRequest) -> tuple[str, str | None]:
        if self.settings.lost_model == "fail" and self.settings.models.get(request.model) == "unavailable":
            return "", f"model {request.model} is unavailable"
        if self.settings.generate is not None:
            return self.settings.generate(request), None
        scene = _SCENES[(request.stream_number + request.index) % len(_SCENES)]
        if request.output_schema is None:
            return scene, None
        try:
            instance = minimal_instance(request.output_schema, text=scene)
        except NoInstanceError as error:
            return "", str(error)
        return json.dumps(instance, ensure_ascii=False), None

    def keep(self) -> tuple[tuple[str | None, tuple[Line | Callable[[ResultRequest], Line], ...]], ...]:
        """What is left of the scripts, the common one under None, for `put_back`."""
        return tuple((name, tuple(lines)) for name, lines in ((None, self._common), *self._own.items()))

    def put_back(
        self, kept: Iterable[tuple[str | None, Iterable[Line | Callable[[ResultRequest], Line]]]]
    ) -> None:
        """Let the scripts be these."""
        scripts = {name: deque(lines) for name, lines in kept}
        self._common = scripts.pop(None, deque())
        self._own = {name: lines for name, lines in scripts.items() if name is not None}

    def forget(self, stream_id: str) -> None:
        """Drop the script of a stream that ended."""
        self._own.pop(stream_id, None)
