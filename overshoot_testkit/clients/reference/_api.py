"""The HTTP side of the reference client: one method a call, and one exception for whatever goes wrong."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import aiohttp

from overshoot_testkit.clients._protocol import ClientError, ErrorKind, ErrorReport

if TYPE_CHECKING:
    from overshoot_testkit.clients._protocol import Options, Target

KIND_OF_STATUS: dict[int, ErrorKind] = {
    400: "validation",
    401: "authentication",
    402: "credits",
    404: "not_found",
    422: "validation",
    429: "limit",
}


class ApiError(ClientError):
    """A request failed. `transient` tells whether the same request may succeed a little later."""

    def __init__(self, report: ErrorReport, *, transient: bool) -> None:
        super().__init__(report)
        self.transient = transient


class Api:
    """Overshoot v0.2 over HTTP. Timeouts are in seconds and cover the whole answer."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._session = aiohttp.ClientSession(headers={"Authorization": f"Bearer {target.api_key}"})

    async def aclose(self) -> None:
        await self._session.close()

    async def create(self, body: dict[str, Any], *, timeout: float) -> dict[str, Any]:
        """Make a stream. Never repeated: a lost answer may mean that a stream was made, and is paid for."""
        answer = await self.request("POST", "/streams", timeout=timeout, body=body)
        if not isinstance(answer.get("stream_id"), str):
            raise ApiError(
                ErrorReport("server", "the answer to POST /streams names no stream"), transient=False
            )
        return answer

    async def keepalive(self, stream_id: str, *, timeout: float) -> dict[str, Any]:
        """Renew the lease and pay. Source: contract; Starting & Stopping Streams › Keepalive."""
        return await self.request("POST", f"/streams/{stream_id}/keepalive", timeout=timeout)

    async def update_prompt(self, stream_id: str, prompt: str, *, timeout: float) -> None:
        await self.request(
            "PATCH", f"/streams/{stream_id}/config/prompt", timeout=timeout, body={"prompt": prompt}
        )

    async def close(self, stream_id: str, *, timeout: float) -> None:
        """Close the stream. Already closed (204) and unknown (404) are as good."""
        try:
            await self.request("DELETE", f"/streams/{stream_id}", timeout=timeout)
        except ApiError as error:
            if error.report.kind != "not_found":
                raise

    async def open_socket(self, stream_id: str, *, heartbeat: float) -> aiohttp.ClientWebSocketResponse:
        """Connect the result socket; the caller sends the first message."""
        url = f"{self._target.base_url}/ws/streams/{stream_id}"
        try:
            return await self._session.ws_connect(
                url, heartbeat=heartbeat, timeout=aiohttp.ClientWSTimeout(ws_close=1.0)
            )
        except aiohttp.WSServerHandshakeError as error:
            raise _refusal(error.status, error.message, None) from error
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise _no_answer(error) from error

    async def request(
        self, method: str, path: str, *, timeout: float, body: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Send a request and return the answer's JSON, {} for an empty one. Raises ApiError."""
        try:
            async with asyncio.timeout(timeout):
                answer = await self._session.request(method, f"{self._target.base_url}{path}", json=body)
                async with answer:
                    text = await answer.text()
        except (aiohttp.ClientError, OSError, TimeoutError, UnicodeDecodeError) as error:
            raise _no_answer(error) from error
        parsed = _parsed(text)
        if answer.status >= 400:
            raise _refusal(answer.status, answer.reason or "", parsed)
        if answer.status == 204:
            return {}
        if not isinstance(parsed, dict):
            raise ApiError(
                ErrorReport("server", "the server's answer is not JSON", answer.status), transient=True
            )
        return parsed


def create_body(options: Options) -> dict[str, Any]:
    """The body of POST /streams. Native transport has no `source` (Transport & Connectivity)."""
    if options.mode == "frame":
        processing: dict[str, Any] = {"interval_seconds": options.interval_seconds}
    else:
        processing = {
            "clip_length_seconds": options.clip_length_seconds,
            "delay_seconds": options.delay_seconds,
            "target_fps": options.target_fps,
        }
    inference = {
        "prompt": options.prompt,
        "model": options.model,
        "output_schema_json": options.output_schema,
        "max_output_tokens": options.max_output_tokens,
    }
    return {"mode": options.mode, "processing": _given(processing), "inference": _given(inference)}


def _given(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _refusal(status: int, reason: str, body: Any) -> ApiError:
    told = body if isinstance(body, dict) else {}
    message = str(told.get("message") or told.get("error") or reason or f"HTTP {status}")
    kind = KIND_OF_STATUS.get(status, "server" if status >= 500 else "unknown")
    return ApiError(ErrorReport(kind, message, status), transient=status >= 500 or status == 429)


def _no_answer(error: BaseException) -> ApiError:
    what = "timed out" if isinstance(error, TimeoutError) else str(error) or type(error).__name__
    return ApiError(ErrorReport("network", what), transient=True)
