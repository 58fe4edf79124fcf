"""A scenario: settings, a schedule of faults, and checks, as written in a file."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from overshoot_testkit.documents import Document, DocumentError, near, read
from overshoot_testkit.scenarios._checks import Check, Fired
from overshoot_testkit.scenarios._forms import Name, fault_form  # noqa: TC001 - pydantic's
from overshoot_testkit.scenarios._schema import DIALECT, tidy

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping

    from overshoot_testkit.scenarios._spec import FaultSpec

T = TypeVar("T")

_SHIPPED = "overshoot_testkit.fixtures.scenarios"
_SUFFIXES = (".json", ".toml", ".yaml", ".yml")


class _ScenarioForm(BaseModel):
    """Settings, a schedule of faults, and checks. All moments are seconds from when it is played."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, title="A scenario")
    schema_: Annotated[
        str | None, Field(alias="$schema", description="For editors: where this schema is.")
    ] = None
    title: Annotated[Name, Field(description="What happens, in a line.")]
    profile: Annotated[
        str | None, Field(description="The server's profile: the name of one that ships, or a file.")
    ] = None
    settings: Annotated[
        dict[str, Any], Field(default_factory=dict, description="The server's settings, by name.")
    ]
    seed: Annotated[int | None, Field(description="Of all that is random.")] = None
    faults: Annotated[
        list[fault_form()],  # type: ignore[valid-type] # made while running
        Field(default_factory=list, description="What goes wrong, and when."),
    ]
    results: Annotated[
        list[Any],
        Field(
            default_factory=list,
            description="What the next results say, in turn: text, members that replace the usual ones, or "
            "null for no result this time.",
        ),
    ]
    checks: Annotated[list[Check], Field(default_factory=list, description="What has to be true, and when.")]


_ADAPTER: TypeAdapter[_ScenarioForm] = TypeAdapter(_ScenarioForm)


@dataclass(frozen=True, slots=True)
class Scenario:
    """What `play` plays. All moments are seconds from when it is played."""

    title: str
    profile: str | None
    settings: Mapping[str, Any]
    seed: int | None
    faults: tuple[FaultSpec, ...]
    results: tuple[Any, ...]
    checks: tuple[Check, ...]
    document: Document
    """Where it came from; errors name its lines."""

    def configure(self, make: Callable[[Mapping[str, Any], str | None], T]) -> T:
        """What `make(settings, profile)` makes. What it refuses is told at this scenario's lines.

        A profile that is a file is looked for beside the scenario's file first. Raises DocumentError.
        """
        profile = self.profile
        if profile is not None and (beside := Path(self.document.name).parent / profile).is_file():
            profile = str(beside)
        try:
            return make(self.settings, profile)
        except DocumentError as error:
            problems = [
                self.document.problem(("settings", *each.path), each.text)
                if each.path[:1] and each.path[0] in self.settings
                else self.document.problem(("profile",) if self.profile else ("settings",), str(error))
                for each in error.problems
            ]
            raise DocumentError(self.document.name, problems) from None
        except (TypeError, ValueError) as error:
            raise self.document.error(("settings",), str(error)) from None


def scenario_schema() -> dict[str, Any]:
    """The JSON Schema of a scenario file; shipped as `fixtures/scenarios/scenario.schema.json`."""
    return {"$schema": DIALECT, **tidy(_ADAPTER.json_schema(by_alias=True))}


def scenario_from(data: Mapping[str, Any] | Document, name: str = "scenario") -> Scenario:
    """A scenario from plain data, or from a document. Raises DocumentError with all that is wrong."""
    document = data if isinstance(data, Document) else Document(data, name)
    form = document.validate(_ADAPTER)
    faults = tuple(each.spec() for each in form.faults)
    _names_agree(document, [each.name for each in faults], form.checks)
    return Scenario(
        form.title,
        form.profile,
        form.settings,
        form.seed,
        faults,
        tuple(form.results),
        tuple(form.checks),
        document,
    )


def load_scenario(path: str | os.PathLike[str]) -> Scenario:
    """Read a scenario file (YAML, TOML or JSON), or one of those that ship, by its name.

    Raises DocumentError, whose text says file, line, field and fix for everything that is wrong.
    """
    shipped = shipped_scenarios()
    if isinstance(path, str) and path in shipped:
        return scenario_from(read(shipped[path]))
    if not Path(path).suffix and not Path(path).exists():
        name = str(path)
        raise Document(None, name).error(
            (), f"neither a file nor a scenario that ships; {near(name, shipped)}"
        )
    return scenario_from(read(path))


def shipped_scenarios() -> dict[str, Path]:
    """The scenarios that come with the testkit: their names, and where their files are."""
    folder = Path(str(files(_SHIPPED)))
    return {
        path.stem: path
        for path in sorted(folder.iterdir())
        if path.suffix in _SUFFIXES and not path.name.endswith(".schema.json")
    }


def _names_agree(document: Document, names: list[str | None], checks: list[Check]) -> None:
    """Names tell things apart, and a check can only be about a fault that there is."""
    problems = []
    for index, name in enumerate(names):
        if name is not None and name in names[:index]:
            text = f"faults[{names.index(name)}] is called {name!r} too; names tell faults apart"
            problems.append(document.problem(("faults", index, "name"), text))
    called = [check.name for check in checks]
    for index, check in enumerate(checks):
        if check.name in called[:index]:
            text = f"checks[{called.index(check.name)}] is called {check.name!r} too; names tell checks apart"
            problems.append(document.problem(("checks", index, "name"), text))
        if isinstance(check.expect, Fired) and check.expect.fired not in names:
            known = [name for name in names if name is not None]
            text = f"no fault has the name {check.expect.fired!r}; {near(check.expect.fired, known)}"
            problems.append(document.problem(("checks", index, "expect", "fired"), text))
    if problems:
        raise DocumentError(document.name, problems)
