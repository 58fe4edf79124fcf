"""A client in another process, in any language, behind the driver protocol (docs/driver-protocol.md)."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections import deque
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar

from overshoot_testkit.clients._driver_state import PROTOCOL, DriverState, Hello, read_report
from overshoot_testkit.clients._jsonrpc import JsonRpcProcess, MalformedError
from overshoot_testkit.clients._process import DriverError
from overshoot_testkit.clock import EPOCH

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

    from overshoot_testkit.clients._protocol import ErrorReport, OnError, OnResult, Options, Target

_T = TypeVar("_T")

CallMethod = Literal["start", "stop", "update_prompt"]
Query = Literal["is_active", "stream_id", "media_stream"]

_LOG_LINES_KEPT = 200
_GRACE = 2.0  # real seconds to answer `close`, and then to exit
_NANOSECOND_MS = 6  # decimals of a millisecond


@dataclass(frozen=True, slots=True)
class CallOutcome:
    """How a call on the client ended: with a value, or with what it raised."""

    value: Any = None
    error: ErrorReport | None = None


class CallHandle:
    """A call on the client that has been made and may still be going on."""

    def __init__(self, number: int, method: CallMethod) -> None:
        self.id = number
        self.method = method
        self.done: asyncio.Future[CallOutcome] = asyncio.get_running_loop().create_future()
        """Resolves when the call is over; raises `DriverError` if the driver goes before."""
        # asyncio need not complain of a call that nobody waits for: whoever steps the driver hears of it.
        self.done.add_done_callback(lambda done: done.cancelled() or done.exception())

    @property
    def pending(self) -> bool:
        return not self.done.done()

    def __repr__(self) -> str:
        return f"<{self.method} call {self.id}, {'pending' if self.pending else 'done'}>"


class DriverClient:
    """The primitives of a driver: make calls, look, step. Start one with `await DriverClient.launch(…)`.

    The client's time stands still except in `step`. Knowing *when* to step takes the server's side too (which
    requests it holds), so the loop of settling and stepping is the lab's, not this class's.

    All methods raise `DriverError` once the driver has died, hung or broken the protocol. Only for event
    loops on real time: a process cannot be waited for in virtual time.
    """

    def __init__(self) -> None:
        self.on_result: OnResult | None = None
        self.on_error: OnError | None = None
        self.log: deque[str] = deque(maxlen=_LOG_LINES_KEPT)
        """The last `log` notifications."""
        self._calls: dict[int, CallHandle] = {}
        self._numbers = itertools.count(1)
        self._closed = False
        self._peer: JsonRpcProcess
        self.hello: Hello
        """Name, version, capabilities and notes of the client under test."""

    @classmethod
    async def launch(
        cls,
        command: Sequence[str],
        *,
        origin: float = EPOCH,
        seed: int = 0,
        patience: float = 10.0,
        cwd: str | os.PathLike[str] | None = None,
    ) -> Self:
        """Start a driver and shake hands.

        `origin`: unix seconds at 0 of the client's clock. `seed`: for a driver that controls its client's
        random numbers. `patience`: real seconds that any answer may take. Raise `DriverError`, with nothing
        left running, if it cannot be started or does not say hello as it should.
        """
        client = cls()
        client._peer = await JsonRpcProcess.start(
            command, client._notified, client._failed, patience=patience, cwd=cwd
        )
        try:
            params = {"protocol": PROTOCOL, "origin_ms": round(origin * 1000), "seed": seed}
            client.hello = client._read(Hello.read, await client._peer.request("hello", params))
        except BaseException:
            await client.aclose()
            raise
        return client

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    @property
    def pid(self) -> int:
        return self._peer.process.pid

    @property
    def stderr(self) -> tuple[str, ...]:
        """The last 200 lines of standard error, where the SDK's own logs are; without secrets."""
        return self._peer.process.stderr

    @property
    def calls(self) -> tuple[CallHandle, ...]:
        """The calls that are pending."""
        return tuple(self._calls.values())

    async def call(self, method: CallMethod, params: Mapping[str, Any] | None = None) -> CallHandle:
        """Make a call on the client; returns when it has been made, not when it is over."""
        target = (params or {}).get("target", {})
        for secret in ("api_key", "livekit_token"):
            self._peer.process.redact(target.get(secret))
        handle = CallHandle(next(self._numbers), method)
        self._calls[handle.id] = handle  # before the request: `done` may arrive with its answer
        try:
            request = {"id": handle.id, "method": method, "params": dict(params or {})}
            await self._peer.request("call", request)
        except BaseException:
            self._calls.pop(handle.id, None)
            raise
        return handle

    async def start(self, target: Target, options: Options) -> CallHandle:
        """`call("start", …)` from the harness's own types."""
        wire = {name: value for name, value in asdict(target).items() if value is not None}
        return await self.call("start", {"target": wire, "options": options.as_wire()})

    async def query(self, what: Query) -> Any:
        """Ask the client for something that it knows without waiting; JSON values."""
        answer = await self._peer.request("query", {"what": what})
        if not isinstance(answer, dict) or "value" not in answer:
            raise self._broken(f"the driver's answer to the query {what!r} has no value: {answer!r}")
        return answer["value"]

    async def state(self) -> DriverState:
        """Look at the client, after everything it could do without waiting has been done."""
        return self._read(DriverState.read, await self._peer.request("state"))

    async def step(self, to: float) -> DriverState:
        """Fire the next timer if it is due by `to`, otherwise move the client's clock to `to` (seconds)."""
        # Seconds times 1000 are rarely what the milliseconds were: unrounded, a timer could be just missed.
        answer = await self._peer.request("step", {"to": round(to * 1000, _NANOSECOND_MS)})
        return self._read(DriverState.read, answer)

    async def media(self, action: Literal["end", "fail"]) -> None:
        """End the client's media source, or break it."""
        await self._peer.request("media", {"action": action})

    async def aclose(self) -> None:
        """End the driver: ask it to close, wait 2 real seconds, kill its process group. Harmless twice."""
        if self._closed:
            return
        self._closed = True
        grace = 0.0  # for a driver that has gone wrong
        try:
            if self._peer.failure is None:
                with contextlib.suppress(DriverError, TimeoutError):
                    async with asyncio.timeout(_GRACE):
                        await self._peer.request("close")
                        grace = _GRACE
        finally:
            self._peer.fail(DriverError("the driver has been closed"))
            await self._peer.aclose(grace)

    # what the driver says unasked

    def _notified(self, method: str, params: dict[str, Any]) -> None:
        match method, params:
            case "result", {"data": dict(data)}:
                if self.on_result is not None:
                    self.on_result(data)
            case "error", {"report": wire}:
                report = _report(wire)
                if self.on_error is not None:
                    self.on_error(report)
            case "done", {"id": int(number)}:
                self._done(number, params)
            case "log", {"text": str(text)}:
                self.log.append(text)
            case _:
                raise MalformedError(
                    f"there is no notification {method!r} with members {', '.join(params) or 'none'}"
                )

    def _done(self, number: int, params: dict[str, Any]) -> None:
        handle = self._calls.pop(number, None)
        if handle is None:
            raise MalformedError(f"no call {number} is pending")
        if "error" in params:
            outcome = CallOutcome(error=_report(params["error"]))
        else:
            outcome = CallOutcome(value=params.get("value"))
        handle.done.set_result(outcome)

    def _failed(self, error: Exception) -> None:
        while self._calls:
            _, handle = self._calls.popitem()
            handle.done.set_exception(error)

    def _read(self, reader: Callable[[Any], _T], answer: Any) -> _T:
        try:
            return reader(answer)
        except DriverError as problem:
            raise self._broken(str(problem)) from None

    def _broken(self, text: str) -> DriverError:
        error = DriverError(text)
        self._peer.fail(error)
        return error


def _report(wire: Any) -> ErrorReport:
    try:
        return read_report(wire)
    except DriverError as problem:
        raise MalformedError(str(problem)) from None
