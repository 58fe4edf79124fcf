"""A small valid instance for a JSON Schema, so that results obey the schema a client asked for.

Covers what output schemas are made of: types, properties, required, items, enum, const, bounds, lengths,
formats, combinators and local references; the answer is checked with jsonschema, so it is right or refused.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

_DEEPEST = 40
_FORMATS = {
    "date": "2026-01-01",
    "date-time": "2026-01-01T00:00:00Z",
    "time": "00:00:00Z",
    "duration": "PT1S",
    "email": "someone@example.test",
    "hostname": "example.test",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.test/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


class NoInstanceError(ValueError):
    """No valid instance was found: the schema is not one, contradicts itself, or is beyond this module."""


def minimal_instance(schema: Mapping[str, Any], *, text: str = "text") -> Any:
    """A value that is valid against `schema`; strings that are free say `text`. Raises NoInstanceError."""
    import jsonschema  # noqa: PLC0415 - slow to import, and only streams with a schema need it
    import referencing  # noqa: PLC0415
    import referencing.exceptions  # noqa: PLC0415

    try:
        jsonschema.Draft202012Validator.check_schema(schema)
        instance = _Maker(schema, text).make(schema, 0)
        # An empty registry: a reference that leads outside is not fetched.
        jsonschema.Draft202012Validator(schema, registry=referencing.Registry()).validate(instance)
    except jsonschema.SchemaError as error:
        raise NoInstanceError(f"output_schema_json is not a JSON Schema: {error.message}") from None
    except jsonschema.ValidationError as error:
        raise NoInstanceError(f"output_schema_json: no valid result was found: {error.message}") from None
    except (referencing.exceptions.Unresolvable, RecursionError, OverflowError) as error:
        raise NoInstanceError(f"output_schema_json cannot be followed: {type(error).__name__}") from None
    return instance


class _Maker:
    def __init__(self, root: Mapping[str, Any], text: str) -> None:
        self._root = root
        self._text = text

    def make(self, schema: Any, depth: int) -> Any:
        if depth > _DEEPEST:
            raise NoInstanceError("output_schema_json refers to itself without end")
        if not isinstance(schema, Mapping):
            return None  # `true` accepts it; `false` accepts nothing, which the check finds
        schema = self._flat(schema, depth)
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return schema["enum"][0]
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = next((each for each in kind if each != "null"), "null")
        return self._makers()[kind or self._guess(schema)](schema, depth)

    def _flat(self, schema: Mapping[str, Any], depth: int) -> Mapping[str, Any]:
        """References followed, `allOf` merged, the first of `anyOf` and `oneOf` chosen."""
        flat = dict(schema)
        if isinstance(reference := flat.pop("$ref", None), str):
            flat = _merged(flat, self._resolved(reference, depth))
        for part in flat.pop("allOf", ()):
            flat = _merged(flat, self._flat(part, depth + 1) if isinstance(part, Mapping) else {})
        for name in ("anyOf", "oneOf"):
            choices = [each for each in flat.pop(name, ()) if isinstance(each, Mapping)]
            if choices:
                chosen = next((each for each in choices if each.get("type") != "null"), choices[0])
                flat = _merged(flat, self._flat(chosen, depth + 1))
        return flat

    def _resolved(self, reference: str, depth: int) -> Mapping[str, Any]:
        if depth > _DEEPEST:
            raise NoInstanceError("output_schema_json refers to itself without end")
        target: Any = self._root
        path = reference.removeprefix("#").strip("/")
        if not reference.startswith("#"):
            raise NoInstanceError(f"output_schema_json: {reference!r} leads outside the schema")
        for part in path.split("/") if path else ():
            name = part.replace("~1", "/").replace("~0", "~")
            if not isinstance(target, Mapping) or name not in target:
                raise NoInstanceError(f"output_schema_json: {reference!r} leads nowhere")
            target = target[name]
        return self._flat(target, depth + 1) if isinstance(target, Mapping) else {}

    def _makers(self) -> dict[str, Callable[[Mapping[str, Any], int], Any]]:
        return {
            "object": self._object,
            "array": self._array,
            "string": self._string,
            "integer": lambda schema, _: _number(schema, whole=True),
            "number": lambda schema, _: _number(schema, whole=False),
            "boolean": lambda *_: True,
            "null": lambda *_: None,
        }

    @staticmethod
    def _guess(schema: Mapping[str, Any]) -> str:
        if schema.keys() & {"properties", "required", "additionalProperties", "minProperties"}:
            return "object"
        if schema.keys() & {"items", "prefixItems", "minItems"}:
            return "array"
        if schema.keys() & {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}:
            return "number"
        return "string" if schema else "object"

    def _object(self, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
        properties = schema.get("properties", {})
        required = list(schema.get("required", ()))
        names = required or (list(properties) if depth < 3 else [])
        made = {name: self.make(properties.get(name, {"type": "string"}), depth + 1) for name in names}
        extra = schema.get("additionalProperties", {"type": "string"})
        for index in range(int(schema.get("minProperties", 0)) - len(made)):
            made[f"member_{index + 1}"] = self.make(extra, depth + 1)
        return made

    def _array(self, schema: Mapping[str, Any], depth: int) -> list[Any]:
        first = list(schema.get("prefixItems", ()))
        made = [self.make(each, depth + 1) for each in first]
        items = schema.get("items", {"type": "string"})
        wanted = int(schema.get("minItems", 0 if first or depth > 3 else 1))
        wanted = max(0, min(wanted, int(schema.get("maxItems", wanted)), 1000))
        choices: list[Any] = list(items.get("enum", ())) if isinstance(items, Mapping) else []
        for index in range(wanted - len(made)):
            distinct = schema.get("uniqueItems") and index < len(choices)
            made.append(choices[index] if distinct else self.make(items, depth + 1))
        return made

    def _string(self, schema: Mapping[str, Any], _: int) -> str:
        text: str = _FORMATS.get(str(schema.get("format")), self._text)
        longest = schema.get("maxLength")
        if longest is not None:
            text = text[: int(longest)]
        return text.ljust(min(int(schema.get("minLength", 0)), 100_000), ".")


def _number(schema: Mapping[str, Any], *, whole: bool) -> float:
    low = schema.get("minimum", -math.inf)
    high = schema.get("maximum", math.inf)
    step = schema.get("multipleOf") or (1 if whole else None)
    nudge = step or 1e-6 * max(
        1.0, abs(schema.get("exclusiveMinimum", 0)), abs(schema.get("exclusiveMaximum", 0))
    )
    if "exclusiveMinimum" in schema:
        low = max(low, schema["exclusiveMinimum"] + nudge)
    if "exclusiveMaximum" in schema:
        high = min(high, schema["exclusiveMaximum"] - nudge)
    value = min(max(0, low), high)
    if step:
        value = math.ceil(value / step) * step
        if value > high:
            value = math.floor(high / step) * step
    return int(value) if whole else value


def _merged(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**second, **first}
    if "properties" in first and "properties" in second:
        merged["properties"] = {**second["properties"], **first["properties"]}
    if "required" in first and "required" in second:
        merged["required"] = [
            *first["required"],
            *(n for n in second["required"] if n not in first["required"]),
        ]
    return merged
