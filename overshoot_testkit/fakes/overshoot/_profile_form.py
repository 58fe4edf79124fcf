"""Settings as a file has them: models of plain data, made from the settings' own fields."""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, Union

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Tag,
    create_model,
)

from overshoot_testkit.faults import LogNormal, Uniform

_MEMBERS: dict[str, Any] = {"uniform": Uniform, "lognormal": LogNormal}
_DRAWN = "distribution"


class Form(BaseModel):
    """Exact: no text for numbers, no name that nobody knows. What is not given stays as it is elsewhere."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    def values(self) -> dict[str, Any]:
        """What was given, by name."""
        return {name: getattr(self, name) for name in self.model_fields_set}

    def over(self, base: Any) -> Any:
        """`base` with what was given; a part of it that is settings too is treated alike."""
        changes = {name: _put(value, getattr(base, name)) for name, value in self.values().items()}
        return dataclasses.replace(base, **changes)


def _put(value: Any, base: Any) -> Any:
    return value.over(base) if isinstance(value, Form) else value


@functools.cache
def form_of(kind: Any) -> type[Form]:
    """A form with the fields of a dataclass; those that only Python can say are left out."""
    hints = typing.get_type_hints(kind)
    names = [each.name for each in dataclasses.fields(kind) if Callable not in _parts(hints[each.name])]
    fields: dict[str, Any] = {name: (_type(hints[name]), None) for name in names}
    made: type[Form] = create_model(kind.__name__, __base__=Form, **fields)
    return made


def _parts(hint: Any) -> list[Any]:
    return [typing.get_origin(each) or each for each in typing.get_args(hint) or (hint,)]


def _type(hint: Any) -> Any:
    """The type that a field of this type has in a file."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in {Union, types.UnionType}:
        if Uniform in arguments:
            return _varying()
        return Union[tuple(_type(each) for each in arguments)]  # noqa: UP007 - of as many as there are
    if origin is Literal:
        return Annotated[hint, BeforeValidator(_word)]
    if origin is tuple:
        return Annotated[list[_type(arguments[0])], AfterValidator(tuple)]  # type: ignore[misc]
    if origin is Mapping:
        return _mapping(arguments[1])
    return form_of(hint) if _is_dataclass(hint) else hint


def _is_dataclass(hint: Any) -> bool:
    return dataclasses.is_dataclass(hint)


def _mapping(hint: Any) -> Any:
    inner = _type(hint)
    if _is_dataclass(hint):
        inner = Annotated[inner, AfterValidator(lambda form: hint(**form.values()))]
    return dict.__class_getitem__((str, inner))


def _word(value: Any) -> Any:
    """A word that looks like a number, such as `late_delete = 404`."""
    return str(value) if type(value) is int else value


@functools.cache
def _varying() -> Any:
    """A number, or `{uniform = {low = 1, high = 3}}`, `{lognormal = {median = 1, sigma = 0.5}}`."""
    fields: dict[str, Any] = {name: (_exact(kind), None) for name, kind in _MEMBERS.items()}
    drawn = create_model("Distribution", __base__=Form, **fields)
    return Annotated[
        Annotated[float, Tag("number")] | Annotated[drawn, AfterValidator(_only), Tag(_DRAWN)],
        Discriminator(lambda value: _DRAWN if isinstance(value, dict) else "number"),
        BeforeValidator(_plain),
    ]


def _exact(kind: Any) -> Any:
    hints = typing.get_type_hints(kind)
    fields: dict[str, Any] = {each.name: (hints[each.name], ...) for each in dataclasses.fields(kind)}
    form = create_model(f"{kind.__name__}", __base__=Form, **fields)
    return Annotated[form, AfterValidator(lambda given: kind(**given.values()))]


def _plain(value: Any) -> Any:
    """A distribution that is one already, as a file has it."""
    for name, kind in _MEMBERS.items():
        if isinstance(value, kind):
            return {name: {each: getattr(value, each) for each in value.__slots__}}
    return value


def _only(form: Form) -> Any:
    given = [value for value in form.values().values() if value is not None]
    if len(given) != 1:
        raise ValueError("give uniform = {low, high} or lognormal = {median, sigma}")
    return given[0]
