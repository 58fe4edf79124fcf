"""Whether a value obeys a JSON Schema, by jsonschema: without network, and without taking for ever."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import jsonschema
import referencing
import referencing.exceptions

from overshoot_testkit.fakes.overshoot._patterns import NoInstanceError, matches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Keyword = Callable[[Any, Any, Any, Any], Iterator[Any] | None]
    """jsonschema's: (validator, the keyword's value, instance, schema) to errors."""

_MOST_REFERENCES = 5000
"""Followed in one check: references that fan out can ask for more than anybody can wait for."""
_LONGEST_MESSAGE = 300
_Dialect = jsonschema.Draft202012Validator


class InvalidError(NoInstanceError):
    """A value does not obey its schema: another might."""


def check_schema(schema: Mapping[str, Any]) -> None:
    """Raises NoInstanceError for what is not a JSON Schema."""
    try:
        _Dialect.check_schema(schema)
    except jsonschema.SchemaError as error:
        raise NoInstanceError(
            f"output_schema_json is not a JSON Schema: {error.message[:_LONGEST_MESSAGE]}"
        ) from None


def check(instance: Any, schema: Mapping[str, Any]) -> None:
    """Raises InvalidError, saying why, if `instance` is not valid; NoInstanceError where none will be."""
    extend: Any = jsonschema.validators.extend  # has no types
    kind = extend(_Dialect, _keywords())
    # An empty registry: a reference that leads outside is not fetched.
    validator = kind(schema, registry=referencing.Registry())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            errors = [
                ([str(part) for part in error.absolute_path], _told(error))
                for error in validator.iter_errors(instance)
            ]
    except referencing.exceptions.Unresolvable as error:
        raise NoInstanceError(f"output_schema_json cannot be followed: {type(error).__name__}") from None
    if errors:
        raise InvalidError(f"output_schema_json: no valid result was found: {min(errors)[1]}")


def _told(error: Any) -> str:
    """Without the value, where that is long."""
    if len(error.message) <= _LONGEST_MESSAGE:
        return str(error.message)
    return f"{error.validator}: {str(error.validator_value)[:_LONGEST_MESSAGE]} is not met"


def _keywords() -> dict[str, Keyword]:
    """Keywords that jsonschema would spend unbounded time on, for one check."""
    followed = 0

    def counted(original: Keyword) -> Keyword:
        def follow(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any] | None:
            nonlocal followed
            followed += 1
            if followed > _MOST_REFERENCES:
                raise NoInstanceError("output_schema_json refers to itself too often to be followed")
            return original(validator, value, instance, schema)

        return follow

    usual = _Dialect.VALIDATORS
    return {
        "$ref": counted(usual["$ref"]),
        "$dynamicRef": counted(usual["$dynamicRef"]),
        "pattern": _pattern,
        "patternProperties": _pattern_properties,
        "additionalProperties": _additional_properties,
        "unevaluatedProperties": _unevaluated_properties,
    }


def _pattern(_: Any, pattern: str, instance: Any, __: Any) -> Iterator[Any]:
    if isinstance(instance, str) and not matches(pattern, instance):
        yield jsonschema.ValidationError(f"{instance!r} does not match {pattern!r}")


def _pattern_properties(validator: Any, patterns: Any, instance: Any, _: Any) -> Iterator[Any]:
    if isinstance(instance, dict):
        for pattern, part in patterns.items():
            for name, value in instance.items():
                if matches(pattern, name):
                    yield from validator.descend(value, part, path=name, schema_path=pattern)


def _additional_properties(validator: Any, part: Any, instance: Any, schema: Any) -> Iterator[Any]:
    if not isinstance(instance, dict):
        return
    known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    for name, value in instance.items():
        if name not in known and not any(matches(pattern, name) for pattern in patterns):
            yield from validator.descend(value, part, path=name)


def _unevaluated_properties(validator: Any, part: Any, instance: Any, schema: Any) -> Iterator[Any]:
    # jsonschema itself would look for the patterns' names.
    if "patternProperties" in str(schema):
        raise NoInstanceError(
            "output_schema_json: unevaluatedProperties beside patternProperties is not tried"
        )
    usual: Keyword = _Dialect.VALIDATORS["unevaluatedProperties"]
    yield from usual(validator, part, instance, schema) or ()
