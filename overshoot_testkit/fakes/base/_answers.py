"""Answers as they go over the wire: the headers that all have in common, compression, the server's date."""

from __future__ import annotations

from email.utils import formatdate
from typing import TYPE_CHECKING

from aiohttp import web
from multidict import CIMultiDict, istr

from overshoot_testkit.fakes.base._body import write_json
from overshoot_testkit.fakes.base._cors import ORIGIN, Cors
from overshoot_testkit.fakes.base._encoding import gzip, takes_gzip

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp.web import BaseRequest

    from overshoot_testkit.fakes.base._call import Reply

GZIP_OVER = 1024
"""Bytes; a longer body is compressed for those who take it."""

_REQUEST_ID = istr("X-Request-Id")
_DATE = istr("Date")
_ACCEPT_ENCODING = istr("Accept-Encoding")
_VARY_ORIGIN = (istr("Vary"), "Origin")
_VARY_BOTH = (istr("Vary"), "Origin, Accept-Encoding")
_GZIPPED = (istr("Content-Encoding"), "gzip")
_JSON = (istr("Content-Type"), "application/json")
_HTML = (istr("Content-Type"), "text/html; charset=utf-8")
_LAST_SECOND = 253_402_300_799
"""The end of the year 9999, after which there are no dates."""


class Answers:
    """Makes them. `wall` tells the server's unix seconds."""

    def __init__(self, wall: Callable[[], float], cors: Cors) -> None:
        self.gzip_over: int | None = GZIP_OVER
        """Bytes; None to compress nothing."""
        self._wall = wall
        self._cors = cors
        self._second = -1
        self._date = ""

    def response(
        self, request: BaseRequest, request_id: str, reply: Reply, *, plain: bool = False
    ) -> web.Response:
        """The answer as aiohttp sends it; `plain` leaves it uncompressed whatever the client takes."""
        # A list of pairs, since making a multidict twice is what an answer costs most.
        headers = self.headers(request, request_id)
        body = reply.body
        data: bytes | None = None
        if body is not None:
            if isinstance(body, str):
                headers.append(_HTML)
                data = body.encode()
            else:
                headers.append(_JSON)
                data = write_json(body)
            if self.gzip_over is not None and len(data) > self.gzip_over and not plain:
                data = _compressed(request, headers, data)
        if not reply.headers:
            return web.Response(body=data, status=reply.status, headers=headers)
        replaced = CIMultiDict(headers)
        replaced.update(reply.headers)
        response = web.Response(body=data, status=reply.status, headers=replaced)
        if replaced.get("Connection", "").lower() == "close":
            response.force_close()
        return response

    def headers(self, request: BaseRequest, request_id: str) -> list[tuple[istr, str]]:
        """What every answer carries."""
        headers = [(_REQUEST_ID, request_id), (_DATE, self.date()), _VARY_ORIGIN]
        origin = request.headers.get(ORIGIN)
        if origin is not None:
            headers += self._cors.headers(origin)
        return headers

    def date(self) -> str:
        """The server's date, as HTTP writes it."""
        second = int(self._wall())
        if second != self._second:
            self._second = second
            self._date = formatdate(min(max(second, 0), _LAST_SECOND), usegmt=True)
        return self._date


def _compressed(request: BaseRequest, headers: list[tuple[istr, str]], data: bytes) -> bytes:
    headers[headers.index(_VARY_ORIGIN)] = _VARY_BOTH
    if not takes_gzip(request.headers.get(_ACCEPT_ENCODING, "")):
        return data
    headers.append(_GZIPPED)
    return gzip(data)
