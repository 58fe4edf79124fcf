"""Who may drive the fake: programs on this machine, and whoever has the token.

Two dangers come with any server on loopback. A page of some website, open in a browser on this machine, can
send requests to it: those carry an `Origin` (or `Sec-Fetch-Site`) that is not ours. And a website can let its
own name point to 127.0.0.1 (DNS rebinding), so that its pages are of "our" origin: those carry its name as
`Host`. Both are refused.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aiohttp import web

from overshoot_testkit.admin._operation import AdminError

if TYPE_CHECKING:
    from collections.abc import Container

LOCAL = ("127.0.0.1", "localhost", "::1")
SHORTEST_TOKEN = 16


class Access:
    """Lets requests in, or raises AdminError 401 or 403.

    token: None where no token is needed. names: the hosts that a request may name; None for any, which only
    a token makes safe.
    """

    def __init__(self, token: str | None, names: Container[str] | None) -> None:
        if token is not None and len(token) < SHORTEST_TOKEN:
            raise ValueError(
                f"admin token: {len(token)} characters can be guessed; at least {SHORTEST_TOKEN}"
            )
        self._token = token
        self._names = names

    def check(self, request: web.Request) -> None:
        """Let it in, or raise."""
        self._check_host(request)
        self._check_origin(request)
        if self._token is not None and not (self._has_bearer(request) or self._has_cookie(request)):
            raise AdminError(
                401,
                "unauthorized",
                "send `Authorization: Bearer <admin token>`, or open /_testkit/ui?token=…",
            )

    def sign_in(self, request: web.Request) -> web.Response | None:
        """Let a browser in that shows the token once, as `?token=`: a cookie and the page without it.

        None where the request shows none. Raises AdminError 401 for a wrong one.
        """
        shown = request.query.get("token")
        if shown is None:
            return None
        self._check_host(request)
        self._check_origin(request)
        # Relative, so that it leads back here through whatever stands in between.
        answer = web.Response(status=303, headers={"Location": "ui", "Cache-Control": "no-store"})
        if self._token is None:
            return answer
        if not _equal(shown, self._token):
            raise AdminError(401, "unauthorized", "the token is not the one this server was started with")
        answer.set_cookie(
            self._cookie(request), self._pass(), path="/_testkit", httponly=True, samesite="Strict"
        )
        return answer

    def _check_host(self, request: web.Request) -> None:
        if self._names is None:
            return
        name = urlsplit(f"//{request.host}").hostname
        if name not in self._names:
            raise AdminError(
                403, "forbidden_host", f"this server is not called {name!r}; use 127.0.0.1 or localhost"
            )

    @staticmethod
    def _check_origin(request: web.Request) -> None:
        origin = request.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc != request.host:
            raise AdminError(
                403, "forbidden_origin", f"a page of {origin} must not drive this server; only its own UI may"
            )
        site = request.headers.get("Sec-Fetch-Site", "none")
        followed = request.method == "GET" and request.headers.get("Sec-Fetch-Mode") == "navigate"
        if site in {"cross-site", "same-site"} and not followed:
            raise AdminError(403, "forbidden_origin", "a page of another site must not drive this server")

    def _has_bearer(self, request: web.Request) -> bool:
        kind, _, shown = request.headers.get("Authorization", "").partition(" ")
        return kind.lower() == "bearer" and _equal(shown.strip(), self._token or "")

    def _has_cookie(self, request: web.Request) -> bool:
        return _equal(request.cookies.get(self._cookie(request), ""), self._pass())

    @staticmethod
    def _cookie(request: web.Request) -> str:
        # Cookies know hosts but not ports: two servers on one machine must not take each other's.
        return f"overshoot_testkit_{urlsplit(f'//{request.host}').port or 80}"

    def _pass(self) -> str:
        return hmac.new((self._token or "").encode(), b"admin ui", hashlib.sha256).hexdigest()


def _equal(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "surrogateescape"), other.encode())
