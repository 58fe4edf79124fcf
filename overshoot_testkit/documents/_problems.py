"""What pydantic found, in words for whoever wrote the document."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pydantic.errors import PydanticInvalidForJsonSchema
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from overshoot_testkit.documents._words import near

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import TypeAdapter, ValidationError
    from pydantic_core import ErrorDetails

    from overshoot_testkit.documents._document import Document, Path, Problem

_UNKNOWN = {"extra_forbidden", "unexpected_keyword_argument"}
_MISSING = {"missing", "missing_argument", "missing_keyword_only_argument"}
_EXPECTED = {
    "bool_type": "true or false",
    "dataclass_type": "a mapping",
    "dict_type": "a mapping",
    "float_type": "a number",
    "int_from_float": "a whole number",
    "int_type": "a whole number",
    "list_type": "a list",
    "mapping_type": "a mapping",
    "model_attributes_type": "a mapping",
    "model_type": "a mapping",
    "none_required": "left out",
    "string_type": "text",
    "tuple_type": "a list",
}
"""What a value must be, by pydantic's name of the error."""
_BY_FIELD = re.compile(r"(?:[A-Z]\w*\.)?(?P<field>[a-z_]\w*)(?:\[(?P<index>\d+)\])?: (?P<text>.+)", re.DOTALL)
"""How constructors here refuse a value: "Answer.status: 999 is not an HTTP status"."""


def problems_of(document: Document, error: ValidationError, adapter: TypeAdapter[Any]) -> list[Problem]:
    """One for each place, in the order of the document's lines."""
    schema: dict[str, Any] | None = None
    found: dict[Path, list[str]] = {}
    expected: dict[Path, list[str]] = {}
    for each in error.errors(include_url=False):
        path = _in_data(document.data, each)
        if each["type"] in _UNKNOWN:
            schema = _schema(adapter) if schema is None else schema
            text = f"nothing has this name; {near(str(path[-1]), _known(schema, each['loc']))}"
        elif each["type"] in _EXPECTED or each["type"] == "literal_error":
            # One for each member of a union: told together.
            what = each.get("ctx", {}).get("expected") or _EXPECTED[each["type"]]
            known = expected.setdefault(path, [])
            known += [what] if what not in known else []
            text = f"must be {_either(known)}, not {_shown(each['input'])}"
            found[path] = [told for told in found.get(path, []) if not told.startswith("must be ")]
        else:
            path, text = _told(document.data, path, each)
        texts = found.setdefault(path, [])
        if text not in texts:
            texts.append(text)
    problems = [document.problem(path, " or ".join(texts)) for path, texts in found.items()]
    return sorted(problems, key=lambda problem: problem.line or 0)


def _told(data: Any, path: Path, each: ErrorDetails) -> tuple[Path, str]:
    """Where and what: a constructor's own words name the member they are about."""
    context = each.get("ctx", {})
    match each["type"]:
        case "missing" | "missing_argument" | "missing_keyword_only_argument":
            return path, "is missing"
        case "union_tag_invalid":
            name = context["discriminator"].strip("'")
            known = [word.strip().strip("'") for word in context["expected_tags"].split(",")]
            return (*path, name), f"nothing is called {context['tag']!r}; {near(context['tag'], known)}"
        case "union_tag_not_found":
            return (*path, context["discriminator"].strip("'")), "is missing"
        case "value_error" | "assertion_error":
            text = str(context["error"])
            about = _BY_FIELD.fullmatch(text)
            if about is None or not _has(data, path, about["field"]):
                return path, text
            index = () if about["index"] is None else (int(about["index"]),)
            return (*path, about["field"], *index), about["text"]
        case _:
            return path, f"{each['msg'][:1].lower()}{each['msg'][1:]}, not {_shown(each['input'])}"


def _either(what: list[str]) -> str:
    return " or ".join(part for part in (", ".join(what[:-1]), what[-1]) if part)


def _shown(value: object) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _has(data: Any, path: Path, name: str) -> bool:
    for part in path:
        data = data[part]
    return isinstance(data, dict) and name in data


def _in_data(data: Any, each: ErrorDetails) -> Path:
    """The location, without the names of union members and functions that pydantic puts in between."""
    path: list[str | int] = []
    parts = each["loc"]
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        if (isinstance(data, dict) and part in data) or (isinstance(data, list) and isinstance(part, int)):
            data = data[part]  # type: ignore[index] # a list has an int here
            path.append(part)
        elif last and each["type"] in _MISSING:
            path.append(part)
    return tuple(path)


# --- the names there are, at a place


class _Lenient(GenerateJsonSchema):
    """A schema also of what has none, such as a callable: only its member names are asked for."""

    def handle_invalid_for_json_schema(self, schema: Any, error_info: str) -> JsonSchemaValue:
        del schema, error_info
        return {}


def _schema(adapter: TypeAdapter[Any]) -> dict[str, Any]:
    try:
        return adapter.json_schema(schema_generator=_Lenient)
    except PydanticInvalidForJsonSchema:
        return {}


def _known(schema: dict[str, Any], location: tuple[str | int, ...]) -> list[str]:
    """Member names of the object that has, at `location`, a member that nobody knows."""
    places = list(_objects(schema, schema))
    for part in location[:-1]:
        deeper = [found for place in places for found in _within(schema, place, part)]
        # A part that leads nowhere is the name of a union's member, whose names are among those at hand.
        tagged = [place for place in places if _is_called(place, part)]
        places = deeper or tagged or places
    names: dict[str, None] = {}
    for place in places:
        names |= dict.fromkeys(place.get("properties", {}))
    return list(names)


def _objects(schema: dict[str, Any], part: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """`part` and everything it may be instead."""
    reference = part.get("$ref")
    if reference is not None:
        yield from _objects(schema, schema["$defs"][reference.rpartition("/")[2]])
        return
    yield part
    for alternatives in ("anyOf", "oneOf", "allOf"):
        for each in part.get(alternatives, ()):
            yield from _objects(schema, each)


def _within(schema: dict[str, Any], place: dict[str, Any], part: str | int) -> Iterator[dict[str, Any]]:
    inner = place.get("properties", {}).get(part) if isinstance(part, str) else place.get("items")
    if inner is None and isinstance(part, str):
        inner = place.get("additionalProperties")
    if isinstance(inner, dict):
        yield from _objects(schema, inner)


def _is_called(place: dict[str, Any], tag: str | int) -> bool:
    return place.get("title") == tag or any(
        each.get("const") == tag for each in place.get("properties", {}).values()
    )
