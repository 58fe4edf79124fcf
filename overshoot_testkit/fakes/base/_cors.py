"""Cross-origin requests, as browsers that send credentials need them answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from multidict import istr

from overshoot_testkit.fakes.base._call import Reply
from overshoot_testkit.fakes.base._routes import Route

if TYPE_CHECKING:
    from collections.abc import Collection

    from overshoot_testkit.fakes.base._call import Call

Origins = Literal["any"] | tuple[str, ...]
"""Web pages that may read answers: those of any origin, or of these, such as `https://app.example.com`."""
Headers = tuple[tuple[istr, str], ...]

PREFLIGHT = "preflight"
"""The route of a browser's own question before the request that a page asks for."""
ORIGIN = istr("Origin")
ASKED_METHOD = istr("Access-Control-Request-Method")
_ALLOW_ORIGIN = istr("Access-Control-Allow-Origin")
_ALLOWED_HEADERS = "Authorization, Content-Type"
_EXPOSED_HEADERS = "X-Request-Id, Retry-After"
_MAX_AGE = "600"
"""Seconds for which a browser need not ask again. *assumed*"""
_MOST_ORIGINS = 1000


class Cors:
    """Answers with the exact origin, never `*`: a browser with credentials takes nothing else.

    Source: Fetch standard, 3.3 (CORS protocol and credentials). That all paths and methods of the server
    are allowed alike is *assumed*, and so is that a gateway answers: a preflight meets no outage, so that the
    page can read the status of the request itself.
    """

    def __init__(self, methods: Collection[str]) -> None:
        self._methods = methods
        self._origins: Origins = "any"
        self._known: dict[str, Headers] = {}
        self.route = Route(PREFLIGHT, "OPTIONS", "*", self._preflight, public=True)

    @property
    def origins(self) -> Origins:
        """Who may read answers; may be set at any time."""
        return self._origins

    @origins.setter
    def origins(self, origins: Origins) -> None:
        self._origins = origins
        self._known.clear()

    def headers(self, origin: str) -> Headers:
        """What an answer carries for a page of `origin`; nothing for one that may not read it."""
        known = self._known.get(origin)
        if known is None:
            if len(self._known) >= _MOST_ORIGINS:
                self._known.clear()
            known = self._known[origin] = self._made(origin)
        return known

    def _made(self, origin: str) -> Headers:
        # What is no plain text is no origin, and could not be written into a header.
        if not (origin.isascii() and origin.isprintable()):
            return ()
        if self._origins != "any" and origin not in self._origins:
            return ()
        return (
            (_ALLOW_ORIGIN, origin),
            (istr("Access-Control-Allow-Credentials"), "true"),
            (istr("Access-Control-Expose-Headers"), _EXPOSED_HEADERS),
        )

    def _preflight(self, call: Call) -> Reply:
        """204, with what is allowed; without, to a page that may not."""
        if not self.headers(call.request.headers[ORIGIN]):
            return Reply(204)
        return Reply(
            204,
            headers={
                "Access-Control-Allow-Methods": ", ".join(sorted(self._methods)),
                "Access-Control-Allow-Headers": _ALLOWED_HEADERS,
                "Access-Control-Max-Age": _MAX_AGE,
            },
        )
