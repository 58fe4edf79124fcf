"""Checks: what a scenario expects of the journal and of the server's state, and when it looks."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from overshoot_testkit.documents import near
from overshoot_testkit.journal import Event, FaultFired
from overshoot_testkit.scenarios._forms import Moment, Name, Number  # noqa: TC001 - pydantic's

if TYPE_CHECKING:
    from overshoot_testkit.scenarios._subject import Subject

JUST_AFTER = 1e-6
"""Seconds after its moment at which a check looks: all that happens at the moment itself has happened."""


class View(NamedTuple):
    """What a check looks at: the subject up to a moment. Both moments are seconds of the subject's clock."""

    subject: Subject
    start: float
    """When the scenario began; its own moments count from there."""
    now: float

    def events(self, query: Query) -> list[Event]:
        """The events that a query is about, so far."""
        kind = Event.registry[query.event]
        since = round(self.start + query.since, 6)
        until = self.now if query.until is None else round(self.start + query.until, 6)
        return [
            event
            for event in self.subject.journal.events
            if isinstance(event, kind)
            and since <= (at := round(event.at, 6)) <= self.now
            and (query.until is None or at < until)
            and all(getattr(event, name) == value for name, value in query.wanted().items())
        ]


class Seen(NamedTuple):
    """What came of looking."""

    passed: bool
    expected: str
    seen: str


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class Query(_Strict):
    """Events of the journal: all further members are fields of the event, and must be equal."""

    model_config = ConfigDict(extra="allow", strict=True, allow_inf_nan=False)
    event: Annotated[str, Field(description="The event's class, such as Request, Response or StateChanged.")]
    since: Annotated[Moment, Field(description="From this moment on, in seconds of the scenario.")] = 0
    until: Annotated[Moment | None, Field(description="Before this moment; all so far if not given.")] = None

    @model_validator(mode="after")
    def _exists(self) -> Self:
        kind = Event.registry.get(self.event)
        if kind is None:
            raise ValueError(f"event: there is no event {self.event!r}; {near(self.event, Event.registry)}")
        _only_fields(self.event, self.wanted())
        return self

    def wanted(self) -> dict[str, Any]:
        """The fields of the event, and their values."""
        return dict(self.__pydantic_extra__ or {})

    def __str__(self) -> str:
        said = [f"{name} {value!r}" for name, value in self.wanted().items()]
        window = [f"from {self.since:g} s on"] if self.since else []
        window += [f"before {self.until:g} s"] if self.until is not None else []
        return " ".join([self.event, *([f"with {', '.join(said)}"] if said else []), *window])


def _only_fields(event: str, wanted: dict[str, Any]) -> None:
    known = [each.name for each in dataclasses.fields(Event.registry[event])]
    for name in wanted:
        if name not in known:
            raise ValueError(f"{name}: {event} has no such field; {near(name, known)}")


class _Bounds(_Strict):
    equals: Annotated[Number | None, Field(description="Exactly so much.")] = None
    at_least: Annotated[Number | None, Field(description="So much or more.")] = None
    at_most: Annotated[Number | None, Field(description="So much or less.")] = None

    def says_nothing(self) -> bool:
        """Whether no bound is given."""
        return (self.equals, self.at_least, self.at_most) == (None, None, None)

    def holds(self, value: float) -> bool:
        """Whether the value is within."""
        return (
            (self.equals is None or value == self.equals)
            and (self.at_least is None or value >= self.at_least)
            and (self.at_most is None or value <= self.at_most)
        )

    def words(self) -> str:
        said = (("", self.equals), ("at least ", self.at_least), ("at most ", self.at_most))
        return " and ".join(f"{how}{value:g}" for how, value in said if value is not None)


class _Counted(_Bounds):
    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.says_nothing():
            raise ValueError("say how much: equals, at_least or at_most")
        return self


class Count(_Counted):
    """So many events of the journal."""

    count: Query

    def look(self, view: View) -> Seen:
        """Count them."""
        found = len(view.events(self.count))
        return Seen(self.holds(found), f"{self.words()} × {self.count}", str(found))


class Fact(_Counted):
    """A number that is true of the server at that moment."""

    fact: Annotated[str, Field(description="Its name, such as open_streams.")]

    def look(self, view: View) -> Seen:
        """Ask the server."""
        value = view.subject.facts()[self.fact]
        return Seen(self.holds(value), f"{self.fact} {self.words()}", f"{value:.10g}")


class Fired(_Bounds):
    """How often a fault of the scenario has fired; at least once, if nothing else is said."""

    fired: Annotated[str, Field(description="The fault's name.")]

    def look(self, view: View) -> Seen:
        """Look it up in the journal."""
        bounds = _Bounds(at_least=1) if self.says_nothing() else self
        found = len(view.events(Query.model_validate({"event": FaultFired.__name__, "fault": self.fired})))
        return Seen(bounds.holds(found), f"{bounds.words()} × fault {self.fired}", str(found))


class Last(_Strict):
    """What the latest of some events says."""

    last: Query
    has: Annotated[
        dict[str, Any], Field(min_length=1, description="Fields of the event, and what they are equal to.")
    ]

    @model_validator(mode="after")
    def _exists(self) -> Self:
        try:
            _only_fields(self.last.event, self.has)
        except ValueError as error:
            raise ValueError(f"has: {error}") from None
        return self

    def look(self, view: View) -> Seen:
        """Find it."""
        expected = f"the last {self.last} to have {_fields(self.has)}"
        found = view.events(self.last)
        if not found:
            return Seen(False, expected, "no such event")
        seen = {name: getattr(found[-1], name) for name in self.has}
        return Seen(seen == self.has, expected, f"{_fields(seen)} at {found[-1].at - view.start:.10g} s")


def _fields(values: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value!r}" for name, value in values.items())


_BY_MEMBER = {"count": "Count", "fact": "Fact", "fired": "Fired", "last": "Last"}


def _which(value: Any) -> str | None:
    if isinstance(value, BaseModel):
        return type(value).__name__
    found = [kind for name, kind in _BY_MEMBER.items() if isinstance(value, dict) and name in value]
    return found[0] if len(found) == 1 else None


Expectation = Annotated[
    Annotated[Count, Tag("Count")]
    | Annotated[Fact, Tag("Fact")]
    | Annotated[Fired, Tag("Fired")]
    | Annotated[Last, Tag("Last")],
    Discriminator(
        _which,
        custom_error_type="expectation",
        custom_error_message=f"Must be a mapping with one of {', '.join(_BY_MEMBER)}",
    ),
]


class Check(_Strict):
    """Something that is expected, and when: at a moment, at the end, or at every moment."""

    name: Annotated[Name, Field(description="What reports and the journal call it.")]
    at: Annotated[
        Moment | Literal["end", "always"],
        Field(
            description="Seconds of the scenario: when everything that happens at this moment has happened. "
            "end: when the scenario is over. always: at every moment at which anything happened."
        ),
    ] = "end"
    expect: Annotated[Expectation, Field(description="What has to be true then.")]

    def when(self) -> str:
        """Its moment in words."""
        return {"end": "at the end", "always": "always"}.get(str(self.at)) or f"at {self.at:g} s"
