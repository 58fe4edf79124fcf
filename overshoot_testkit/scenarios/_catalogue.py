"""The vocabulary of faults as it stands in `faults`: names, fields, types and what the docstrings say.

Everything else in this package is derived from this, so an action that is added there is known to scenario
files, to the admin API and to the command line.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import re
import types
import typing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from overshoot_testkit import faults
from overshoot_testkit.faults import Action

if TYPE_CHECKING:
    from collections.abc import Mapping

    from overshoot_testkit.faults import Kind

REQUIRED: Any = object()
"""The default of a field that has none."""

MOMENTS = {
    "at": "it strikes at this moment, in seconds of the clock; for state and socket actions.",
    "in": "it strikes so many seconds from now; for state and socket actions.",
}

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_FIELD_LINE = re.compile(r"^(?P<names>\w+(?:, \w+)*): (?P<text>\S.*)")
_PLAIN = {float: "number", int: "whole number", str: "text", bool: "true or false", type(None): "nothing"}


@dataclass(frozen=True, slots=True)
class FieldDoc:
    """A field of an action."""

    name: str
    hint: Any
    """Its type, resolved."""
    default: Any
    """REQUIRED where there is none."""
    text: str
    """What it means, with its unit."""

    @property
    def required(self) -> bool:
        """Whether it has to be said."""
        return self.default is REQUIRED

    @property
    def kind(self) -> str:
        """Its type in words."""
        return kind_of(self.hint)


@dataclass(frozen=True, slots=True)
class ActionDoc:
    """An action as people and other languages call it."""

    name: str
    """In snake case: `close_socket`."""
    action: type[Action]
    text: str
    """What happens."""
    fields: tuple[FieldDoc, ...]

    @property
    def kind(self) -> Kind:
        """What it acts on."""
        return self.action.kind

    def field(self, name: str) -> FieldDoc | None:
        """One of its fields."""
        return next((each for each in self.fields if each.name == name), None)


def snake(name: str) -> str:
    """`CloseSocket` as `close_socket`."""
    return _HUMP.sub("_", name).lower()


@functools.cache
def catalogue() -> Mapping[str, ActionDoc]:
    """All actions that `faults` exports, by name, in the order of their kinds and then of their modules."""
    found: list[type[Action]] = []
    for name in faults.__all__:
        value = getattr(faults, name)
        if isinstance(value, type) and issubclass(value, Action) and value is not Action:
            found.append(value)
    kinds = list(typing.get_args(faults.Kind))
    found.sort(key=lambda each: (kinds.index(each.kind), inspect.getsourcelines(each)[1]))
    return {snake(each.__name__): _doc(each) for each in found}


def triggers() -> tuple[FieldDoc, ...]:
    """What says when a fault happens: members of its JSON form, beside those of its action."""
    conditions = [
        dataclasses.replace(each, name=f"on.{each.name}", default=None if each.name != "skip" else 0)
        for each in fields_of(faults.Match)
        if each.name != "where"
    ]
    return (*(FieldDoc(name, float, None, text) for name, text in MOMENTS.items()), *conditions)


def _doc(action: type[Action]) -> ActionDoc:
    text, told = docstring(action)
    return ActionDoc(snake(action.__name__), action, text, fields_of(action, told))


def fields_of(owner: type, told: Mapping[str, str] | None = None) -> tuple[FieldDoc, ...]:
    """The fields of a dataclass."""
    told = docstring(owner)[1] if told is None else told
    hints = typing.get_type_hints(owner)
    return tuple(
        FieldDoc(each.name, hints[each.name], default_of(each), told.get(each.name, ""))
        for each in dataclasses.fields(owner)
    )


def default_of(each: dataclasses.Field[Any]) -> Any:
    """The default of a dataclass's field, made if need be."""
    if each.default_factory is not dataclasses.MISSING:
        return each.default_factory()
    return REQUIRED if each.default is dataclasses.MISSING else each.default


def docstring(owner: type) -> tuple[str, Mapping[str, str]]:
    """The docstring of a dataclass: the prose, and what its lines `name, name: text` say of fields."""
    names = {each.name for each in dataclasses.fields(owner)}
    prose: list[str] = []
    told: dict[str, str] = {}
    current: list[str] = []
    for line in (inspect.getdoc(owner) or "").splitlines():
        match = _FIELD_LINE.match(line)
        about = match["names"].split(", ") if match else []
        if match and names.issuperset(about):
            current = about
            told |= dict.fromkeys(current, match["text"])
        elif current and line.startswith(" ") and line.strip():
            told |= {name: f"{told[name]} {line.strip()}" for name in current}
        else:
            current = []
            prose.append(line)
    paragraphs = "\n".join(prose).strip().split("\n\n")
    return "\n\n".join(" ".join(each.split()) for each in paragraphs if each.strip()), told


def is_distribution(hint: Any) -> bool:
    """Whether a type is one of those that draw durations."""
    return hint in typing.get_args(faults.Distribution)


def kind_of(hint: Any) -> str:  # noqa: PLR0911 - one a type
    """A type in words, as it is written in JSON."""
    origin = typing.get_origin(hint)
    if origin in {typing.Union, types.UnionType}:
        words = dict.fromkeys(kind_of(each) for each in typing.get_args(hint) if each is not type(None))
        return " or ".join(words)
    if origin is Literal:
        return " or ".join(str(each) for each in typing.get_args(hint))
    if is_distribution(hint):
        inner = ", ".join(each.name for each in fields_of(hint))
        return f"{{{snake_form(hint)}: {{{inner}}}}}"
    if dataclasses.is_dataclass(hint):
        return f"{{{', '.join(each.name for each in fields_of(typing.cast('type', hint)))}}}"
    if origin is tuple:
        return "list of actions"
    if hint is bytes:
        return "{base64}"
    if origin is list:
        return "list"
    return _PLAIN.get(hint, "mapping" if origin is not None else "anything")


def snake_form(distribution: type) -> str:
    """A distribution's name in JSON: `uniform`, `lognormal`."""
    return distribution.__name__.lower()
