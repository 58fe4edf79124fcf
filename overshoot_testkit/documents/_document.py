"""What a file says, and where."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar, overload

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic import BaseModel, TypeAdapter

    M = TypeVar("M", bound=BaseModel)

T = TypeVar("T")

Path = tuple[str | int, ...]
"""The way to a value: member names, and numbers of list items from 0."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where, what, and how to put it right."""

    path: Path
    text: str
    line: int | None = None
    """From 1; None where the document did not come as text."""

    def told(self, name: str) -> str:
        """`file:line: field: problem; fix`."""
        where = name if self.line is None else f"{name}:{self.line}"
        return ": ".join(part for part in (where, field_name(self.path), self.text) if part)


class DocumentError(ValueError):
    """A document cannot be used. The text has a line for every problem: `file:line: field: problem; fix`."""

    def __init__(self, name: str, problems: Iterable[Problem]) -> None:
        self.name = name
        self.problems = tuple(problems)
        super().__init__("\n".join(problem.told(name) for problem in self.problems))


@dataclass(frozen=True, slots=True)
class Document:
    """Plain data (mappings with text as keys, lists, text, finite numbers, booleans, None) and its lines."""

    data: Any
    name: str
    """As errors call it: the file's path, or what stands for it."""
    lines: Mapping[Path, int] = field(default_factory=dict, repr=False)
    """Line of each member and item, from 1; empty where the data did not come as text."""

    def line(self, path: Path) -> int | None:
        """The line of the value at `path`, or of what would contain it; None where no lines are known."""
        if not self.lines:
            return None
        for length in range(len(path), -1, -1):
            if (found := self.lines.get(path[:length])) is not None:
                return found
        return 1

    def where(self, path: Path = ()) -> str:
        """`file:line` of the value at `path`."""
        line = self.line(path)
        return self.name if line is None else f"{self.name}:{line}"

    def problem(self, path: Path, text: str) -> Problem:
        """Something wrong at `path`."""
        return Problem(path, text, self.line(path))

    def error(self, path: Path, text: str) -> DocumentError:
        """To be raised for something wrong at `path`."""
        return DocumentError(self.name, [self.problem(path, text)])

    @overload
    def validate(self, model: type[M]) -> M: ...

    @overload
    def validate(self, model: TypeAdapter[T]) -> T: ...

    def validate(self, model: Any) -> Any:
        """The data as `model`, a pydantic model or TypeAdapter.

        Raises DocumentError with all problems: unknown names with the nearest one known, and what a
        constructor refuses ("Settings.lease_ttl: 0 must be greater than 0") at the member it names.
        """
        from pydantic import TypeAdapter, ValidationError  # noqa: PLC0415 - slow to import

        from overshoot_testkit.documents._problems import problems_of  # noqa: PLC0415

        adapter = model if isinstance(model, TypeAdapter) else TypeAdapter(model)
        try:
            return adapter.validate_python(self.data)
        except ValidationError as error:
            raise DocumentError(self.name, problems_of(self, error, adapter)) from None


def field_name(path: Path) -> str:
    """`faults[0].status`."""
    name = ""
    for part in path:
        if isinstance(part, int):
            name += f"[{part}]"
        else:
            name += f".{part}" if name else part
    return name
