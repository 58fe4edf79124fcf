"""Faults to and from JSON."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from overshoot_testkit.documents import Document
from overshoot_testkit.faults import Action, Match
from overshoot_testkit.scenarios._catalogue import default_of, is_distribution, snake, snake_form

if TYPE_CHECKING:
    from overshoot_testkit.faults import Fault
    from overshoot_testkit.scenarios._spec import FaultSpec


def fault_from(mapping: Mapping[str, Any] | Document, name: str = "fault") -> FaultSpec:
    """A fault from its JSON form: `{"action": "answer", "status": 503, "on": {"route": "keepalive"}}`.

    Raises DocumentError (a ValueError) that names every field that is wrong; `name` is what it calls the
    whole.
    """
    from overshoot_testkit.scenarios._forms import fault_adapter  # noqa: PLC0415 - builds the models

    document = mapping if isinstance(mapping, Document) else Document(mapping, name)
    return document.validate(fault_adapter()).spec()


def describe_action(action: Action) -> dict[str, Any]:
    """An action's JSON form; what is as usual is left out."""
    return {"action": snake(type(action).__name__), **_members(action)}


def describe_spec(spec: FaultSpec) -> dict[str, Any]:
    """A fault's JSON form before it is set: `fault_from` makes the same of it."""
    form = describe_action(spec.action)
    conditions = _members(spec.match)
    if not spec.on_occasions and "stream" in conditions:
        form["stream"] = conditions.pop("stream")
    if spec.on_occasions or conditions:
        form["on"] = conditions
    moments = {"at": spec.at, "in": spec.after, "name": spec.name}
    return form | {name: value for name, value in moments.items() if value is not None}


def describe_fault(fault: Fault) -> dict[str, Any]:
    """A fault that was set, in JSON: its form, and `fired`, `seen` and `set_at` (seconds of the clock).

    `where`, a predicate in Python, has no JSON form: it is described by its repr, which nothing can read.
    """
    form = describe_action(fault.action)
    conditions = _members(fault.match)
    if fault.moment is not None:
        form |= {"at": _moment(fault.moment), **conditions}
    else:
        form["on"] = conditions
    counts = {"fired": fault.fired, "seen": fault.seen, "set_at": _moment(fault.set_at)}
    return form | {"name": fault.name, **counts}


def _moment(seconds: float) -> float:
    return round(seconds, 6)


def _members(owner: Action | Match) -> dict[str, Any]:
    return {
        each.name: to_json(getattr(owner, each.name))
        for each in dataclasses.fields(owner)
        if not _is_usual(each, getattr(owner, each.name))
    }


def _is_usual(each: dataclasses.Field[Any], value: Any) -> bool:
    return bool(value == default_of(each))


def to_json(value: Any) -> Any:  # noqa: PLR0911 - one a type
    """A field's value in JSON."""
    if isinstance(value, Action):
        return describe_action(value)
    if is_distribution(type(value)):
        return {snake_form(type(value)): _plain_members(value)}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _plain_members(value)
    if isinstance(value, bytes):
        return {"base64": base64.b64encode(value).decode("ascii")}
    if isinstance(value, Mapping):
        return {str(name): to_json(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(each) for each in value]
    return value if isinstance(value, str | int | float | bool | None) else repr(value)


def _plain_members(owner: Any) -> dict[str, Any]:
    return {each.name: to_json(getattr(owner, each.name)) for each in dataclasses.fields(owner)}
