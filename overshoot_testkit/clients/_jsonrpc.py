"""JSON-RPC 2.0 in lines, as the harness speaks it with a driver."""

from __future__ import annotations

import asyncio
import itertools
import json
from typing import TYPE_CHECKING, Any, Self

from overshoot_testkit.clients._process import DriverError, LineProcess

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence

    OnNotification = Callable[[str, dict[str, Any]], object]

_SHOWN = 300  # characters of a line that is not understood


class JsonRpcProcess:
    """A child process that answers requests and sends notifications. Start one with `JsonRpcProcess.start`.

    The first thing that goes wrong (it dies, it writes something else than JSON-RPC, it does not answer in
    time, a notification cannot be handled) is `failure`: it is raised from the requests that wait and from
    all that follow, because nothing that a driver says afterwards can be relied on.
    """

    process: LineProcess

    def __init__(
        self, on_notification: OnNotification, on_failure: Callable[[Exception], object], patience: float
    ) -> None:
        self.failure: Exception | None = None
        self._on_notification = on_notification
        self._on_failure = on_failure
        self._patience = patience
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}

    @classmethod
    async def start(
        cls,
        command: Sequence[str],
        on_notification: OnNotification,
        on_failure: Callable[[Exception], object],
        *,
        patience: float,
        cwd: str | os.PathLike[str] | None = None,
    ) -> Self:
        """Run `command`; `patience` is how many real seconds an answer may take."""
        peer = cls(on_notification, on_failure, patience)
        peer.process = await LineProcess.start(command, peer._got_line, peer.fail, cwd=cwd)
        return peer

    async def request(self, method: str, params: Mapping[str, Any] | None = None) -> Any:
        """Send a request, return its result. Raise `DriverError` if it is refused or there is no answer."""
        if self.failure is not None:
            raise self.failure
        number = next(self._numbers)
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        message = {"jsonrpc": "2.0", "id": number, "method": method, "params": dict(params or {})}
        self.process.write_line(json.dumps(message, separators=(",", ":")))
        try:
            async with asyncio.timeout(self._patience):
                return await answer
        except TimeoutError:
            self.fail(self.process.error(f"has not answered {method!r} in {self._patience:g} s: it hangs"))
            assert self.failure is not None
            raise self.failure from None
        finally:
            del self._waiting[number]

    def fail(self, error: Exception) -> None:
        """End the conversation with `error`."""
        if self.failure is not None:
            return
        self.failure = error
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(error)
        self._on_failure(error)

    async def aclose(self, grace: float) -> None:
        """End the process and its children; `grace` is how many real seconds it may take to do so itself."""
        await self.process.aclose(grace)

    def _got_line(self, line: str) -> None:
        if self.failure is not None:
            return
        try:
            message = json.loads(line)
        except ValueError:
            self.fail(
                self.process.error(
                    f"wrote a line that is not JSON: {line[:_SHOWN]!r}. Print to standard error"
                )
            )
            return
        try:
            self._got_message(message)
        except _NotUnderstoodError as problem:
            self.fail(self.process.error(f"broke the protocol: {problem}, in the line {line[:_SHOWN]!r}"))
        except Exception as error:  # noqa: BLE001 (whatever a callback of the harness raises belongs to who waits)
            self.fail(error)

    def _got_message(self, message: Any) -> None:
        match message:
            case {"method": str(method), **rest} if "id" not in message:
                params = rest.get("params", {})
                if not isinstance(params, dict):
                    raise _NotUnderstoodError("the params of a notification are not an object")
                self._on_notification(method, params)
            case {"id": int(number), "result": result}:
                self._future(number).set_result(result)
            case {"id": int(number), "error": {"message": str(text)}}:
                self._future(number).set_exception(self.process.error(f"refused a request: {text}"))
            case {"id": None, "error": {"message": str(text)}}:
                raise _NotUnderstoodError(f"it could not read a request: {text}")
            case _:
                raise _NotUnderstoodError("neither a notification nor an answer")

    def _future(self, number: int) -> asyncio.Future[Any]:
        waiting = self._waiting.get(number)
        if waiting is None or waiting.done():
            raise _NotUnderstoodError(f"nobody asked request {number}")
        return waiting


class _NotUnderstoodError(DriverError):
    """A message that the protocol does not have; what is wrong with it."""


class MalformedError(_NotUnderstoodError):
    """A notification whose content is not as the protocol says. Raise it from `on_notification`."""
