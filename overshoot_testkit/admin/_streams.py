"""/streams and /results: Overshoot's streams."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import ConfigDict, RootModel

from overshoot_testkit.admin._operation import AdminError, Ask, Body, Operation, View, not_found
from overshoot_testkit.fakes.overshoot.settings import EndReason  # noqa: TC001 - pydantic reads it

if TYPE_CHECKING:
    from overshoot_testkit.fakes.overshoot import OvershootFake
    from overshoot_testkit.fakes.overshoot import StreamView as Stream


class StreamView(View):
    """A stream. Moments are seconds of the clock."""

    id: str
    number: int
    state: Literal["pending", "active", "idle", "ended"]
    ended_reason: EndReason | None
    key: str
    """The label of its API key."""
    source_type: Literal["native", "webrtc", "livekit"]
    mode: Literal["clip", "frame"]
    model: str
    prompt: str
    created_at: float
    ended_at: float | None
    lease_expires_at: float
    lease_left: float | None
    """Seconds; None once it has ended."""
    cost_cents: float
    """Charged so far."""
    owed_cents: float
    """To be charged for the time since."""
    results: int
    """Inferences so far, heard or not."""
    sockets: int
    """Result sockets that are open."""
    opened_by: str
    """The request that created it."""


class StreamsView(View):
    """All there ever were, in the order they were created."""

    streams: list[StreamView]


class End(Body):
    """Why the server ends it."""

    reason: EndReason = "client_requested"


class Frames(Body):
    """Whether video arrives."""

    on: bool


class Overrides(RootModel[dict[str, Any]]):
    """Members of the result that replace the usual ones."""


class ResultView(RootModel[dict[str, Any]]):
    """A result as it goes over the wire."""


class Script(Body):
    """What the next results are: text, members that replace the usual ones, or null for no result then."""

    model_config = ConfigDict(strict=True, extra="forbid")

    script: list[str | dict[str, Any] | None]
    stream: str | None = None
    """Of this stream only."""


class ScriptView(View):
    """What was taken."""

    lines: int


class StreamsPart:
    """Its operations."""

    def __init__(self, fake: OvershootFake) -> None:
        self._fake = fake

    def operations(self) -> list[Operation]:
        """What can be asked."""
        one = "/streams/{id}"
        gone = (404,)
        return [
            Operation("get_streams", "GET", "/streams", "All streams.", self._all, StreamsView),
            Operation("get_stream", "GET", one, "One stream.", self._one, StreamView, errors=gone),
            Operation(
                "end_stream",
                "POST",
                f"{one}/end",
                "End it, as the server does.",
                self._end,
                StreamView,
                body=End,
                errors=gone,
            ),
            Operation(
                "set_frames",
                "POST",
                f"{one}/frames",
                "Let video arrive, or stop arriving.",
                self._frames,
                StreamView,
                body=Frames,
                errors=gone,
            ),
            Operation(
                "send_result",
                "POST",
                f"{one}/results",
                "Send a result now.",
                self._result,
                ResultView,
                body=Overrides,
                errors=(404, 409),
            ),
            Operation(
                "script_results",
                "POST",
                "/results",
                "Say what the next results are.",
                self._script,
                ScriptView,
                body=Script,
                errors=gone,
            ),
        ]

    def _all(self, _: Ask) -> StreamsView:
        return StreamsView(streams=[self._viewed(each) for each in self._fake.streams])

    def _one(self, ask: Ask) -> StreamView:
        return self._viewed(self._find(ask.parameters["id"]))

    def _end(self, ask: Ask) -> StreamView:
        stream = self._find(ask.parameters["id"])
        self._fake.end_stream(stream.id, ask.body.reason)
        return self._one(ask)

    def _frames(self, ask: Ask) -> StreamView:
        stream = self._find(ask.parameters["id"])
        self._fake.frames(stream.id, on=ask.body.on)
        return self._one(ask)

    def _result(self, ask: Ask) -> dict[str, Any]:
        stream = self._find(ask.parameters["id"])
        if not stream.is_open:
            raise AdminError(
                409, "stream_ended", "the stream has ended: nobody can hear its results any more"
            )
        return self._fake.send_result(stream.id, **ask.body.root)

    def _script(self, ask: Ask) -> ScriptView:
        order: Script = ask.body
        stream = None if order.stream is None else self._find(order.stream).id
        self._fake.results.script(order.script, stream=stream)
        return ScriptView(lines=len(order.script))

    def _find(self, name: str) -> Stream:
        """By id, or by number."""
        for stream in self._fake.streams:
            if name in {stream.id, str(stream.number)}:
                return stream
        raise not_found("stream", name)

    def _viewed(self, stream: Stream) -> StreamView:
        now = self._fake.clock.now()
        left = max(stream.lease_expires_at - now, 0.0) if stream.is_open else None
        price = self._fake.settings.price_cents_per_second
        owed = price * max(now - stream.charged_until, 0.0) if stream.is_open else 0.0
        return StreamView(
            id=stream.id,
            number=stream.number,
            state=stream.state.value,
            ended_reason=stream.ended_reason,
            key=stream.key,
            source_type=stream.source_type,
            mode=stream.mode,
            model=stream.model,
            prompt=self._fake.journal.secrets.text(stream.prompt),
            created_at=round(stream.created_at, 6),
            ended_at=None if stream.ended_at is None else round(stream.ended_at, 6),
            lease_expires_at=round(stream.lease_expires_at, 6),
            lease_left=None if left is None else round(left, 6),
            cost_cents=stream.cost_cents,
            owed_cents=round(owed, 6),
            results=stream.results,
            sockets=stream.sockets,
            opened_by=stream.opened_by,
        )
