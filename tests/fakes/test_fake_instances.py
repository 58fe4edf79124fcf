"""Generated results obey whatever schema was asked for, or say that they cannot."""

from __future__ import annotations

import jsonschema
import pytest

from overshoot_testkit.fakes.overshoot._instances import NoInstanceError, minimal_instance

SCHEMAS = [
    {},
    {"type": "object"},
    {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "boolean"}}},
    {"type": "object", "required": ["x"]},
    {"properties": {"a": {"type": "integer", "minimum": 3, "maximum": 3}}, "required": ["a"]},
    {"type": "object", "minProperties": 2, "additionalProperties": {"type": "integer"}},
    {"type": "integer", "exclusiveMinimum": 5, "multipleOf": 4},
    {"type": "integer", "maximum": -7},
    {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
    {"type": "number", "minimum": 0.25, "multipleOf": 0.5},
    {"type": "string", "minLength": 30, "maxLength": 40},
    {"type": "string", "maxLength": 2},
    {"type": "string", "format": "date-time"},
    {"type": ["null", "string"]},
    {"enum": [4, 5]},
    {"const": {"a": 1}},
    {"type": "array", "items": {"type": "integer"}, "minItems": 3},
    {"type": "array", "items": {"enum": [1, 2, 3]}, "minItems": 3, "uniqueItems": True},
    {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "items": False},
    {"type": "array", "maxItems": 0},
    {"anyOf": [{"type": "null"}, {"type": "integer", "minimum": 9}]},
    {"oneOf": [{"properties": {"k": {"const": "a"}}, "required": ["k"]}, {"type": "string"}]},
    {"allOf": [{"properties": {"a": {"type": "integer"}}, "required": ["a"]}, {"required": ["b"]}]},
    {"$ref": "#/$defs/box", "$defs": {"box": {"type": "object", "properties": {"n": {"$ref": "#/$defs/n"}}},
                                      "n": {"type": "integer"}}},
    {"type": "object", "properties": {"next": {"$ref": "#"}}},
    {"type": "object", "properties": {"a/b": {"type": "integer"}, "c": {"$ref": "#/properties/a~1b"}}},
    {"items": {"type": "boolean"}},
    {"minimum": 12},
]  # fmt: skip


@pytest.mark.parametrize("schema", SCHEMAS, ids=str)
def test_an_instance_is_valid(schema):
    jsonschema.Draft202012Validator(schema).validate(minimal_instance(schema))


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        ({"type": "nonsense"}, "not a JSON Schema"),
        ({"type": "integer", "minimum": 5, "maximum": 4}, "no valid result"),
        ({"type": "object", "properties": {"a": False}, "required": ["a"]}, "no valid result"),
        ({"pattern": "^[0-9]{4}$", "type": "string"}, "no valid result"),
        ({"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]}, "without end"),
        ({"$ref": "#"}, "without end"),
        ({"$ref": "https://elsewhere.test/schema"}, "outside"),
        ({"$ref": "#/nowhere"}, "nowhere"),
    ],
)
def test_what_has_none_is_said_to_have_none(schema, why):
    with pytest.raises(NoInstanceError, match=why):
        minimal_instance(schema)


def test_free_text_is_what_was_given():
    assert {"what": "a cat"} == minimal_instance(
        {"type": "object", "properties": {"what": {"type": "string"}}}, text="a cat"
    )
