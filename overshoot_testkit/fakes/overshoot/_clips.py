"""Questions about a clip that a result was about, after the result."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, cast

from pydantic import BaseModel, ConfigDict, Field

from overshoot_testkit.fakes.base import Call, Refusal, Reply, Route
from overshoot_testkit.fakes.overshoot import _rules
from overshoot_testkit.fakes.overshoot._ids import identifier
from overshoot_testkit.fakes.overshoot._instances import NoInstanceError, minimal_instance
from overshoot_testkit.fakes.overshoot.contract import Integer, Text  # noqa: TC001 - pydantic reads them

if TYPE_CHECKING:
    from overshoot_testkit.fakes.base import Service
    from overshoot_testkit.fakes.overshoot._ledger import Wallet
    from overshoot_testkit.fakes.overshoot._lifecycle import Lifecycle
    from overshoot_testkit.fakes.overshoot._stream import Stream

_TOKEN = 4
"""Characters of one, all languages alike. *assumed*"""
_CONTENT = "The clip shows a person at a desk, who looks up, reaches for a cup and drinks."


class ClipRequest(BaseModel):
    """Source: docs › POST /chat/completions/clip. Bounds, and that nothing else is let in, are *assumed*."""

    model_config = ConfigDict(strict=True, allow_inf_nan=False, extra="forbid")

    result_id: Text
    prompt: Text
    model: Text
    temperature: Annotated[float, Field(ge=0.0, le=2.0)] | None = None
    max_tokens: Annotated[Integer, Field(gt=0)] | None = None
    output_schema: dict[str, Any] | None = None


class Clip(NamedTuple):
    """What is remembered of a result in clip mode: whose it is, and when it was sent."""

    wallet: Wallet
    sent_at: float


class Clips:
    """POST /chat/completions/clip: 404 until the clip of the result is stored. Source: docs.

    *assumed*: it costs nothing; a clip outlives its stream; a result that nobody was sent has none.
    """

    def __init__(self, service: Service, lifecycle: Lifecycle) -> None:
        self.stored: dict[str, Clip] = {}
        """By the id of the result, oldest first, those not stored yet included."""
        self.most = 10_000
        """That are kept; the oldest go first. *assumed*: how long the real ones are kept is unpublished."""
        self.answered = 0
        self._clock = service.clock
        self._secrets = service.journal.secrets
        self._lifecycle = lifecycle

    def route(self) -> Route:
        """Its line in the route table."""
        return Route("clip", "POST", "/chat/completions/clip", self.complete, json_body=True)

    def sent(self, stream: Stream, result_id: object) -> None:
        """A result of a stream in clip mode went out."""
        if not isinstance(result_id, str) or result_id in self.stored:
            return
        if len(self.stored) >= self.most:
            del self.stored[next(iter(self.stored))]
        self.stored[result_id] = Clip(stream.wallet, self._clock.now())

    def complete(self, call: Call) -> Reply:
        """Answer a question about one clip."""
        request = _rules.parse(ClipRequest, call.body)
        settings = self._lifecycle.settings
        clip = self.stored.get(request.result_id)
        if (
            clip is None
            or clip.wallet is not cast("Wallet", call.principal)
            or self._clock.now() < clip.sent_at + settings.clip_stored_after
        ):
            raise Refusal(404, "No clip is stored for this result, or not yet.")
        _rules.accepted_model(request.model, settings)
        content, cut = _content(request)
        self.answered += 1
        question, answer = _tokens(request.prompt), _tokens(content)
        body = {
            "id": identifier(settings.seed, "completion", self.answered),
            "model": request.model,
            "content": content,
            "finish_reason": "length" if cut else "stop",
            "usage": {
                "prompt_tokens": question,
                "completion_tokens": answer,
                "total_tokens": question + answer,
            },
        }
        return Reply(200, body, self._secrets.value(body))


def _content(request: ClipRequest) -> tuple[str, bool]:
    """The text, and whether `max_tokens` cut it short."""
    text = _CONTENT
    if request.output_schema is not None:
        try:
            instance = minimal_instance(request.output_schema, text=text)
        except NoInstanceError as error:
            raise _rules.invalid("output_schema", str(error)) from None
        text = json.dumps(instance, ensure_ascii=False)
    if request.max_tokens is None or _tokens(text) <= request.max_tokens:
        return text, False
    return text[: request.max_tokens * _TOKEN], True


def _tokens(text: str) -> int:
    return -(-len(text) // _TOKEN)
