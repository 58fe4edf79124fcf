"""The reference client: plain, correct, and short enough to read in one go.

It is what the suite holds up as an example, and what every broken client is derived from by one defect. The
small methods are small so that each can be broken alone.

Limits: it joins no room yet, so it publishes no video; results flow because the fake is told that frames
arrive.
"""

from __future__ import annotations

import asyncio
import contextlib
import enum
import json
import logging
from typing import TYPE_CHECKING, Any, ClassVar

import aiohttp

from overshoot_testkit.clients._protocol import ClientClock, ClientError, ErrorReport
from overshoot_testkit.clients.reference._api import Api, ApiError, create_body

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from overshoot_testkit.clients._protocol import Options, Target

log = logging.getLogger(__name__)

STREAM_ENDED = "stream ended: "
"""How the reason of close code 1001 begins when the stream is over. Source: contract."""


ENDS_OF_SOCKET = frozenset(
    {
        aiohttp.WSMsgType.CLOSE,
        aiohttp.WSMsgType.CLOSING,
        aiohttp.WSMsgType.CLOSED,
        aiohttp.WSMsgType.ERROR,
    }
)


class State(enum.Enum):
    """The life of a client: IDLE → STARTING → RUNNING → ENDING → IDLE, and STARTING → ENDING."""

    IDLE = "idle"
    STARTING = "starting"
    RUNNING = "running"
    ENDING = "ending"


class ReferenceClient:
    """A client of Overshoot v0.2 as it should be. Durations are in seconds."""

    name = "reference"
    version = "1"
    clock: ClientClock = "loop"
    capabilities: frozenset[str] = frozenset({"native", "update_prompt", "restart", "error_status"})

    create_timeout = 30.0
    request_timeout = 5.0
    keepalive_attempts = 3
    keepalive_backoff = 2.0
    """Seed 000 › Keepalive Retry Behavior: 3 attempts a cycle, 2 seconds between."""
    close_attempts = 2
    close_timeout = 4.0
    socket_heartbeat = 20.0
    reconnect_delays: ClassVar[tuple[float, ...]] = (0.5, 1.0, 2.0, 4.0, 8.0)

    def __init__(self) -> None:
        self._state = State.IDLE
        self._stream_id: str | None = None
        self._api: Api | None = None
        self._creating: asyncio.Task[dict[str, Any]] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._ending: asyncio.Task[None] | None = None
        self._failure: ErrorReport | None = None
        self._livekit_token: str | None = None
        self._ttl = 0.0
        self._lease_end = 0.0

    # --- what the user calls ------------------------------------------------------------------------

    def is_active(self) -> bool:
        return self._state is State.RUNNING

    def stream_id(self) -> str | None:
        return self._stream_id

    async def start(
        self,
        target: Target,
        options: Options,
        on_result: Callable[[Mapping[str, Any]], object],
        on_error: Callable[[ErrorReport], object],
    ) -> None:
        """Create the stream and return when results can flow. Raises ClientError."""
        if self._state is not State.IDLE:
            raise ClientError(ErrorReport("validation", "the stream is running; stop it first"))
        self._state, self._stream_id, self._failure = State.STARTING, None, None
        self._on_result, self._on_error = on_result, on_error
        self._api = Api(target)
        self._creating = asyncio.create_task(self._create(options), name="create")
        try:
            # Shielded: a request that is cancelled half-way may still make a stream that nobody closes.
            answer = await asyncio.shield(self._creating)
            await self._run(answer, target.api_key)
        except asyncio.CancelledError:
            await self._end()
            raise
        except ClientError:
            await self._end()
            raise

    async def update_prompt(self, prompt: str) -> None:
        """Change the prompt of the running stream. Raises ClientError; the stream goes on."""
        if self._api is None or self._stream_id is None or not self.is_active():
            raise ClientError(ErrorReport("validation", "no stream is running"))
        await self._api.update_prompt(self._stream_id, prompt, timeout=self.request_timeout)

    async def stop(self) -> None:
        """Close the stream and release everything. Harmless when there is nothing to stop."""
        await self._end()

    async def aclose(self) -> None:
        await self._end()

    # --- starting -----------------------------------------------------------------------------------

    async def _create(self, options: Options) -> dict[str, Any]:
        assert self._api is not None
        answer = await self._api.create(self._body(options), timeout=self.create_timeout)
        self._stream_id = answer["stream_id"]
        return answer

    def _body(self, options: Options) -> dict[str, Any]:
        return create_body(options)

    async def _run(self, answer: dict[str, Any], api_key: str) -> None:
        self._still_starting()
        self._livekit_token = (answer.get("livekit") or {}).get("token")
        self._renewed(float((answer.get("lease") or {}).get("ttl_seconds", 45)), self._now())
        listening = asyncio.Event()
        self._spawn(self._keep_alive(), "keepalive")
        self._spawn(self._listen(api_key, listening), "results")
        await listening.wait()
        self._still_starting()
        self._state = State.RUNNING

    def _still_starting(self) -> None:
        if self._state is not State.STARTING:
            raise ClientError(self._failure or ErrorReport("validation", "stopped while starting"))

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # --- keepalive ----------------------------------------------------------------------------------

    def _renewed(self, ttl: float, asked_at: float) -> None:
        """The server counts from when it answered; counting from when we asked errs on the safe side."""
        self._ttl, self._lease_end = ttl, asked_at + ttl

    def _keepalive_delay(self) -> float:
        """A third of the lease leaves room for a whole cycle of attempts that time out."""
        return self._ttl / 3

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(self._keepalive_delay())
            try:
                await self._keepalive_cycle()
            except ApiError as error:
                self._fail(error.report)
                return

    async def _keepalive_cycle(self) -> None:
        """Renew the lease, in several attempts if failures are transient. Raises the last ApiError."""
        attempt = 1
        while True:
            asked_at = self._now()
            try:
                answer = await self._keepalive()
            except ApiError as error:
                if not self._may_retry(error) or self._gives_up(attempt):
                    raise
            else:
                self._livekit_token = answer.get("livekit_token") or self._livekit_token
                self._renewed(float(answer.get("ttl_seconds", self._ttl)), asked_at)
                return
            attempt += 1
            await asyncio.sleep(self.keepalive_backoff)

    def _gives_up(self, attempt: int) -> bool:
        """After the documented attempts, and when the lease would be gone before another one."""
        out_of_time = self._now() + self.keepalive_backoff >= self._lease_end
        return attempt >= self.keepalive_attempts or out_of_time

    async def _keepalive(self) -> dict[str, Any]:
        assert self._api is not None
        assert self._stream_id is not None
        timeout = min(self.request_timeout, self._lease_end - self._now())
        return await self._api.keepalive(self._stream_id, timeout=timeout)

    def _may_retry(self, error: ApiError) -> bool:
        """402 is terminal (Starting & Stopping Streams › Keepalive); so is what repeating cannot mend."""
        return error.transient

    # --- results ------------------------------------------------------------------------------------

    async def _listen(self, api_key: str, listening: asyncio.Event) -> None:
        """Keep a result socket open until the stream is over.

        `listening` is set as soon as the first one is open, or it is certain that none will be.
        """
        failures = 0
        try:
            while True:
                try:
                    socket = await self._connect(api_key)
                except ApiError as error:
                    if not self._may_retry(error):
                        self._fail(error.report)
                        return
                else:
                    failures = 0
                    listening.set()
                    over = await self._receive(socket)
                    if over is not None:
                        self._fail(over)
                        return
                await asyncio.sleep(self._reconnect_delay(failures))
                failures += 1
        finally:
            listening.set()

    def _reconnect_delay(self, failures: int) -> float:
        return self.reconnect_delays[min(failures, len(self.reconnect_delays) - 1)]

    async def _connect(self, api_key: str) -> aiohttp.ClientWebSocketResponse:
        assert self._api is not None
        assert self._stream_id is not None
        socket = await self._api.open_socket(self._stream_id, heartbeat=self.socket_heartbeat)
        with contextlib.suppress(ConnectionError):  # closed already: receiving will tell why
            await socket.send_json(self._first_message(api_key))
        return socket

    def _first_message(self, api_key: str) -> dict[str, Any]:
        """The key comes first. Source: contract."""
        return {"api_key": api_key}

    async def _receive(self, socket: aiohttp.ClientWebSocketResponse) -> ErrorReport | None:
        """Deliver results until the socket ends. Returns what to report if the stream ended with it."""
        reason = ""
        try:
            while (message := await socket.receive()).type not in ENDS_OF_SOCKET:
                if message.type is aiohttp.WSMsgType.TEXT:
                    self._deliver(message.data)
            if message.type is aiohttp.WSMsgType.CLOSE:
                reason = message.extra or ""
        finally:
            await socket.close()
        return self._verdict_on_close(socket.close_code or 1006, reason)

    def _verdict_on_close(self, code: int, reason: str) -> ErrorReport | None:
        """1008 and an ended stream are terminal; everything else passes. Source: contract."""
        if code == 1008:
            told = f"the result socket refused the key: {reason}"
            return ErrorReport("authentication", told, None, code, reason)
        if code == 1001 and reason.startswith(STREAM_ENDED):
            return ErrorReport("socket", reason, None, code, reason.removeprefix(STREAM_ENDED))
        return None

    def _deliver(self, text: str) -> None:
        """Hand a result to the user. What is no result, and what the user's code raises, ends nothing."""
        try:
            result = json.loads(text)
        except ValueError:
            log.warning("ignored a message that is not JSON")
            return
        if not isinstance(result, dict) or "result" not in result:
            log.warning("ignored a message that is not a result")
            return
        if self._state is State.ENDING:
            return
        try:
            self._on_result(result)
        except Exception:
            log.exception("the result callback failed")

    # --- ending -------------------------------------------------------------------------------------

    def _fail(self, report: ErrorReport) -> None:
        """The stream is over without the user having asked: say so once, and release everything."""
        if self._state not in {State.STARTING, State.RUNNING}:
            return
        told_by_start = self._state is State.STARTING
        self._failure = report
        self._begin_end()
        if told_by_start:
            return
        try:
            self._on_error(report)
        except Exception:
            log.exception("the error callback failed")

    async def _end(self) -> None:
        """End the stream and wait until that is through. Several callers share one ending."""
        if self._state is State.IDLE:
            return
        ending = self._begin_end()
        await asyncio.shield(ending)

    def _begin_end(self) -> asyncio.Task[None]:
        self._state = State.ENDING
        if self._ending is None:
            self._ending = asyncio.create_task(self._release(), name="release")
        return self._ending

    async def _release(self) -> None:
        """Leave nothing behind: no stream on the server, no task, no socket."""
        await self._settle_create()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._api is not None:
            if self._stream_id is not None:
                await self._close_stream(self._api, self._stream_id)
            await self._api.aclose()
        self._api, self._creating, self._ending = None, None, None
        self._state = State.IDLE

    async def _settle_create(self) -> None:
        """Wait for a create that is under way: only its answer tells which stream to close."""
        if self._creating is not None:
            await asyncio.wait({self._creating})
            if not self._creating.cancelled():
                self._creating.exception()  # start has raised it, or nobody waits for it any more

    async def _close_stream(self, api: Api, stream_id: str) -> None:
        """One DELETE, and one more if the first failed for a passing reason; the lease does the rest."""
        for attempt in range(1, self.close_attempts + 1):
            try:
                await api.close(stream_id, timeout=self.close_timeout)
            except ApiError as error:
                if not error.transient or attempt == self.close_attempts:
                    return
                await asyncio.sleep(1.0)
            else:
                return

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
