"""/scenario: a schedule of faults and checks, from a file's text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from overshoot_testkit import documents
from overshoot_testkit.admin._faults import FaultView, viewed
from overshoot_testkit.admin._operation import AdminError, Ask, Operation, View
from overshoot_testkit.scenarios import play, scenario_from

if TYPE_CHECKING:
    from overshoot_testkit.admin._hosted import Hosted
    from overshoot_testkit.scenarios import Check, Playing, Scenario

_KINDS: dict[str, documents.Kind] = {"json": "json", "toml": "toml", "yaml": "yaml"}


class CheckView(View):
    """A check of the scenario, and what came of it."""

    name: str
    when: str
    state: Literal["pending", "passed", "failed"]
    expected: str | None = None
    seen: str | None = None
    at: float | None = None
    """Seconds since the scenario began."""


class ScenarioView(View):
    """The scenario that is played."""

    title: str
    started_at: float
    """Seconds of the clock."""
    over: bool
    faults: list[FaultView]
    """Those of its faults that are set."""
    checks: list[CheckView]


class ScenarioPart:
    """Its operations. There is one scenario at a time."""

    def __init__(self, fake: Hosted) -> None:
        self._fake = fake
        self.playing: Playing | None = None
        self._over = False

    def operations(self) -> list[Operation]:
        """What can be asked."""
        return [
            Operation(
                "get_scenario",
                "GET",
                "/scenario",
                "What is played, and what came of its checks so far.",
                lambda _: self._view(),
                ScenarioView,
                errors=(404,),
            ),
            Operation(
                "play_scenario",
                "POST",
                "/scenario",
                "Play a scenario from now on: YAML (or JSON), or TOML with its content type.",
                self._play,
                ScenarioView,
                status=201,
                body=str,
                errors=(409,),
            ),
            Operation(
                "finish_scenario",
                "DELETE",
                "/scenario",
                "End it: look at what is to be checked at the end, and take its faults back.",
                lambda _: self._finish(),
                ScenarioView,
                errors=(404,),
            ),
        ]

    def begin(self, scenario: Scenario, *, configured: bool = False) -> Playing:
        """Play it. Raises DocumentError for what this fake does not have."""
        self.playing = play(scenario, self._fake, configured=configured)
        self._over = False
        return self.playing

    def drop(self) -> None:
        """Let it go, with its checks."""
        if self.playing is not None and not self._over:
            self.playing.finish()
        self.playing = None

    def _play(self, ask: Ask) -> ScenarioView:
        if self.playing is not None and not self._over:
            raise AdminError(409, "scenario_played", "a scenario is played already: DELETE it, or reset")
        try:
            document = documents.parse(ask.body, _kind(ask.request.content_type, ask.body), "scenario")
            self.begin(scenario_from(document))
        except ValueError as error:
            raise AdminError(422, "invalid", str(error)) from None
        return self._view()

    def _finish(self) -> ScenarioView:
        playing = self._found()
        playing.finish()
        self._over = True
        view = self._view()
        for fault in playing.faults:
            fault.remove()
        return view

    def _found(self) -> Playing:
        if self.playing is None:
            raise AdminError(404, "not_found", "no scenario is played; POST one here")
        return self.playing

    def _view(self) -> ScenarioView:
        playing = self._found()
        there = set(self._fake.faults)
        return ScenarioView(
            title=playing.scenario.title,
            started_at=round(playing.start, 6),
            over=self._over,
            faults=[FaultView(**viewed(each)) for each in playing.faults if each in there],
            checks=[_check(playing, each) for each in playing.scenario.checks],
        )


def _check(playing: Playing, check: Check) -> CheckView:
    outcome = next((each for each in playing.checks if each.check is check), None)
    known: dict[str, Any] = {"name": check.name, "when": check.when(), "state": "pending"}
    if outcome is not None:
        state = "passed" if outcome.passed else "failed"
        known |= {"state": state, "expected": outcome.expected, "seen": outcome.seen, "at": outcome.at}
    return CheckView(**known)


def _kind(content_type: str, text: str) -> documents.Kind:
    """By content type; without one that says it, JSON where it begins as JSON does, or else YAML."""
    for word, kind in _KINDS.items():
        if word in content_type and (word != "json" or text.lstrip().startswith("{")):
            return kind
    return "json" if text.lstrip().startswith("{") else "yaml"
