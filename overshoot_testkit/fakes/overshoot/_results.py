"""What the results say: scripted by a test, or generated."""

from __future__ import annotations

import functools
import json
from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

from overshoot_testkit.fakes.overshoot._ids import identifier
from overshoot_testkit.fakes.overshoot._instances import NoInstanceError, minimal_instance
from overshoot_testkit.fakes.overshoot._script import ABSENT, Say, Script, ScriptLine
from overshoot_testkit.fakes.overshoot._variation import Timing, Variation
from overshoot_testkit.fakes.overshoot.settings import ResultRequest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from overshoot_testkit.fakes.overshoot._stream import Stream
    from overshoot_testkit.fakes.overshoot.settings import Settings

_SCENES = (
    "A person sits at a desk in front of a laptop.",
    "A person stands up and walks to the left.",
    "An empty chair stands at a desk; a laptop is open.",
    "A cat crosses the desk.",
    "A person comes back and sits down.",
)
_AS_EVER = Say()


class Made(NamedTuple):
    """A result that was made, and how it is to be sent; see `Say`."""

    message: dict[str, Any]
    late: float = 0.0
    copies: int = 1
    after_next: bool = False


class Results:
    """Makes the results of all streams. Scripts go first: the stream's own, then the common one."""

    def __init__(self, settings: Settings) -> None:
        self._common: deque[ScriptLine] = deque()
        self._own: dict[str, deque[ScriptLine]] = {}
        self.use(settings)

    def use(self, settings: Settings) -> None:
        """Go by these from now on."""
        self._settings = settings
        self._plain = settings.results.plain
        self.variation = Variation(settings)

    def script(self, lines: Script, *, stream: str | None = None) -> None:
        """Let the next results be these, in turn; what follows is generated again.

        A line is the `result` text, a mapping of members that replace the usual ones (any name, so that
        a result can be odd; `ABSENT` for none), a `Say` for what these cannot say, None for no result at
        that time, or a function of the `ResultRequest` that returns one of these. Only results that somebody
        listens to use a line up. Nothing is odd about them but what they say, whatever `Settings.results`.
        """
        (self._common if stream is None else self._own.setdefault(stream, deque())).extend(lines)

    def timing(self, stream: int, index: int, interval: float) -> Timing:
        """See `Variation`: by the settings as they are now."""
        variation = self.variation
        return variation.usual if variation.constant else variation.timing(stream, index, interval)

    def request(self, stream: Stream, index: int, prompt: str) -> ResultRequest:
        """What a result is made from."""
        order = stream.order
        inference = order.inference
        return ResultRequest(
            stream.id,
            stream.number,
            index,
            order.mode,
            inference.model,
            prompt,
            inference.output_schema_json,
        )

    def make(self, stream: Stream, index: int, prompt: str, timing: Timing) -> Made | None:
        """The result of one inference, or None where the script leaves it out."""
        request = self.request(stream, index, prompt)
        scripted = self._own.get(stream.id) or self._common
        say = _said(scripted.popleft(), request) if scripted else self._drawn(request)
        if say is None:
            return None
        message = self.message(stream, request, say, timing)
        return Made(message, say.late, say.copies, say.after_next)

    def message(self, stream: Stream, request: ResultRequest, say: Say, timing: Timing) -> dict[str, Any]:
        """A result as it goes over the wire. Source: docs › result WebSocket, Result."""
        stream.results_made += 1
        text, error, reason = self._content(stream, request, say)
        message = {
            "id": identifier(self._settings.seed, "result", stream.number, stream.results_made),
            "stream_id": stream.id,
            "mode": request.mode,
            "model_backend": stream.order.inference.backend,
            "model_name": request.model,
            "prompt": request.prompt,
            "result": text,
            "inference_latency_ms": timing.inference_ms,
            "total_latency_ms": timing.total_ms + say.late * 1000 if say.late else timing.total_ms,
            "ok": error is None,
            "error": error,
            "finish_reason": reason,
        }
        if not say.members:
            return message
        return {name: value for name, value in {**message, **say.members}.items() if value is not ABSENT}

    def _drawn(self, request: ResultRequest) -> Say:
        """What the settings make of a result that nobody scripted."""
        results = self._settings.results
        if self._plain:
            return _AS_EVER
        odd = self.variation.oddity(request.stream_number, request.index)
        prompt = request.prompt.casefold()
        return Say(
            members=results.extra_members,
            copies=2 if odd.duplicated else 1,
            after_next=odd.reordered,
            cut=0.5 if odd.cut else None,
            filtered=odd.filtered or any(word.casefold() in prompt for word in results.filtered_prompts),
            error=odd.error,
            padding=results.padding,
        )

    def _content(
        self, stream: Stream, request: ResultRequest, say: Say
    ) -> tuple[str, str | None, str | None]:
        """The text, the error and the finish_reason."""
        if say.error is not None:
            return "", say.error, None
        if say.filtered:
            return "", None, "content_filter"
        longest: float | None = None
        if say.result is not None or "result" in say.members:
            text = say.result or ""
        else:
            text, problem = self._generated(request)
            if problem is not None:
                return "", problem, None
            longest = stream.order.max_output_tokens * self._settings.results.characters_per_token or None
        if say.padding:
            text += (" " if request.output_schema is not None else ".") * say.padding
        if say.cut is not None:
            return text[: int(say.cut if say.cut >= 1 else len(text) * say.cut)], None, "length"
        if longest is not None and len(text) > longest:
            return text[: int(longest)], None, "length"
        return text, None, "stop"

    def _generated(self, request: ResultRequest) -> tuple[str, str | None]:
        settings = self._settings
        if settings.lost_model == "fail" and settings.models.get(request.model) == "unavailable":
            return "", f"model {request.model} is unavailable"
        if settings.generate is not None:
            return settings.generate(request), None
        scene = _SCENES[(request.stream_number + request.index) % len(_SCENES)]
        if request.output_schema is None:
            return scene, None
        return _instance(json.dumps(request.output_schema), scene, f"{settings.seed}")

    def keep(self) -> tuple[tuple[str | None, tuple[ScriptLine, ...]], ...]:
        """What is left of the scripts, the common one under None, for `put_back`."""
        return tuple((name, tuple(lines)) for name, lines in ((None, self._common), *self._own.items()))

    def put_back(self, kept: Iterable[tuple[str | None, Iterable[ScriptLine]]]) -> None:
        """Let the scripts be these."""
        scripts = {name: deque(lines) for name, lines in kept}
        self._common = scripts.pop(None, deque())
        self._own = {name: lines for name, lines in scripts.items() if name is not None}

    def forget(self, stream_id: str) -> None:
        """Drop the script of a stream that ended."""
        self._own.pop(stream_id, None)


def _said(line: ScriptLine, request: ResultRequest) -> Say | None:
    if callable(line):
        line = line(request)
    if line is None or isinstance(line, Say):
        return line
    return Say(result=line) if isinstance(line, str) else Say(members=line)


@functools.lru_cache(maxsize=512)
def _instance(schema: str, scene: str, seed: str) -> tuple[str, str | None]:
    """Text that obeys a schema, which most streams ask for again and again; or what is wrong with it."""
    try:
        instance = minimal_instance(json.loads(schema), text=scene, seed=seed)
    except NoInstanceError as error:
        return "", str(error)
    return json.dumps(instance, ensure_ascii=False), None
