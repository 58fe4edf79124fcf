"""How results get to the sockets of their stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from overshoot_testkit.fakes.overshoot._script import Say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from overshoot_testkit.fakes.base import Service, Socket
    from overshoot_testkit.fakes.overshoot._clips import Clips
    from overshoot_testkit.fakes.overshoot._results import Made, Results
    from overshoot_testkit.fakes.overshoot._stream import Stream

_LATER = 1e-6
"""Seconds; less is a float's last digits."""


class Delivery:
    """Sends what is due: in order, unless a script or a setting says otherwise."""

    def __init__(self, service: Service, results: Results, clips: Clips) -> None:
        self._clock = service.clock
        self._secrets = service.journal.secrets
        self._results = results
        self._clips = clips

    def attach(self, stream: Stream, socket: Socket) -> None:
        """A result socket has authenticated. *assumed*: results from before are not sent again."""
        stream.sockets.append(socket)
        stream.inference.set_audience(True)

    def detach(self, stream: Stream, socket: Socket) -> None:
        """A result socket has ended."""
        if socket in stream.sockets:
            stream.sockets.remove(socket)
        if not stream.sockets:
            stream.held, stream.overtaken = None, ()
        stream.inference.set_audience(bool(stream.sockets))

    def produce(self, stream: Stream, index: int, interval: float, due: float) -> float:
        """A result comes; see `Inference`. It waits where a script has it late."""
        held, stream.held = stream.held, None
        if held is None:
            timing = self._results.timing(stream.number, index, interval)
            prompt, recorded = stream.prompt_at(due + timing.began)
            made = self._results.make(stream, index, prompt, timing)
            if made is None:
                return 0.0
            stream.last_inference_ms = timing.inference_ms
            waited = self._clock.now() - due - timing.late
            if waited > _LATER and made.message.get("total_latency_ms") == timing.total_ms:
                made.message["total_latency_ms"] = round(timing.total_ms + waited * 1000, 3)
            held = (made, recorded)
            if made.late > 0:
                stream.held = held
                return made.late
        made, recorded = held
        if made.copies == 1 and not (made.after_next or stream.overtaken):
            self.broadcast(stream, made.message, recorded)
        else:
            self._send_in_turn(stream, made, recorded)
        return 0.0

    def _send_in_turn(self, stream: Stream, made: Made, recorded: str) -> None:
        """Send it, and then those that it was to overtake; or keep it for the next to overtake it."""
        if made.after_next and not stream.overtaken:
            stream.overtaken = ((made.message, made.copies, recorded),)
            return
        overtaken, stream.overtaken = stream.overtaken, ()
        for message, copies, prompt in ((made.message, made.copies, recorded), *overtaken):
            for _ in range(copies):
                self.broadcast(stream, message, prompt)

    def send_now(self, stream: Stream, members: Mapping[str, Any]) -> dict[str, Any]:
        """Send a result now, beside those that are due."""
        index = stream.inference.completed()
        prompt, recorded = stream.prompts[-1][1:]
        timing = self._results.variation.usual
        request = self._results.request(stream, index, prompt)
        message = self._results.message(stream, request, Say(members=members), timing)
        self.broadcast(stream, message, recorded)
        return message

    def broadcast(self, stream: Stream, message: dict[str, Any], prompt: str) -> None:
        """To every socket of the stream; `prompt` without secrets, for the journal."""
        recorded = {**message, "prompt": prompt} if "prompt" in message else dict(message)
        for name, value in message.items():
            if value is None or name in _PLAIN:
                continue
            if name in _TEXTS and isinstance(value, str):
                recorded[name] = self._secrets.text(value)
            else:
                recorded[name] = self._secrets.member(name, value)
        if message.get("ok") is False:
            stream.results_failed += 1
        if stream.order.mode == "clip" and stream.sockets:
            self._clips.sent(stream, message.get("id"))
        for socket in tuple(stream.sockets):
            socket.send(message, recorded)


_TEXTS = frozenset({"model_name", "result", "finish_reason"})
"""Members that are texts, and whose names do not make them secret."""
_PLAIN = frozenset(
    {"id", "stream_id", "mode", "model_backend", "prompt", "inference_latency_ms", "total_latency_ms", "ok"}
)
"""Members of a result that the fake wrote itself, or whose copy without secrets is at hand."""
