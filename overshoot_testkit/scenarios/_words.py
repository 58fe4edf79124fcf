"""A fault in one line of words, as on a command line."""

from __future__ import annotations

import dataclasses
import types
import typing
from typing import Any, Literal

from overshoot_testkit.documents import Document, DocumentError, near, parse
from overshoot_testkit.faults import Match
from overshoot_testkit.scenarios._catalogue import ActionDoc, catalogue, snake
from overshoot_testkit.scenarios._json import fault_from

if typing.TYPE_CHECKING:
    from overshoot_testkit.scenarios._spec import FaultSpec

_PAIRS = {"(": ")", "[": "]", "{": "}"}
_TOP = ("at", "in", "stream", "name")
_TEXT = {"stream", "name", "route", "method", "key"}


def fault_from_words(words: str) -> FaultSpec:
    """A fault from a line such as `answer status=503 route=keepalive times=2`.

    The action comes first, then `name=value` for its fields, for `at`, `in`, `stream`, `name`, and for the
    conditions of `on`. Where an action has a field of the same name as a condition, the action's is meant;
    `on.times=2` is the condition. Values are YAML: `body={error: x}`, `reason="going away"`. The first field
    may come bare: `answer 503`, `delay 3`, `deploy 5 at=30`. Raises DocumentError, a ValueError.
    """
    parts = _split(words)
    document = Document(None, words.strip() or "a fault")
    if not parts:
        raise document.error((), f"say what happens; there are: {', '.join(catalogue())}")
    name = snake(parts[0])
    doc = catalogue().get(name)
    if doc is None:
        raise document.error((), f"there is no action {parts[0]!r}; {near(name, catalogue())}")
    form: dict[str, Any] = {"action": name}
    for number, part in enumerate(parts[1:]):
        path, text = _assignment(document, doc, part, bare=number == 0)
        _put(document, form, path, _value(document, doc, path, text))
    return fault_from(Document(form, document.name))


def _split(words: str) -> list[str]:
    """At spaces that are in no brackets and no quotes."""
    parts, part, open_, quote = [], "", [], ""
    for char in words:
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif char in _PAIRS:
            open_.append(_PAIRS[char])
        elif open_ and char == open_[-1]:
            open_.pop()
        if char.isspace() and not quote and not open_:
            parts += [part] if part else []
            part = ""
        else:
            part += char
    return [*parts, part] if part else parts


def _assignment(document: Document, doc: ActionDoc, part: str, *, bare: bool) -> tuple[tuple[str, ...], str]:
    """Where in the JSON form a part belongs, and its value as text."""
    name, equals, text = part.partition("=")
    if not equals or not name.replace(".", "").replace("_", "").replace("-", "").isalnum():
        if bare and doc.fields:
            return (doc.fields[0].name,), part
        example = f"{doc.fields[0].name}={part}" if doc.fields else f"times={part}"
        raise document.error((), f"{part!r} is no name=value, such as {example}")
    head, *rest = name.split(".", 1)
    if doc.field(head) is not None or head in {*_TOP, "on"}:
        return (head, *rest), text
    if head in _conditions():
        return ("on", head, *rest), text
    known = [*(each.name for each in doc.fields), *_TOP, *_conditions()]
    raise document.error((head,), f"nothing has this name; {near(head, dict.fromkeys(known))}")


def _conditions() -> list[str]:
    return [each.name for each in dataclasses.fields(Match) if each.name not in {"where", "stream"}]


def _value(document: Document, doc: ActionDoc, path: tuple[str, ...], text: str) -> Any:
    field = doc.field(path[0]) if len(path) == 1 else None
    is_text = _is_text(field.hint) if field else path[-1] in _TEXT
    if len(path) > 1 and path[0] != "on":
        is_text = _is_mapping_of_text(doc, path[0])
    if is_text and text[:1] not in {'"', "'"}:
        return text
    try:
        return parse(text, "yaml", document.name).data
    except DocumentError as error:
        what = error.problems[0].text
        raise document.error(path, f"{what}; put text with such characters in quotes") from None


def _is_text(hint: Any) -> bool:
    if typing.get_origin(hint) in {typing.Union, types.UnionType}:
        return all(_is_text(each) for each in typing.get_args(hint) if each is not type(None))
    return hint is str or (
        typing.get_origin(hint) is Literal and all(isinstance(each, str) for each in typing.get_args(hint))
    )


def _is_mapping_of_text(doc: ActionDoc, name: str) -> bool:
    field = doc.field(name)
    return field is not None and typing.get_args(field.hint)[1:2] == (str,)


def _put(document: Document, form: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for name in path[:-1]:
        form = form.setdefault(name, {})
        if not isinstance(form, dict):
            raise document.error(path, "is part of something that was given whole; keep one of them")
    if path[-1] in form:
        raise document.error(path, "is there twice; keep one")
    form[path[-1]] = value
