"""The JSON form of actions and faults, as pydantic models that are made from the dataclasses."""

from __future__ import annotations

import base64
import dataclasses
import functools
import math
import types
import typing
from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar, Literal, Self, Union

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    PrivateAttr,
    Tag,
    TypeAdapter,
    WithJsonSchema,
    create_model,
    model_validator,
)

from overshoot_testkit.faults import Action, Match
from overshoot_testkit.scenarios._catalogue import (
    MOMENTS,
    FieldDoc,
    catalogue,
    docstring,
    fields_of,
    is_distribution,
    snake_form,
)
from overshoot_testkit.scenarios._spec import FaultSpec

_EXACT = 2**53


class Form(BaseModel):
    """Exact: no text for numbers, no numbers for text, no name that nobody knows."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
    makes: ClassVar[Callable[..., Any]]
    """The dataclass of which this is the form."""
    _made: Any = PrivateAttr()

    @model_validator(mode="after")
    def _make(self) -> Self:
        self._made = self.makes(**self.values())
        return self

    def values(self) -> dict[str, Any]:
        """What was said, with forms as what they make."""
        return {name: made(getattr(self, name)) for name in self.model_fields_set}


def made(value: Any) -> Any:
    """What a form makes, or the value itself."""
    if isinstance(value, Form):
        return value._made  # noqa: SLF001 - the form's own module
    return [made(each) for each in value] if isinstance(value, list) else value


class _Bytes(Form):
    """Bytes, which JSON has no other way to say."""

    base64: str

    @staticmethod
    def makes(base64: str) -> bytes:
        try:
            return _decode(base64)
        except ValueError as error:
            raise ValueError(f"base64: {error}") from None


def _decode(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _whole(value: float) -> float:
    """5 for 5.0: as it would be written in Python, and as it is told in the journal."""
    return int(value) if value.is_integer() and abs(value) < _EXACT else value


Number = Annotated[float, AfterValidator(_whole)]
Moment = Annotated[float, Field(ge=0), AfterValidator(_whole)]
"""In seconds."""
Name = Annotated[str, Field(min_length=1)]


def _word(value: Any) -> Any:
    """A word that looks like a number, such as `by: 503`."""
    return str(value) if type(value) is int else value


def _spellings(words: tuple[str, ...]) -> list[str | int]:
    return [*words, *(int(word) for word in words if word.isdecimal())]


def form_type(hint: Any) -> Any:  # noqa: PLR0911 - one a type
    """The type that a field of this type has in JSON."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in {Union, types.UnionType}:
        return _union(arguments)
    if origin is Literal and all(isinstance(each, str) for each in arguments):
        return Annotated[hint, BeforeValidator(_word), WithJsonSchema({"enum": _spellings(arguments)})]
    if origin is tuple and arguments[0] is Action:
        return list[step_form()]  # type: ignore[misc] # made while running
    if origin is Mapping:
        return dict[str, form_type(arguments[1])]  # type: ignore[misc]
    if origin is list:
        return list[form_type(arguments[0])]  # type: ignore[misc]
    if is_distribution(hint):
        inner = form_of(hint)
        return create_model(
            f"{hint.__name__}Form",
            __base__=Form,
            __doc__=docstring(hint)[0],
            **{snake_form(hint): (inner, Field())},  # type: ignore[call-overload]
        )
    if dataclasses.is_dataclass(hint):
        return form_of(typing.cast("type", hint))
    return {float: Number, bytes: _Bytes, object: Any}.get(hint, hint)


def _union(arguments: tuple[Any, ...]) -> Any:
    """Of alternatives that are mappings, the one whose members are there is meant: one clear error."""
    members = [form_type(each) for each in arguments]
    forms = [each for each in members if isinstance(each, type) and issubclass(each, Form)]
    if not forms:
        return functools.reduce(lambda one, other: one | other, members)
    for each in forms:
        if "makes" not in each.__dict__:
            each.makes = staticmethod(_only)
    others = functools.reduce(lambda one, other: one | other, [each for each in members if each not in forms])
    by_member = {name: str(index) for index, each in enumerate(forms) for name in each.model_fields}

    def which(value: Any) -> str:
        if isinstance(value, Form):
            return str(forms.index(type(value)))
        if not isinstance(value, Mapping):
            return "other"
        return next((by_member[name] for name in value if name in by_member), "0")

    choices = [Annotated[each, Tag(str(index))] for index, each in enumerate(forms)]
    return Annotated[
        functools.reduce(lambda one, other: one | other, [Annotated[others, Tag("other")], *choices]),
        Discriminator(which),
    ]


def _only(**values: Any) -> Any:
    (value,) = values.values()
    return value


def _declared(fields: tuple[FieldDoc, ...]) -> dict[str, Any]:
    return {each.name: (form_type(each.hint), _declaration(each)) for each in fields}


def _declaration(each: FieldDoc) -> Any:
    text = each.text or None
    if each.required:
        return Field(description=text)
    usual = each.default
    if isinstance(usual, dict | bytes) or (isinstance(usual, float) and not math.isfinite(usual)):
        return Field(default_factory=lambda: usual, description=text)
    return Field(default=usual, description=text)


@functools.cache
def form_of(owner: type, *, without: tuple[str, ...] = ()) -> type[Form]:
    """The form of a dataclass."""
    fields = tuple(each for each in fields_of(owner) if each.name not in without)
    model = create_model(
        owner.__name__,
        __base__=Form,
        __doc__=docstring(owner)[0],
        **_declared(fields),
    )
    model.makes = owner
    return model


# --- actions


class ActionForm(Form):
    """Something that can go wrong."""

    acts: ClassVar[type[Action]]
    """The action of which this is the form."""

    def values(self) -> dict[str, Any]:
        """The action's own fields."""
        own = {each.name for each in dataclasses.fields(self.acts)}
        return {name: value for name, value in super().values().items() if name in own}


class FaultForm(ActionForm):
    """A fault: an action and when it happens."""

    on: Annotated[
        form_of(Match, without=("where",)) | None,  # type: ignore[valid-type]
        Field(description="The occasions at which it happens: every condition that is given must hold."),
    ] = None
    at: Annotated[Moment | None, Field(description=MOMENTS["at"])] = None
    in_: Annotated[Moment | None, Field(alias="in", description=MOMENTS["in"])] = None
    stream: Annotated[str | None, Field(description="Only this stream; all streams otherwise.")] = None
    name: Annotated[Name | None, Field(description="What the journal calls it; made up if not given.")] = None

    @model_validator(mode="after")
    def _when(self) -> Self:
        kind = self.acts.kind
        said = [
            name for name, value in (("on", self.on), ("at", self.at), ("in", self.in_)) if value is not None
        ]
        if len(said) > 1:
            raise ValueError(f"{said[1]}: {said[0]} says when it happens already; keep one of them")
        if said and said[0] != "on" and kind in {"request", "connection"}:
            raise ValueError(f"{said[0]}: it happens to a {kind}, not at a moment; use on: {{since: …}}")
        if self.stream is not None and self.on is not None and "stream" in self.on.model_fields_set:
            raise ValueError("stream: on.stream says so already; keep one of them")
        return self

    def spec(self) -> FaultSpec:
        """The fault to be set."""
        match = Match() if self.on is None else made(self.on)
        if self.stream is not None:
            match = dataclasses.replace(match, stream=self.stream)
        return FaultSpec(made(self), match, self.at, self.in_, self.name, self.on is not None)


_RESERVED = {"action", *FaultForm.model_fields, "in"}


def _action_form(name: str, base: type[ActionForm], title: str) -> type[ActionForm]:
    doc = catalogue()[name]
    clash = _RESERVED & {each.name for each in doc.fields}
    if clash:
        raise TypeError(f"{doc.action.__name__}.{min(clash)}: a fault has a member of this name")
    model = create_model(
        title,
        __base__=base,
        __doc__=doc.text,
        action=(Literal[name], Field()),  # type: ignore[arg-type] # made while running
        **_declared(doc.fields),
    )
    model.makes = doc.action
    model.acts = doc.action
    return model


def _any_of(models: list[type[ActionForm]]) -> Any:
    union = functools.reduce(lambda one, other: one | other, models)  # type: ignore[arg-type, return-value]
    return Annotated[union, Field(discriminator="action")]


@functools.cache
def step_form() -> Any:
    """An action by itself, as in `Steps`, which cannot be one of its own."""
    # Sockets and connections are refused by Steps itself, which says why.
    names = [
        name for name, doc in catalogue().items() if not any(_holds_actions(each) for each in doc.fields)
    ]
    return _any_of(
        [_action_form(name, ActionForm, f"{catalogue()[name].action.__name__}Step") for name in names]
    )


def _holds_actions(each: FieldDoc) -> bool:
    return Action in typing.get_args(each.hint)


@functools.cache
def fault_form() -> Any:
    """A fault of any kind."""
    return _any_of([_action_form(name, FaultForm, doc.action.__name__) for name, doc in catalogue().items()])


@functools.cache
def fault_adapter() -> TypeAdapter[FaultForm]:
    """What reads the JSON form of a fault."""
    return TypeAdapter(fault_form())
