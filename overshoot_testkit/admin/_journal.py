"""/journal: what happened, asked once or followed."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Annotated, Any

from aiohttp import web
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import to_json

from overshoot_testkit.admin._har import har
from overshoot_testkit.admin._operation import AdminError, Ask, Operation, Query, View
from overshoot_testkit.journal import Event, describe

if TYPE_CHECKING:
    from collections.abc import Iterable

    from overshoot_testkit.admin._hosted import Hosted
    from overshoot_testkit.journal import Journal

HEARTBEAT = 15.0
"""Real seconds after which a follower who heard nothing gets a comment: proxies end what is silent."""
_AT_ONCE = 200
"""Events written to a follower in one go."""
_SSE = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
}


def _several(value: object) -> object:
    return [each.strip() for each in value.split(",")] if isinstance(value, str) else value


Several = Annotated[
    list[str], BeforeValidator(_several), Field(description="Several are separated by commas.")
]


class JournalQuery(Query):
    """Which events: each condition that is given must hold."""

    event: Several | None = None
    """Class names, such as Request or FaultFired."""
    route: Several | None = None
    stream: Several | None = None
    since: float | None = None
    until: float | None = None
    """Seconds of the clock; both included."""
    after: int = -1
    """Only events with a greater `seq`."""
    limit: Annotated[int, Field(ge=1, le=100_000)] = 10_000

    def accepts(self, event: Event) -> bool:
        """Whether it is one of those meant, `after` and `limit` aside."""
        return (
            (self.event is None or type(event).__name__ in self.event)
            and (self.route is None or getattr(event, "route", None) in self.route)
            and (self.stream is None or _stream_of(event) in self.stream)
            and (self.since is None or event.at >= self.since)
            and (self.until is None or event.at <= self.until)
        )


class FollowQuery(JournalQuery):
    """As for the journal; `limit` does not matter."""


class EventView(BaseModel):
    """An event; its other members depend on its class."""

    model_config = ConfigDict(extra="allow")

    event: str
    seq: int
    at: float
    """Seconds of the clock."""
    text: str | None
    """As people read it; None for what another event's text says too."""


class JournalView(View):
    """Part of a journal."""

    events: list[EventView]
    last: int
    """`seq` of the last event looked at: what to give as `after` next time."""
    more: bool
    """Whether there are further events that match."""


class HarView(BaseModel):
    """HTTP Archive 1.2."""

    model_config = ConfigDict(extra="allow")

    log: dict[str, Any]


class JournalPart:
    """Its operations. Followers read the journal itself, each at its own pace, and nobody waits for them."""

    def __init__(self, fake: Hosted) -> None:
        self._fake = fake
        self._waiting: set[asyncio.Future[None]] = set()
        self._closed = False
        self._unsubscribe = fake.journal.subscribe(self._tell)

    def operations(self) -> list[Operation]:
        """What can be asked."""
        return [
            Operation(
                "get_journal",
                "GET",
                "/journal",
                "What happened.",
                self._events,
                JournalView,
                query=JournalQuery,
            ),
            Operation(
                "follow_journal",
                "GET",
                "/journal/follow",
                "What happened and happens, as server-sent events; `reset` tells that it was emptied.",
                self._follow,
                "text/event-stream",
                query=FollowQuery,
            ),
            Operation(
                "get_har",
                "GET",
                "/journal.har",
                "Requests, answers and WebSocket messages as HAR 1.2.",
                self._har,
                HarView,
            ),
        ]

    def close(self) -> None:
        """Let the followers go."""
        self._closed = True
        self._unsubscribe()
        self._tell()

    def _tell(self, _: Event | None = None) -> None:
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_result(None)
        self._waiting.clear()

    def _events(self, ask: Ask) -> Any:
        query: JournalQuery = ask.query
        journal = self._fake.journal
        found: list[dict[str, Any]] = []
        last, more = _last(journal), False
        for event in journal.since(query.after + 1):
            if query.accepts(event):
                if len(found) == query.limit:
                    more, last = True, found[-1]["seq"]
                    break
                found.append(viewed(event))
        return {"events": found, "last": last, "more": more}

    def _har(self, _: Ask) -> Any:
        journal = self._fake.journal
        return har(journal, base_url=self._fake.base_url, origin=journal.clock.origin)

    async def _follow(self, ask: Ask) -> web.StreamResponse:
        journal = self._fake.journal
        era, index = journal.era, max(_resumed(ask) + 1, 0)
        response = web.StreamResponse(headers=_SSE)
        await response.prepare(ask.request)
        with contextlib.suppress(ConnectionError):
            await response.write(b": following\nretry: 1000\n\n")
            while not self._closed:
                if era != journal.era or index > _last(journal) + 1:
                    era, index = journal.era, 0
                    await response.write(b"id: -1\nevent: reset\ndata: {}\n\n")
                if part := journal.since(index)[:_AT_ONCE]:
                    index = part[-1].seq + 1
                    await response.write(_written(each for each in part if ask.query.accepts(each)))
                elif not await self._news():
                    await response.write(b": still here\n\n")
        return response

    async def _news(self) -> bool:
        """Wait for something new; False if there was nothing for a while."""
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(waiting)
        try:
            await asyncio.wait_for(waiting, HEARTBEAT)
        except TimeoutError:
            return False
        finally:
            self._waiting.discard(waiting)
        return True


def _last(journal: Journal) -> int:
    return journal.events[-1].seq if journal.events else -1


def viewed(event: Event) -> dict[str, Any]:
    """An event as the API shows it."""
    return {**event.as_dict(), "text": describe(event)}


def _written(events: Iterable[Event]) -> bytes:
    return b"".join(b"id: %d\ndata: %s\n\n" % (event.seq, to_json(viewed(event))) for event in events)


def _stream_of(event: Event) -> str | None:
    if getattr(event, "entity", None) == "stream":
        return str(getattr(event, "id", None))
    return getattr(event, "stream_id", None)


def _resumed(ask: Ask) -> int:
    told = ask.request.headers.get("Last-Event-ID")
    if told is None:
        after: int = ask.query.after
        return after
    try:
        return int(told)
    except ValueError:
        raise AdminError(422, "invalid", f"Last-Event-ID: {told!r} is no number of an event") from None
