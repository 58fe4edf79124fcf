"""YAML as JSON people expect it: the core schema of YAML 1.2, in which `on` and `no` are words.

PyYAML resolves plain scalars by YAML 1.1, where `on: ` would be a member named true and 1:30 a number. Only
what JSON has is let through: no tags, no anchors, no dates, no member names that are not text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from overshoot_testkit.documents._document import DocumentError, Problem

if TYPE_CHECKING:
    from overshoot_testkit.documents._document import Path

_TAG = "tag:yaml.org,2002:"
_DEEPEST = 64
"""Nested collections; nobody writes so many by hand."""


class _Loader(yaml.SafeLoader):
    """Its resolvers are its own."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - as PyYAML has it


for _tag, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    (
        "float",
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        list("-+.0123456789"),
    ),
):
    _Loader.add_implicit_resolver(_TAG + _tag, re.compile(rf"(?:{_pattern})\Z"), _first)


class YamlReader:
    """Reads one text: the data, and the line of each value."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lines: dict[Path, int] = {}
        self._problems: list[Problem] = []

    def read(self, text: str) -> Any:
        """Raises DocumentError."""
        try:
            loader = _Loader(text)
            try:
                node = loader.get_single_node()
            finally:
                loader.dispose()
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            what = ", ".join(part for part in (error.problem, error.context) if part)
            line = None if mark is None else mark.line + 1
            raise DocumentError(self.name, [Problem((), f"not YAML: {what}", line)]) from None
        except (yaml.YAMLError, RecursionError) as error:
            what = "nested too deep" if isinstance(error, RecursionError) else str(error).splitlines()[0]
            raise DocumentError(self.name, [Problem((), f"not YAML: {what}", 1)]) from None
        data = None if node is None else self._value(node, (), set())
        if self._problems:
            raise DocumentError(self.name, self._problems)
        return data

    def _wrong(self, path: Path, node: yaml.Node, text: str) -> None:
        self._problems.append(Problem(path, text, node.start_mark.line + 1))

    def _value(self, node: yaml.Node, path: Path, seen: set[int]) -> Any:
        # Without aliases the nodes are a tree; an alias is the same node a second time.
        if id(node) in seen:
            line = self.lines.get(path, node.start_mark.line + 1)
            self._problems.append(Problem(path, "anchors and aliases are not read; write it out", line))
            return None
        seen.add(id(node))
        self.lines.setdefault(path, node.start_mark.line + 1)
        if len(path) > _DEEPEST:
            self._wrong(path, node, f"nested more than {_DEEPEST} deep")
            return None
        if isinstance(node, yaml.MappingNode) and node.tag == f"{_TAG}map":
            return self._mapping(node, path, seen)
        if isinstance(node, yaml.SequenceNode) and node.tag == f"{_TAG}seq":
            return [self._value(each, (*path, index), seen) for index, each in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        self._wrong(path, node, f"the tag {node.tag} is not read; leave it out")
        return None

    def _mapping(self, node: yaml.MappingNode, path: Path, seen: set[int]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag != f"{_TAG}str":
                text = key.value if isinstance(key, yaml.ScalarNode) else "this"
                self._wrong(path, key, f"{text} as a member's name is not text; put it in quotes")
                continue
            name = key.value
            if name in values:
                first = self.lines[*path, name]
                self._wrong((*path, name), key, f"is there twice, first in line {first}; keep one")
                continue
            self.lines[*path, name] = key.start_mark.line + 1
            values[name] = self._value(value, (*path, name), seen)
        return values

    def _scalar(self, node: yaml.ScalarNode, path: Path) -> Any:  # noqa: PLR0911 - one a type
        text: str = node.value
        try:
            match node.tag.removeprefix(_TAG):
                case "str":
                    return text
                case "null":
                    return None
                case "bool":
                    return text.lower() == "true"
                case "int":
                    return _integer(text)
                case "float":
                    return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
        except ValueError:
            self._wrong(path, node, f"{text[:40]!r} is not a number that can be read")
            return None
        self._wrong(path, node, f"the tag {node.tag} is not read; leave it out")
        return None


def _integer(text: str) -> int:
    return int(text, 0) if text.startswith(("0o", "0x")) else int(text)
