"""The journal: what happened and when, in order, and questions about it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from overshoot_testkit.journal._events import Event, Request, Response
from overshoot_testkit.journal._redaction import Redactor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from overshoot_testkit.clock import Clock

E = TypeVar("E", bound=Event)

FOREVER = float("inf")


class Exchange(NamedTuple):
    """A request and how it ended; None while the server holds it."""

    request: Request
    response: Response | None


class Recording:
    """A finished or growing list of events, and typed queries over it."""

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self.events: list[Event] = list(events)

    def __len__(self) -> int:
        return len(self.events)

    def __iter__(self) -> Iterator[Event]:
        return iter(self.events)

    def of(
        self, kind: type[E], *, since: float = -FOREVER, until: float = FOREVER, **values: object
    ) -> list[E]:
        """Events of one class between two moments (both included) whose attributes equal `values`.

        `journal.of(Response, route="keepalive", status=402, since=22.5)`
        """
        return [
            event
            for event in self.events
            if isinstance(event, kind)
            and since <= event.at <= until
            and all(getattr(event, name) == value for name, value in values.items())
        ]

    def first(self, kind: type[E], **query: Any) -> E | None:
        """The earliest event that `of` finds, or None."""
        found = self.of(kind, **query)
        return found[0] if found else None

    def last(self, kind: type[E], **query: Any) -> E | None:
        """The latest event that `of` finds, or None."""
        found = self.of(kind, **query)
        return found[-1] if found else None

    def exchanges(
        self, route: str | None = None, *, since: float = -FOREVER, until: float = FOREVER, **values: object
    ) -> list[Exchange]:
        """Requests (to `route`, or all) that arrived between two moments, each with its end."""
        if route is not None:
            values["route"] = route
        # After a snapshot was restored ids come again: an end belongs to the latest request of its id.
        latest: dict[str, Request] = {}
        ends: dict[int, Response] = {}
        for event in self.events:
            if isinstance(event, Request):
                latest[event.request_id] = event
            elif isinstance(event, Response) and event.request_id in latest:
                ends[id(latest[event.request_id])] = event
        return [
            Exchange(request, ends.get(id(request)))
            for request in self.of(Request, since=since, until=until, **values)
        ]

    def to_jsonl(self) -> str:
        """One JSON object a line, members sorted: the same run gives the same bytes."""
        return "".join(
            json.dumps(event.as_dict(), sort_keys=True, ensure_ascii=False, separators=(",", ":")) + "\n"
            for event in self.events
        )

    def dump(self, path: Path) -> None:
        """Write `to_jsonl()` to a file."""
        path.write_text(self.to_jsonl(), encoding="utf-8", newline="\n")

    @classmethod
    def load(cls, path: Path) -> Recording:
        """Read what `dump` wrote."""
        lines = path.read_text(encoding="utf-8").splitlines()
        return cls(Event.from_dict(json.loads(line)) for line in lines)


class Journal(Recording):
    """A recording that grows: stamps each event with its number and the clock's time.

    Free text and JSON must be passed through `secrets` by whoever writes the event: `Redactor.value` for
    bodies and messages, `Redactor.text` for texts.

    keep: how many events to have at least, the latest ones, where memory is to be bounded: for a fake that
    serves for days. Up to a quarter more are there; older ones are gone from every query, and events keep
    their numbers. None is all. Raises ValueError if it is less than 1.
    """

    def __init__(self, clock: Clock, *, keep: int | None = None) -> None:
        if keep is not None and keep < 1:
            raise ValueError(f"keep: {keep} must be at least 1; leave it out to keep all events")
        super().__init__()
        self._keep = keep
        self._most = FOREVER if keep is None else keep + max(1, keep // 4)
        self._count = 0
        self.clock = clock
        self.secrets = Redactor()
        self.era = 0
        """How often it was emptied."""
        self._listeners: list[Callable[[Event], object]] = []

    def clear(self) -> None:
        """Forget what happened; events count from 0 again. Secrets stay known, listeners stay."""
        self.era += 1
        self.events.clear()
        self._count = 0

    def since(self, seq: int) -> list[Event]:
        """The events from number `seq` on, as far as they are kept."""
        first = self.events[0].seq if self.events else 0
        return self.events[max(seq - first, 0) :]

    def add(self, event: E) -> E:
        """Write `event` down, now."""
        event.seq = self._count
        self._count += 1
        event.at = self.clock.now()
        self.events.append(event)
        if len(self.events) > self._most:
            del self.events[: -self._keep]  # type: ignore[operator] # there is a bound where there is a most
        for listener in tuple(self._listeners):
            listener(event)
        return event

    def subscribe(self, listener: Callable[[Event], object]) -> Callable[[], None]:
        """Call `listener` with each event from now on; call what is returned to end that."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe
