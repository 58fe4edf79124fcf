"""Reads YAML, TOML and JSON into documents."""

from __future__ import annotations

import json
import math
import re
import tomllib
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from overshoot_testkit.documents._document import Document, DocumentError, Path, Problem
from overshoot_testkit.documents._positions import Positions

if TYPE_CHECKING:
    import os

Kind = Literal["yaml", "toml", "json"]

_KINDS: dict[str, Kind] = {".yaml": "yaml", ".yml": "yaml", ".toml": "toml", ".json": "json"}
_LINE = re.compile(r" \(at line (\d+), column (\d+)\)$")


def kind_of(path: str | os.PathLike[str]) -> Kind:
    """What a file is, by its name. Raises DocumentError."""
    kind = _KINDS.get(FilePath(path).suffix.lower())
    if kind is None:
        raise DocumentError(
            str(path), [Problem((), f"what it is must show in its name: {', '.join(sorted(_KINDS))}")]
        )
    return kind


def read(path: str | os.PathLike[str]) -> Document:
    """Read a file. Raises DocumentError, also for one that is not there or not UTF-8."""
    name = str(path)
    kind = kind_of(path)
    try:
        text = FilePath(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DocumentError(name, [Problem((), f"not UTF-8 ({error.reason}); save it as UTF-8")]) from None
    except OSError as error:
        raise DocumentError(name, [Problem((), error.strerror or str(error))]) from None
    return parse(text, kind, name)


def parse(text: str, kind: Kind, name: str) -> Document:
    """Read a text; `name` is what errors call it. Raises DocumentError for the first thing that is wrong.

    Members that are there twice, dates, infinite numbers and whatever else JSON does not have are refused.
    """
    if kind == "yaml":
        from overshoot_testkit.documents._yaml import YamlReader  # noqa: PLC0415 - only when used

        reader = YamlReader(name)
        document = Document(reader.read(text), name, reader.lines)
    else:
        document = _toml(text, name) if kind == "toml" else _json(text, name)
    _only_plain(document, document.data, ())
    return document


def _toml(text: str, name: str) -> Document:
    try:
        data = tomllib.loads(text)
        return Document(data, name, Positions(text, "toml").lines)
    except tomllib.TOMLDecodeError as error:
        told = _LINE.search(str(error))
        line = int(told[1]) if told else text.count("\n") + 1
        what = _LINE.sub("", str(error)).removesuffix(" (at end of document)")
        raise DocumentError(name, [Problem((), f"not TOML: {what}", line)]) from None
    except (ValueError, RecursionError) as error:
        _unreadable(name, "TOML", error)


def _json(text: str, name: str) -> Document:
    try:
        data = json.loads(text)
        positions = Positions(text, "json")
    except json.JSONDecodeError as error:
        raise DocumentError(name, [Problem((), f"not JSON: {error.msg}", error.lineno)]) from None
    except (ValueError, RecursionError) as error:
        _unreadable(name, "JSON", error)
    if positions.twice:
        raise DocumentError(
            name,
            [
                Problem(path, f"is there twice, first in line {first}; keep one", line)
                for path, first, line in positions.twice
            ],
        )
    return Document(data, name, positions.lines)


def _unreadable(name: str, what: str, error: Exception) -> NoReturn:
    reason = "nested too deep" if isinstance(error, RecursionError) else str(error)
    raise DocumentError(name, [Problem((), f"not {what}: {reason}", 1)])


def _only_plain(document: Document, value: Any, path: Path) -> None:
    match value:
        case dict():
            for name, each in value.items():
                _only_plain(document, each, (*path, name))
        case list():
            for index, each in enumerate(value):
                _only_plain(document, each, (*path, index))
        case float() if not math.isfinite(value):
            raise document.error(path, f"{value} is not a finite number; leave it out for no limit")
        case str() | int() | float() | bool() | None:
            pass
        case _:
            raise document.error(path, f"a {type(value).__name__} is not read; put it in quotes")
