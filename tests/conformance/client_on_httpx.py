"""A correct client on httpx and websockets, written from the vendor's pages and the contract alone.

Everything that a stream needs runs in one task group; the first failure that is terminal ends the group. It
keeps alive at half the lease, with three attempts two seconds apart.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random

import httpx
import websockets

from overshoot_testkit.clients import ClientError, ErrorReport

KINDS = {
    400: "validation",
    401: "authentication",
    402: "credits",
    404: "not_found",
    422: "validation",
    429: "limit",
}
PASSING = {"network", "server", "limit"}
OFFER = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\n"


class OnHttpx:
    name, version, clock = "on-httpx", "1", "loop"
    capabilities = frozenset({"native", "error_status"})
    jitter = 0.0
    """Share by which a pause between keepalives may be longer or shorter."""
    attempts = 3
    pause_between_attempts = 2.0
    reconnects = True
    """Whether a result socket that is lost is opened again; if not, that is terminal."""

    def __init__(self):
        self._http = self._life = self._stream_id = self._ending = None
        self._active = False
        self._random = random.Random(1)

    def is_active(self):
        return self._active

    def stream_id(self):
        return self._stream_id

    async def update_prompt(self, prompt):
        await self._ask("PATCH", f"/streams/{self._stream_id}/config/prompt", json={"prompt": prompt})

    async def start(self, target, options, on_result, on_error):
        self._target, self._on_result, self._on_error = target, on_result, on_error
        self._http = httpx.AsyncClient(
            base_url=target.base_url, headers={"Authorization": f"Bearer {target.api_key}"}, timeout=5.0
        )
        self._ready = asyncio.get_running_loop().create_future()
        try:
            created = await self._ask("POST", "/streams", json=self._order(options))
        except ClientError:
            await self._http.aclose()
            raise
        self._stream_id, self._active = created["stream_id"], True
        self._lease(created["lease"]["ttl_seconds"])
        self._life = asyncio.create_task(self._live())
        await self._ready

    async def stop(self):
        if self._life is None:
            return
        if self._ending is None:
            self._ending = asyncio.create_task(self._end())
        await asyncio.shield(self._ending)

    async def aclose(self):
        await self.stop()

    def _order(self, options):
        if options.mode == "clip":
            names = ("clip_length_seconds", "delay_seconds", "target_fps")
        else:
            names = ("interval_seconds",)
        inference = {"prompt": options.prompt, "model": options.model}
        if options.output_schema is not None:
            inference["output_schema_json"] = options.output_schema
        if options.max_output_tokens is not None:
            inference["max_output_tokens"] = options.max_output_tokens
        order = {"processing": {name: getattr(options, name) for name in names}, "inference": inference}
        return order | self._source()

    def _source(self):
        return {}

    async def _live(self):
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._keep_alive())
                group.create_task(self._listen())
        except* ClientError as errors:
            self._active = False
            await self._close()
            failure = errors.exceptions[0]
            if self._ready.done():
                self._on_error(failure.report)
            else:
                self._ready.set_exception(failure)

    async def _end(self):
        self._life.cancel()
        await asyncio.wait({self._life})
        if self._active:
            self._active = False
            await self._close()

    async def _close(self):
        with contextlib.suppress(ClientError):
            await self._ask("DELETE", f"/streams/{self._stream_id}")
        await self._http.aclose()

    def _lease(self, ttl):
        self._ttl, self._until = ttl, asyncio.get_running_loop().time() + ttl

    async def _keep_alive(self):
        while True:
            await asyncio.sleep(self._ttl / 2 * self._random.uniform(1 - self.jitter, 1 + self.jitter))
            for attempts_left in reversed(range(self.attempts)):
                try:
                    renewed = await self._ask("POST", f"/streams/{self._stream_id}/keepalive")
                except ClientError as error:
                    over = asyncio.get_running_loop().time() + self.pause_between_attempts >= self._until
                    if error.report.kind not in PASSING or not attempts_left or over:
                        raise
                    await asyncio.sleep(self.pause_between_attempts)
                else:
                    self._lease(renewed["ttl_seconds"])
                    break

    async def _listen(self):
        pause = 1.0
        while True:
            with contextlib.suppress(OSError, websockets.WebSocketException):
                url = self._target.base_url.replace("http", "ws", 1)
                async with websockets.connect(f"{url}/ws/streams/{self._stream_id}") as socket:
                    await socket.send(self._first_message())
                    self._ready.done() or self._ready.set_result(None)
                    pause = 1.0
                    await self._receive(socket)
            await asyncio.sleep(pause)
            pause = min(2 * pause, 16.0)

    def _first_message(self):
        return json.dumps({"api_key": self._target.api_key})

    async def _receive(self, socket):
        with contextlib.suppress(websockets.ConnectionClosed):
            async for text in socket:
                self._on_result(json.loads(text))
        code, reason = socket.close_code, socket.close_reason
        if code == 1008:
            raise ClientError(ErrorReport("authentication", "the key is refused", None, code, reason))
        if code == 1001 or not self.reconnects:
            raise ClientError(ErrorReport("socket", "the stream is over", None, code, reason))

    async def _ask(self, method, path, **content):
        try:
            answer = await self._http.request(method, path, **content)
            if answer.is_success:
                return answer.json() if answer.content else {}
        except httpx.HTTPError as error:
            raise ClientError(ErrorReport("network", f"{error!r}")) from error
        except ValueError as error:
            raise ClientError(
                ErrorReport("server", "the answer makes no sense", answer.status_code)
            ) from error
        kind = KINDS.get(answer.status_code, "server")
        raise ClientError(ErrorReport(kind, answer.reason_phrase, answer.status_code))


class WithJitter(OnHttpx):
    """Keeps alive a fifth sooner or later than at half the lease, so that many clients spread out."""

    jitter = 0.2


class OverWebRTC(OnHttpx):
    """Legacy transport: it cannot reconnect, so that a lost socket is the end."""

    capabilities = frozenset({"webrtc", "error_status"})
    reconnects = False

    def _source(self):
        return {"source": {"type": "webrtc", "sdp": OFFER}}


class InTheUsersRoom(OnHttpx):
    """User-managed LiveKit."""

    capabilities = frozenset({"livekit", "error_status"})

    def _source(self):
        url, token = self._target.livekit_url, self._target.livekit_token
        return {"source": {"type": "livekit", "url": url, "token": token}}
