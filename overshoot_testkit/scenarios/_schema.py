"""JSON Schemas of what is written by hand: for editors, for other languages, for the admin API."""

from __future__ import annotations

import functools
from typing import Any

from overshoot_testkit.scenarios._forms import fault_adapter

DIALECT = "https://json-schema.org/draft/2020-12/schema"


@functools.cache
def _vocabulary() -> dict[str, Any]:
    schema = fault_adapter().json_schema(by_alias=True)
    title = {"title": "A fault", "description": "Something that can go wrong, and when it does."}
    return {"$schema": DIALECT, **title, **tidy(schema)}


def vocabulary() -> dict[str, Any]:
    """The JSON Schema of a fault: every action with its fields, and what they mean."""
    return dict(_vocabulary())


def tidy(schema: Any) -> Any:
    """A schema without the titles that only repeat names, an action's own fields before the common ones."""
    if isinstance(schema, list):
        return [tidy(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    rest = {name: tidy(each) for name, each in schema.items() if name not in {"properties", "$defs", "const"}}
    if "properties" not in schema:
        rest.pop("title", None)
    if rest.get("default", ...) is None:
        del rest["default"]
    if "const" in schema:
        rest["const"] = schema["const"]
    for name in ("properties", "$defs"):
        if name in schema:
            rest[name] = {each: tidy(value) for each, value in _ordered(schema[name]).items()}
    return rest


def _ordered(members: dict[str, Any]) -> dict[str, Any]:
    if "action" not in members:
        return members
    common = ("on", "at", "in", "stream", "name")
    own = {name: value for name, value in members.items() if name not in {"action", *common}}
    return {
        "action": members["action"],
        **own,
        **{name: members[name] for name in common if name in members},
    }
