"""/: what this is, and where everything else is."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from overshoot_testkit.admin._clock import ClockView  # noqa: TC001 - pydantic reads it
from overshoot_testkit.admin._openapi import document
from overshoot_testkit.admin._operation import Operation, View

if TYPE_CHECKING:
    from overshoot_testkit.admin._clock import ClockPart
    from overshoot_testkit.admin._hosted import Hosted
    from overshoot_testkit.admin._server import Server

_LINKS = ("ui", "openapi.json", "clock", "faults", "journal", "journal.har", "scenario", "snapshots")


class OverviewView(View):
    """The fake and its admin API."""

    version: str
    api_url: str
    admin_url: str
    clock: ClockView
    profile: str
    links: dict[str, str]


class DocumentView(BaseModel):
    """An OpenAPI document."""

    model_config = ConfigDict(extra="allow")

    openapi: str


class OverviewPart:
    """Its operations."""

    def __init__(self, server: Server, fake: Hosted, clock: ClockPart, profile: str) -> None:
        self._server = server
        self._fake = fake
        self._clock = clock
        self._profile = profile

    def operations(self) -> list[Operation]:
        """What can be asked. The first one is also answered without the slash."""
        return [
            Operation("get_overview", "GET", "/", "What this is.", lambda _: self._view(), OverviewView),
            Operation(
                "get_openapi",
                "GET",
                "/openapi.json",
                "This API's description.",
                lambda _: self._document(),
                DocumentView,
            ),
        ]

    def _view(self) -> OverviewView:
        url = self._server.url
        return OverviewView(
            version=_version(),
            api_url=self._fake.base_url,
            admin_url=url,
            clock=self._clock.view(),
            profile=self._profile,
            links={name: f"{url}/{name}" for name in _LINKS},
        )

    def _document(self) -> dict[str, Any]:
        return document(
            self._server.operations,
            title="overshoot-testkit admin API",
            version=_version(),
            prefix="/_testkit",
        )


def _version() -> str:
    try:
        return version("overshoot-testkit")
    except PackageNotFoundError:
        return "unknown"
