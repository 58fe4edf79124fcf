"""The HTTP endpoints: one function each, synchronous, so that a request is processed in one go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from overshoot_testkit.fakes.base import Call, Refusal, Reply, Route
from overshoot_testkit.fakes.overshoot import _rules, _sdp
from overshoot_testkit.fakes.overshoot._feedback import Feedback
from overshoot_testkit.fakes.overshoot._ids import identifier, is_identifier
from overshoot_testkit.fakes.overshoot._stream import StreamState
from overshoot_testkit.fakes.overshoot._times import iso
from overshoot_testkit.fakes.overshoot.contract import PromptUpdateRequest

if TYPE_CHECKING:
    from overshoot_testkit.fakes.base import Service
    from overshoot_testkit.fakes.overshoot._ledger import Wallet
    from overshoot_testkit.fakes.overshoot._lifecycle import Lifecycle
    from overshoot_testkit.fakes.overshoot._stream import Stream

_SECRET = "[token]"  # noqa: S105 - what the journal has where an answer has a token
_TALLEST = 720
"""Source: contract › effective_height: after the 720p cap."""


class Endpoints:
    """Answers from the state of one fake. Order of refusals: 401, 422, 402, 429; *assumed*."""

    def __init__(self, service: Service, lifecycle: Lifecycle) -> None:
        self._lifecycle = lifecycle
        self._clock = service.clock
        self._wall = service.wall
        self._secrets = service.journal.secrets
        self.feedback = Feedback(service, lifecycle)

    def routes(self) -> list[Route]:
        """The table; a further endpoint is one more line."""
        return [
            Route("create", "POST", "/streams", self.create, json_body=True),
            Route("keepalive", "POST", "/streams/{stream_id}/keepalive", self.keepalive),
            Route("close", "DELETE", "/streams/{stream_id}", self.close),
            Route("spectate", "POST", "/streams/{stream_id}/spectate", self.spectate),
            Route("info", "GET", "/streams/{stream_id}/info", self.info),
            Route("prompt", "PATCH", "/streams/{stream_id}/config/prompt", self.prompt, json_body=True),
            *self.feedback.routes(),
            self._lifecycle.clips.route(),
            Route("models", "GET", "/models", self.models),
            Route("healthz", "GET", "/healthz", self.healthz, public=True),
        ]

    def create(self, call: Call) -> Reply:
        """POST /streams. Source: contract; Transport & Connectivity for each transport's members."""
        settings = self._lifecycle.settings
        order = _rules.order(call.body, settings)
        stream = self._lifecycle.create(order, _wallet(call), call.request_id)
        stream.created_wall = self._wall()
        body: dict[str, Any] = {
            "stream_id": stream.id,
            "livekit": None,
            "lease": {"ttl_seconds": settings.lease_ttl},
            "webrtc": None,
            "turn_servers": None,
        }
        recorded = dict(body)
        if order.source_type == "native":
            token = self._lifecycle.tokens.issue(stream, settings)
            body["livekit"] = {"url": settings.livekit_url, "token": token}
            recorded["livekit"] = {"url": settings.livekit_url, "token": _label(stream)}
        elif order.sdp is not None:
            body["webrtc"] = {"type": "answer", "sdp": _sdp.answer(order.sdp, stream.id)}
            body["turn_servers"] = [dict(server) for server in settings.turn_servers]
            for name in ("webrtc", "turn_servers"):
                recorded[name] = self._secrets.value(body[name])
        return Reply(201, body, recorded, stream.id)

    def keepalive(self, call: Call) -> Reply:
        """POST …/keepalive: charge, renew, and for native streams a fresh token."""
        wallet = _wallet(call)
        lifecycle = self._lifecycle
        stream = lifecycle.running(call.stream_id, wallet)
        ttl, seconds, cents = lifecycle.keepalive(stream)
        settings = lifecycle.settings
        body: dict[str, Any] = {"status": "ok", "stream_id": stream.id, "ttl_seconds": ttl}
        if settings.keepalive_credits:
            body["credits_remaining_cents"] = int(wallet.balance)
            body["cost_cents"] = cents
            body["seconds_charged"] = seconds
        body["state"] = stream.state.value
        recorded = body
        if stream.order.source_type == "native":
            token = lifecycle.tokens.issue(stream, settings)
            recorded = {**body, "livekit_token": _label(stream)}
            body["livekit_token"] = token
        return Reply(200, body, recorded)

    def spectate(self, call: Call) -> Reply:
        """POST …/spectate: native only, subscribe-only. Source: docs › Spectate."""
        lifecycle = self._lifecycle
        stream = lifecycle.running(call.stream_id, _wallet(call))
        if stream.order.source_type != "native":
            raise Refusal(400, f"A {stream.order.source_type} stream cannot be watched; native ones can.")
        url = lifecycle.settings.livekit_url
        text, token = lifecycle.tokens.spectate(stream, lifecycle.settings)
        return Reply(
            200, {"livekit": {"url": url, "token": text}}, {"livekit": {"url": url, "token": token.label}}
        )

    def close(self, call: Call) -> Reply:
        """DELETE …: 200 closed now, 204 (or 404, a setting) already closed, 404 unknown or another key's."""
        stream = self._lifecycle.find(call.stream_id, _wallet(call))
        if stream is not None and stream.is_open:
            self._lifecycle.end(stream, "client_requested")
            return Reply(200, {"status": "ok"})
        if stream is not None and self._lifecycle.settings.late_delete == "204":
            return Reply(204)
        raise Refusal(404, "The stream does not exist or has ended.", code="stream_not_found")

    def info(self, call: Call) -> Reply:
        """GET …/info."""
        stream = self._lifecycle.running(call.stream_id, _wallet(call))
        settings = self._lifecycle.settings
        seen = stream.state is not StreamState.PENDING
        width, height = (settings.frame_width, settings.frame_height) if seen else (0, 0)
        scale = min(1.0, _TALLEST / height) if height else 1.0
        completed = stream.inference.completed()
        return Reply(
            200,
            {
                "stream_id": stream.id,
                "source_type": stream.order.source_type,
                "state": stream.state.value,
                "uptime_seconds": round(self._clock.now() - stream.created_at, 6),
                "fps": settings.frame_fps if stream.state is StreamState.ACTIVE else 0.0,
                "frame_width": width,
                "frame_height": height,
                "effective_width": round(width * scale),
                "effective_height": round(height * scale),
                "inferences_completed": completed,
                "inferences_failed": stream.results_failed,
                "last_inference_latency_seconds": self._last_latency(stream) if completed else 0.0,
            },
        )

    def _last_latency(self, stream: Stream) -> float:
        usual = self._lifecycle.results.variation.usual.inference_ms
        return (usual if stream.last_inference_ms is None else stream.last_inference_ms) / 1000

    def prompt(self, call: Call) -> Reply:
        """PATCH …/config/prompt. 400 for an id that is none. Source: contract."""
        if not is_identifier(call.stream_id or ""):
            raise Refusal(400, "The stream_id is not a UUID.")
        request = _rules.parse(PromptUpdateRequest, call.body)
        stream = self._lifecycle.running(call.stream_id, _wallet(call))
        self._lifecycle.set_prompt(stream, request.prompt)
        inference = stream.order.inference
        body = {
            "id": identifier(self._lifecycle.settings.seed, "config", stream.number),
            "stream_id": stream.id,
            "prompt": request.prompt,
            "backend": inference.backend,
            "model": inference.model,
            "output_schema_json": inference.output_schema_json,
            "created_at": iso(stream.created_wall),
            "updated_at": iso(self._wall()),
        }
        return Reply(200, body, self._secrets.value(body))

    def models(self, _: Call) -> Reply:
        """GET /models. Source: docs; that it needs a key is *assumed*."""
        models = self._lifecycle.settings.models
        return Reply(
            200,
            [
                {"model": name, "ready": status in {"ready", "degraded"}, "status": status}
                for name, status in models.items()
            ],
        )

    def healthz(self, _: Call) -> Reply:
        """GET /healthz. Source: docs."""
        return Reply(200, {"status": "ok"})


def _wallet(call: Call) -> Wallet:
    return cast("Wallet", call.principal)


def _label(stream: Stream) -> str:
    return stream.token.label if stream.token is not None else _SECRET
