"""/ui: the page, from files of the package."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import TYPE_CHECKING

from aiohttp import web

from overshoot_testkit.admin._operation import Operation, not_found

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

_KINDS = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".json": "application/json",
}
_NAME = re.compile(r"[\w-]+(\.[\w-]+)*\.\w+")
_GUARDED = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class UiPart:
    """The page itself. Everything that it shows comes from the other operations."""

    def __init__(self) -> None:
        self._folder = files("overshoot_testkit.admin") / "ui"

    def operations(self) -> list[Operation]:
        """What can be asked."""
        return [
            Operation("get_ui", "GET", "/ui", "The page.", lambda _: self._send("index.html"), "text/html"),
            Operation(
                "get_ui_file",
                "GET",
                "/ui/{file}",
                "A file of the page.",
                lambda ask: self._send(ask.parameters["file"]),
                "text/javascript",
                errors=(404,),
            ),
        ]

    def _send(self, name: str) -> web.Response:
        file: Traversable = self._folder / name
        suffix = name[name.rfind(".") :]
        if not _NAME.fullmatch(name) or suffix not in _KINDS or not file.is_file():
            raise not_found("file", name)
        kind = _KINDS[suffix]
        charset = None if suffix == ".png" else "utf-8"
        return web.Response(body=file.read_bytes(), content_type=kind, charset=charset, headers=_GUARDED)
