"""What arrives on a connection and is not HTTP, or more of it than is taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError, LineTooLong
from aiohttp.web_protocol import RequestPayloadError

from overshoot_testkit.fakes.base._call import Refusal

if TYPE_CHECKING:
    import asyncio

LONGEST_URL = 8190
"""Bytes of a request's target; one that is longer is answered 414. *assumed*: aiohttp's own bound."""
LONGEST_LINE = 64 * 1024
"""Bytes of a target that are read at all."""
LONGEST_FIELD = 8190
"""Bytes of a header line; more is answered 431."""


class Failures(Protocol):
    """Who is told of what went wrong on a connection."""

    def misread(self, request: web.BaseRequest, error: BaseException | None) -> web.StreamResponse:
        """The answer to what could not be read; `request` has nothing of it."""
        ...

    def defect(self, error: Exception) -> None:
        """Something of our own failed."""
        ...


def refusal(error: BaseException | None) -> Refusal:
    """The answer to what could not be read as HTTP. Nothing of it is repeated: it may hold a key."""
    if isinstance(error, LineTooLong):
        return Refusal(414 if str(LONGEST_LINE) in map(str, error.args) else 431)
    if not isinstance(error, HttpProcessingError):
        return Refusal(500)
    return Refusal(400, "The request could not be read as HTTP/1.1.")


class Connection(web.RequestHandler):
    """aiohttp's end of a connection, which leaves failures to the service in place of the log."""

    __slots__ = ("_failures",)

    def __init__(
        self, server: web.Server, loop: asyncio.AbstractEventLoop, failures: Failures, **how: Any
    ) -> None:
        super().__init__(
            server,
            loop=loop,
            max_line_size=LONGEST_LINE,
            max_field_size=LONGEST_FIELD,
            access_log=None,  # type: ignore[arg-type] # which is how it is turned off
            **how,
        )
        self._failures = failures

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,  # noqa: ARG002 - decided by what the error is
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - repeats what was sent
    ) -> web.StreamResponse:
        """Answer what could not be read, and close the connection: nobody knows where the next begins."""
        if request.writer.output_size > 0:
            raise ConnectionError("an answer is on its way already")
        exc = exc or RuntimeError("a handler gave up")
        self.log_exception(exc_info=exc)
        response = self._failures.misread(request, exc)
        response.force_close()
        return response

    def log_exception(self, *_: Any, exc_info: BaseException | None = None, **__: Any) -> None:
        """What aiohttp would log. A body that broke off or was no body was answered already."""
        if isinstance(exc_info, Exception) and not isinstance(
            exc_info, HttpProcessingError | RequestPayloadError | ConnectionError
        ):
            self._failures.defect(exc_info)
