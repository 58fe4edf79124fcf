"""A correct client on aiohttp that differs in all that the vendor's pages leave open.

start returns before a result socket is open; results go through a queue to the user; keepalives are sent
every 20 s, with a first attempt and three more; failures to create are told by exception and by callback;
stop closes the stream first, and then what listens to it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json

import aiohttp

from overshoot_testkit.clients import ClientError, ErrorReport

KINDS = {
    400: "validation",
    401: "authentication",
    402: "credits",
    404: "not_found",
    422: "validation",
    429: "limit",
}
FINAL = {"authentication", "credits", "not_found"}


class OnAiohttp:
    name, version, clock = "on-aiohttp", "1", "loop"
    capabilities = frozenset({"native", "error_status"})
    opens_after = 3.0
    """Seconds from start until the result socket is opened."""

    def __init__(self):
        self._session = self._stream_id = None
        self._active = False
        self._jobs = []

    def is_active(self):
        return self._active

    def stream_id(self):
        return self._stream_id

    async def update_prompt(self, prompt):
        await self._ask("PATCH", f"/streams/{self._stream_id}/config/prompt", json={"prompt": prompt})

    async def start(self, target, options, on_result, on_error):
        self._target, self._on_result, self._on_error = target, on_result, on_error
        self._session = aiohttp.ClientSession(headers={"Authorization": f"Bearer {target.api_key}"})
        try:
            created = await self._ask("POST", "/streams", json=self._order(options))
        except ClientError as error:
            await self._session.close()
            self._session = None
            on_error(error.report)
            raise
        self._stream_id, self._ttl, self._active = created["stream_id"], created["lease"]["ttl_seconds"], True
        self._results = asyncio.Queue()
        self._jobs = [asyncio.create_task(job()) for job in (self._keep_alive, self._listen, self._hand_over)]

    async def stop(self):
        session, self._session, self._active = self._session, None, False
        if session is None:
            return
        with contextlib.suppress(ClientError):
            await self._ask("DELETE", f"/streams/{self._stream_id}", session=session)
        self._dismiss()
        await asyncio.gather(*self._jobs, return_exceptions=True)
        await session.close()

    async def aclose(self):
        await self.stop()

    def _order(self, options):
        processing = {"interval_seconds": options.interval_seconds}
        if options.mode == "clip":
            processing = {
                "clip_length_seconds": options.clip_length_seconds,
                "delay_seconds": options.delay_seconds,
                "fps": 30,
                "sampling_ratio": options.target_fps / 30,
            }
        inference = {
            "prompt": options.prompt,
            "model": options.model,
            "output_schema_json": options.output_schema,
        }
        return {"mode": options.mode, "source": None, "processing": processing, "inference": inference}

    def _fail(self, report):
        if self._active:
            self._active = False
            self._dismiss()
            asyncio.get_running_loop().call_soon(self._on_error, report)

    def _dismiss(self):
        for job in self._jobs:
            if job is not asyncio.current_task():
                job.cancel()

    async def _keep_alive(self):
        while True:
            await asyncio.sleep(min(20.0, self._ttl / 2))
            for attempts_left in (3, 2, 1, 0):
                try:
                    renewed = await self._ask("POST", f"/streams/{self._stream_id}/keepalive")
                    self._ttl = renewed["ttl_seconds"]
                    break
                except ClientError as error:
                    if error.report.kind in FINAL or not attempts_left:
                        return self._fail(error.report)
                await asyncio.sleep(2.0)

    async def _listen(self):
        await asyncio.sleep(self.opens_after)
        while self._active:
            with contextlib.suppress(aiohttp.ClientError, OSError):
                url = f"{self._target.base_url}/ws/streams/{self._stream_id}"
                async with self._session.ws_connect(url) as socket:
                    await socket.send_json({"api_key": self._target.api_key})
                    await self._receive(socket)
            await asyncio.sleep(2.5)

    async def _receive(self, socket):
        while (message := await socket.receive()).type is aiohttp.WSMsgType.TEXT:
            self._results.put_nowait(json.loads(message.data))
        reason = message.extra if message.type is aiohttp.WSMsgType.CLOSE else ""
        code = socket.close_code
        if code in {1001, 1008}:
            kind = "authentication" if code == 1008 else "socket"
            self._fail(ErrorReport(kind, f"closed: {reason}", None, code, reason))

    async def _hand_over(self):
        while True:
            result = await self._results.get()
            if self._active:
                self._on_result(result)

    async def _ask(self, method, path, *, session=None, **content):
        try:
            async with (session or self._session).request(
                method, self._target.base_url + path, timeout=aiohttp.ClientTimeout(total=8.0), **content
            ) as answer:
                if answer.ok:
                    return await answer.json(content_type=None) or {}
                kind = KINDS.get(answer.status, "server")
                raise ClientError(ErrorReport(kind, answer.reason, answer.status))
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise ClientError(ErrorReport("network", f"{error!r}")) from error
        except ValueError as error:
            raise ClientError(ErrorReport("server", "the answer makes no sense", answer.status)) from error
