"""What a server that runs tells: as lines for people, or as JSON for programs."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, Protocol

from rich.text import Text

from overshoot_testkit.journal import (
    Charged,
    Checked,
    Event,
    FaultFired,
    Request,
    Response,
    SocketMessage,
    StateChanged,
    describe,
)
from overshoot_testkit.reports import make_console

if TYPE_CHECKING:
    from overshoot_testkit.cli._output import Output
    from overshoot_testkit.fakes.overshoot import OvershootFake
    from overshoot_testkit.scenarios import Playing


class Tally:
    """What happened since the server began, resets included."""

    def __init__(self) -> None:
        self.requests = 0
        self.streams = 0
        self.cents = 0.0
        self.fired: Counter[str] = Counter()

    def note(self, event: Event) -> None:
        """Count it."""
        match event:
            case Request():
                self.requests += 1
            case StateChanged(entity="stream", before=None):
                self.streams += 1
            case Charged():
                self.cents += event.cents
            case FaultFired():
                self.fired[event.fault] += 1


def summary(tally: Tally, fake: OvershootFake, playing: Playing | None) -> dict[str, Any]:
    """What there is to say at the end, as JSON."""
    left = [
        {"id": each.id, "number": each.number, "cost_cents": each.cost_cents} for each in fake.open_streams()
    ]
    return {
        "event": "summary",
        "requests": tally.requests,
        "streams": tally.streams,
        "charged_cents": round(tally.cents, 6),
        "left_open": left,
        "faults_fired": dict(tally.fired),
        "faults_never_fired": [fault.name for fault in fake.faults.unfired()],
        "checks": [
            {"check": each.check.name, "passed": each.passed, "expected": each.expected, "seen": each.seen}
            for each in (playing.checks if playing is not None else ())
        ],
    }


class Teller(Protocol):
    """Tells what happens."""

    def ready(self, facts: dict[str, Any]) -> None: ...

    def event(self, event: Event) -> None: ...

    def summary(self, facts: dict[str, Any]) -> None: ...


class JsonTeller:
    """One object a line."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def ready(self, facts: dict[str, Any]) -> None:
        self._line({"event": "ready", **facts})

    def event(self, event: Event) -> None:
        self._line(event.as_dict())

    def summary(self, facts: dict[str, Any]) -> None:
        self._line(facts)

    def _line(self, value: dict[str, Any]) -> None:
        self._output.line(json.dumps(value, ensure_ascii=True))


class LogTeller:
    """A line each, with time and stream; a flood of results is one line and a count."""

    def __init__(self, output: Output, fake: OvershootFake, *, no_color: bool) -> None:
        self._output = output
        self._fake = fake
        self._console = make_console(no_color=no_color)
        self._numbers: dict[str, int] = {}
        self._era = 0
        self._flooding = False
        self._folded = 0

    def ready(self, facts: dict[str, Any]) -> None:
        title = f"The fake of the API runs, in {facts['clock']} time. Ctrl-C ends it."
        self._say(Text(title, style="bold"))
        for name, value in (
            ("API", facts["url"]),
            ("API key", facts["api_key"]),
            ("admin API", facts["admin_url"]),
            ("page", f"{facts['admin_url']}/ui"),
        ):
            self._say(Text.assemble((f"  {name:<11}", "dim"), value))
        self._say(Text("For clients:", style="dim"))
        for name, value in facts["env"].items():
            self._say(Text(f"  export {name}={value}"))
        self._say(Text())

    def event(self, event: Event) -> None:
        text = describe(event)
        if text is None:
            return
        if isinstance(event, SocketMessage) and event.direction == "out":
            if self._flooding:
                self._folded += 1
                return
            self._flooding = True
        else:
            self._unfold(event.at)
        time, stream = f"{event.at:>10.3f} ", f"{self._number(event):>5} "
        self._say(Text.assemble((time, "dim"), (stream, "cyan"), (text, _style(event))))

    def summary(self, facts: dict[str, Any]) -> None:
        self._unfold(None)
        self._say(Text())
        for line, style in _summed_up(facts):
            self._say(Text(line, style=style))

    def _unfold(self, at: float | None) -> None:
        if self._folded:
            time = f"{at:>10.3f} " if at is not None else " " * 11
            self._say(Text(f"{time}      ⋮ {self._folded} more messages", style="dim"))
        self._flooding, self._folded = False, 0

    def _number(self, event: Event) -> str:
        stream = getattr(event, "stream_id", None)
        if getattr(event, "entity", None) == "stream":
            stream = getattr(event, "id", None)
        if stream is None:
            return ""
        if self._era != self._fake.journal.era:  # streams are numbered from 1 again
            self._era = self._fake.journal.era
            self._numbers.clear()
        if isinstance(event, StateChanged) and event.before is None:
            self._numbers.setdefault(stream, len(self._numbers) + 1)
        return f"#{self._numbers[stream]}" if stream in self._numbers else "?"

    def _say(self, text: Text) -> None:
        with self._console.capture() as captured:
            self._console.print(text, soft_wrap=True, end="")
        self._output.line(captured.get())


def _style(event: Event) -> str:
    if isinstance(event, Response) and (event.status is None or event.status >= 400):
        return "red" if event.status else "bold red"
    if isinstance(event, Checked):
        return "green" if event.passed else "bold red"
    return next((style for kind, style in _STYLES.items() if isinstance(event, kind)), "")


_STYLES: dict[type[Event], str] = {
    FaultFired: "magenta",
    SocketMessage: "dim",
    Charged: "dim",
    StateChanged: "yellow",
}


def _summed_up(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """The summary in lines, each with its style."""
    requests, streams = _count(facts["requests"], "request"), _count(facts["streams"], "stream")
    lines = [(f"{requests}, {streams}, {facts['charged_cents']:g} cents charged", "bold")]
    lines += [
        (f"  left open: stream #{each['number']}, {each['cost_cents']:g} cents so far", "yellow")
        for each in facts["left_open"]
    ]
    lines += [(f"  fault {name}: fired {_count(n, 'time')}", "") for name, n in facts["faults_fired"].items()]
    lines += [(f"  fault {name}: never fired", "yellow") for name in facts["faults_never_fired"]]
    for each in facts["checks"]:
        if each["passed"]:
            lines.append((f"  check {each['check']}: holds", "green"))
        else:
            told = f"expected {each['expected']}, seen {each['seen']}"
            lines.append((f"  check {each['check']}: {told}", "bold red"))
    return lines


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
