"""A small valid instance for a JSON Schema, so that results obey the schema a client asked for.

Covers what output schemas are made of: types, properties, required, items, enum, const, bounds, lengths,
patterns (by rstr), formats, combinators and local references; the answer is checked with jsonschema, so it is
right or refused.

Not by one library: of those on PyPI, jsf 0.11 draws from the program's own random source and clock and passes
over `required`; hypothesis-jsonschema 0.23 makes no objects with hypothesis of today, and makes other values
with each release of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from overshoot_testkit.fakes.overshoot._patterns import NoInstanceError, matches, text_for

__all__ = ["NoInstanceError", "minimal_instance"]

_DEEPEST = 40
_MOST_STEPS = 20_000
_LONGEST_TEXT = 100_000
_MOST_ITEMS = 1000
_VARIANTS = 5
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


def minimal_instance(schema: Mapping[str, Any], *, text: str = "text", seed: str = "0") -> Any:
    """A value that is valid against `schema`; strings that are free say `text`. Raises NoInstanceError.

    The same for the same arguments, in any process. Bounded in time and size, whatever the schema.
    """
    from overshoot_testkit.fakes.overshoot._schema_check import check_schema  # noqa: PLC0415 - slow to import

    try:
        check_schema(schema)
        return _first_valid(schema, text, seed)
    except (RecursionError, OverflowError) as error:
        raise NoInstanceError(f"output_schema_json cannot be followed: {type(error).__name__}") from None


def _first_valid(schema: Mapping[str, Any], text: str, seed: str) -> Any:
    from overshoot_testkit.fakes.overshoot._schema_check import InvalidError, check  # noqa: PLC0415

    problem = None
    for variant in range(_VARIANTS):
        instance = _Maker(schema, text, seed, variant).make(schema, 0)
        try:
            check(instance, schema)
        except InvalidError as error:
            problem = problem or error
        else:
            return instance
    assert problem is not None
    raise problem


class _Maker:
    """Makes one value. Another `variant` makes other choices, for schemas that do not like the first."""

    def __init__(self, root: Mapping[str, Any], text: str, seed: str, variant: int) -> None:
        self._root = root
        self._variant = variant
        self._text = text
        self._seed = seed
        self._left = _MOST_STEPS

    def make(self, schema: Any, depth: int) -> Any:
        self._step(depth)
        if not isinstance(schema, Mapping):
            return None  # `true` accepts it; `false` accepts nothing, which the check finds
        schema = self._flat(schema, depth)
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return schema["enum"][self._variant % len(schema["enum"])]
        kind = schema.get("type")
        if isinstance(kind, list):
            kinds = [each for each in kind if each != "null"] or ["null"]
            kind = kinds[self._variant % len(kinds)]
        return self._makers()[kind or self._guess(schema)](schema, depth)

    def _step(self, depth: int) -> None:
        self._left -= 1
        if depth > _DEEPEST:
            raise NoInstanceError("output_schema_json refers to itself without end")
        if self._left < 0:
            raise NoInstanceError(f"output_schema_json asks for more than {_MOST_STEPS} values")

    def _flat(self, schema: Mapping[str, Any], depth: int) -> Mapping[str, Any]:
        """References followed, `allOf` merged, the first of `anyOf` and `oneOf` chosen."""
        self._step(depth)
        flat = dict(schema)
        if isinstance(reference := flat.pop("$ref", None), str):
            flat = _merged(flat, self._resolved(reference, depth))
        for part in flat.pop("allOf", ()):
            flat = _merged(flat, self._flat(part, depth + 1) if isinstance(part, Mapping) else {})
        for name in ("anyOf", "oneOf"):
            choices = [each for each in flat.pop(name, ()) if isinstance(each, Mapping)]
            if choices:
                likely = [each for each in choices if each.get("type") != "null"] or choices
                chosen = likely[self._variant % len(likely)]
                flat = _merged(flat, self._flat(chosen, depth + 1))
        return flat

    def _resolved(self, reference: str, depth: int) -> Mapping[str, Any]:
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
            "integer": lambda schema, _: _number(schema, self._variant, whole=True),
            "number": lambda schema, _: _number(schema, self._variant, whole=False),
            "boolean": lambda *_: self._variant % 2 == 0,
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
        names = list(schema.get("required", ())) or (list(properties) if depth < 3 else [])
        for name in names:
            names += [each for each in schema.get("dependentRequired", {}).get(name, ()) if each not in names]
        made = {name: self.make(self._member(schema, name), depth + 1) for name in names}
        for index in range(int(schema.get("minProperties", 0)) - len(made)):
            name = f"member_{index + 1}"
            made[name] = self.make(self._member(schema, name), depth + 1)
        return made

    @staticmethod
    def _member(schema: Mapping[str, Any], name: str) -> Any:
        """What is asked of a member by its name, by a pattern of its name, or of all others."""
        if name in schema.get("properties", {}):
            return schema["properties"][name]
        for pattern, part in schema.get("patternProperties", {}).items():
            if matches(pattern, name):
                return part
        extra = schema.get("additionalProperties")
        return extra if isinstance(extra, Mapping) else {"type": "string"}

    def _array(self, schema: Mapping[str, Any], depth: int) -> list[Any]:
        made = [self.make(each, depth + 1) for each in schema.get("prefixItems", ())]
        items = schema.get("items", {"type": "string"})
        wanted = int(schema.get("minItems", 0 if made or depth > 3 else 1))
        wanted = max(0, min(wanted, int(schema.get("maxItems", wanted)), _MOST_ITEMS))
        if "contains" in schema:
            count = min(int(schema.get("minContains", 1)), _MOST_ITEMS)
            made += [self.make(schema["contains"], depth + 1) for _ in range(count)]
        first = self._variant
        for index in range(wanted - len(made)):
            if schema.get("uniqueItems"):
                self._variant = first + index
            made.append(self.make(items, depth + 1))
        self._variant = first
        return made

    def _string(self, schema: Mapping[str, Any], _: int) -> str:
        shortest = min(int(schema.get("minLength", 0)), _LONGEST_TEXT)
        longest = int(schema["maxLength"]) if "maxLength" in schema else None
        if "pattern" in schema:
            return text_for(schema["pattern"], f"{self._seed}/{self._left}", shortest, longest)
        text: str = _FORMATS.get(str(schema.get("format")), "")
        if not text:
            text = f"{self._variant} {self._text}" if self._variant else self._text
        return text[:longest].ljust(shortest, ".")


def _number(schema: Mapping[str, Any], variant: int, *, whole: bool) -> float:
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
    value = min(max(0, low) + variant * (step or min(1.0, (high - low) / 10)), high)
    if step:
        value = math.ceil(value / step) * step
        if value > high:
            value = math.floor(high / step) * step
    return int(value) if whole else value


def _merged(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """What obeys both, where that can be said by one schema; elsewhere the first counts."""
    merged = {**second, **first}
    for name in first.keys() & second.keys():
        one, other = first[name], second[name]
        if name in {"properties", "patternProperties"}:
            both = {each: {"allOf": [one[each], other[each]]} for each in one.keys() & other.keys()}
            merged[name] = {**other, **one, **both}
        elif name == "required":
            merged[name] = [*one, *(each for each in other if each not in one)]
        elif name in _TIGHTENED:
            merged[name] = _TIGHTENED[name](one, other)
        elif name == "enum":
            merged[name] = [each for each in one if each in other]
    return merged


_TIGHTENED: dict[str, Callable[[Any, Any], Any]] = {
    **dict.fromkeys(("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"), max),
    **dict.fromkeys(("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"), min),
}
