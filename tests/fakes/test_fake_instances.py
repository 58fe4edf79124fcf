"""Generated results obey whatever schema was asked for, or say that they cannot."""

from __future__ import annotations

import os
import subprocess
import sys

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
    {"type": "string", "pattern": "^[0-9]{4}$"},
    {"type": "string", "pattern": "^[A-Z]{3}-\\d{4}$"},
    {"type": "string", "pattern": "cat|dog", "minLength": 20},
    {"type": "string", "pattern": "^[a-z]+$", "minLength": 5, "maxLength": 6},
    {"type": "string", "pattern": "^[^aeiou\\s]{3,}$"},
    {"type": "string", "pattern": "^(\\w+)@\\1\\.(com|test)$"},
    {"type": "string", "pattern": "^(a+)+$", "minLength": 40},
    {"type": "array", "items": {"type": "string", "pattern": "^[a-f0-9]{8}$"}, "minItems": 4,
     "uniqueItems": True},
    {"type": "array", "items": {"type": "string"}, "minItems": 3, "uniqueItems": True},
    {"type": "array", "items": {"type": "integer", "minimum": 7}, "minItems": 3, "uniqueItems": True},
    {"type": "array", "contains": {"const": 4}, "minContains": 2},
    {"type": "object", "patternProperties": {"^x_": {"type": "integer"}}, "required": ["x_a"]},
    {"type": "object", "patternProperties": {"^x_": {"type": "integer"}}, "required": ["x_a"],
     "additionalProperties": False},
    {"type": "object", "required": ["a"], "dependentRequired": {"a": ["b"]}},
    {"type": "integer", "not": {"const": 0}},
    {"enum": ["a", "b"], "not": {"const": "a"}},
    {"type": "boolean", "not": {"const": True}},
    {"anyOf": [{"type": "string", "maxLength": 0, "minLength": 1}, {"type": "integer"}]},
    {"allOf": [{"type": "integer", "minimum": 3}, {"minimum": 5}, {"maximum": 5}]},
    {"allOf": [{"properties": {"a": {"minimum": 3}}}, {"properties": {"a": {"type": "integer"}}}],
     "required": ["a"]},
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
        ({"pattern": "^[0-9]{4}$", "type": "string", "maxLength": 3}, "no valid result"),
        ({"pattern": "[", "type": "string"}, "not a JSON Schema: '\\[' is not a 'regex'"),
        ({"properties": {"a": {}}, "patternProperties": {"(": {}}}, "not a JSON Schema"),
        ({"pattern": "a{999999999}", "type": "string"}, "more than 5000 repeats"),
        ({"pattern": "(a{1000}){1000}", "type": "string"}, "more than 5000 repeats"),
        ({"pattern": "a" * 2000, "type": "string"}, "longer than 1000 characters"),
        ({"type": "string", "minLength": 10**9}, "minLength: 1000000000 is not met"),
        ({"type": "array", "minItems": 10**9}, "minItems: 1000000000 is not met"),
        ({"type": "object", "minProperties": 10**9}, "more than 20000 values"),
        ({"$ref": "#/$defs/0", "$defs": {**{str(n): {"allOf": [{"$ref": f"#/$defs/{n + 1}"}] * 2}
          for n in range(16)}, "16": {}}}, "more than 20000 values"),
        ({"$ref": "#/$defs/0", "$defs": {**{str(n): {"allOf": [{"$ref": f"#/$defs/{n + 1}"}] * 2}
          for n in range(35)}, "35": {}}}, "without end"),
        ({"not": {"$ref": "#/$defs/0"}, "$defs": {**{str(n): {"allOf": [{"$ref": f"#/$defs/{n + 1}"}] * 2}
          for n in range(60)}, "60": {}}}, "too often"),
        ({"unevaluatedProperties": False, "patternProperties": {"a": {}}, "type": "object"}, "is not tried"),
        ({"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]}, "without end"),
        ({"$ref": "#"}, "without end"),
        ({"$ref": "https://elsewhere.test/schema"}, "outside"),
        ({"$ref": "#/nowhere"}, "nowhere"),
        ({"not": {"$ref": "https://elsewhere.test/schema"}}, "cannot be followed: "),
    ],
)  # fmt: skip
def test_what_has_none_is_said_to_have_none(schema, why):
    with pytest.raises(NoInstanceError, match=why):
        minimal_instance(schema)


def test_free_text_is_what_was_given():
    assert {"what": "a cat"} == minimal_instance(
        {"type": "object", "properties": {"what": {"type": "string"}}}, text="a cat"
    )


def test_a_pattern_that_takes_for_ever_is_given_up():
    schema = {"type": "string", "not": {"pattern": "^(?:x|xx|x)+[yz]$"}}

    with pytest.raises(NoInstanceError, match="takes too long to match"):
        minimal_instance(schema, text="x" * 40 + "y!")


def test_what_is_made_depends_on_its_arguments_alone():
    schema = {"type": "array", "items": {"pattern": "^[^a-f]{3}-\\S\\D$", "type": "string"}, "minItems": 2}

    assert minimal_instance(schema, seed="1") == minimal_instance(schema, seed="1")
    assert minimal_instance(schema, seed="1") != minimal_instance(schema, seed="2")


def made_with_hash_seed(script, seed):
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, check=True)
    return done.stdout.strip()


def test_what_is_made_is_the_same_in_every_process():
    script = (
        "from overshoot_testkit.fakes.overshoot._instances import minimal_instance as m;"
        "print(m({'type': 'string', 'pattern': '^[^a-f]{9}[^0-9]{9}$'}, seed='7'))"
    )
    made = {made_with_hash_seed(script, seed) for seed in ("1", "2")}

    assert 1 == len(made)
    assert 18 == len(made.pop())


def schemas():
    """What output schemas are made of, in any combination that holds together."""
    bound = st.integers(-50, 50)
    texts = st.builds(
        lambda low, more: {"type": "string", "minLength": low, "maxLength": low + more},
        st.integers(0, 30),
        st.integers(0, 30),
    )
    numbers = st.builds(
        lambda kind, low, more: {"type": kind, "minimum": low, "maximum": low + more},
        st.sampled_from(["integer", "number"]),
        bound,
        st.integers(0, 9),
    )
    others = st.sampled_from(
        [
            {"type": "boolean"},
            {"type": "null"},
            {"enum": [1, "a", None]},
            {"const": [1]},
            {"type": "string", "format": "date"},
            {"type": "string", "pattern": "^[A-Z]{2}\\d+$"},
        ]
    )
    names = st.sampled_from(["a", "b", "c/d", "ü"])

    def larger(parts):
        members = st.dictionaries(names, parts, max_size=3)
        return st.one_of(
            st.builds(lambda p, closed: {"type": "object", "properties": p, "required": sorted(p),
                                         "additionalProperties": not closed}, members, st.booleans()),
            st.builds(lambda p, n: {"type": "array", "items": p, "minItems": n}, parts, st.integers(0, 4)),
            st.builds(lambda p: {"anyOf": p}, st.lists(parts, min_size=1, max_size=3)),
            st.builds(lambda p: {"allOf": [p]}, parts),
            st.builds(lambda p: {"$defs": {"it": p}, "properties": {"x": p}}, parts),
        )  # fmt: skip

    return st.recursive(st.one_of(texts, numbers, others), larger, max_leaves=6)


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(schemas())
def test_any_schema_that_can_be_obeyed_is(schema):
    jsonschema.Draft202012Validator(schema).validate(minimal_instance(schema))


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(
    st.dictionaries(
        st.sampled_from(
            ["type", "items", "properties", "minimum", "pattern", "enum", "$ref", "minItems", "anyOf"]
        ),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.floats(allow_nan=False),
            lambda parts: (
                st.lists(parts, max_size=3) | st.dictionaries(st.text(max_size=5), parts, max_size=3)
            ),
            max_leaves=5,
        ),
    )
)
def test_any_other_is_answered_with_a_reason(schema):
    try:
        instance = minimal_instance(schema)
    except NoInstanceError as error:
        problem = str(error)
    else:
        problem = "output_schema_json"
        jsonschema.Draft202012Validator(schema).validate(instance)

    assert problem.startswith("output_schema_json")
