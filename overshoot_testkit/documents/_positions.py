"""On which line each value of a TOML or JSON text stands.

The parsers of the standard library keep no positions. This follows a text that they have accepted already,
so it checks nothing: it only finds its way over keys, strings, brackets and comments.
"""

from __future__ import annotations

import json
import re
import tomllib
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from overshoot_testkit.documents._document import Path

_SPACE = {"toml": re.compile(r"(?:[ \t\r\n]|#[^\n]*)*"), "json": re.compile(r"\s*")}
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}(?!")'
    r"|'''.*?'{3,5}(?!')"
    r'|"(?:\\.|[^"\\])*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_BARE = re.compile(r"[\w-]+")
_PLAIN = re.compile(r"[^,\]}#\n]*")
"""Numbers, dates, true, null: up to whatever ends them."""


class Positions:
    """Finds the lines; `twice` has the members that are there more than once, with both lines."""

    def __init__(self, text: str, kind: Literal["toml", "json"]) -> None:
        self._text = text
        self._kind = kind
        self._space = _SPACE[kind]
        self._at = 0
        self._line = 1
        self._counted = 0
        self.lines: dict[Path, int] = {}
        self.twice: list[tuple[Path, int, int]] = []
        self._items: dict[Path, int] = {}
        """Of TOML's arrays of tables: how many there are so far."""
        self._skip()
        if kind == "json":
            self._value(())
        else:
            self._tables()

    # --- the text

    def _skip(self) -> None:
        match = self._space.match(self._text, self._at)
        assert match is not None
        self._at = match.end()

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        assert match is not None, f"not what a parser accepted, at character {self._at}"
        self._at = match.end()
        return match[0]

    def _char(self) -> str:
        return self._text[self._at : self._at + 1]

    def _here(self) -> int:
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._line

    # --- values, the same in both

    def _value(self, path: Path) -> None:
        match self._char():
            case "{":
                self._members(path)
            case "[":
                self._array(path)
            case '"' | "'":
                self._take(_STRING)
            case _:
                self._take(_PLAIN)

    def _array(self, path: Path) -> None:
        self._at += 1
        self._skip()
        index = 0
        while self._char() != "]":
            self.lines[*path, index] = self._here()
            self._value((*path, index))
            index += 1
            self._separator()
        self._at += 1

    def _members(self, path: Path) -> None:
        self._at += 1
        self._skip()
        while self._char() != "}":
            self._member(path)
            self._separator()
        self._at += 1

    def _separator(self) -> None:
        self._skip()
        if self._char() == ",":
            self._at += 1
            self._skip()

    def _member(self, path: Path) -> None:
        line = self._here()
        path = (*path, *self._key())
        if path in self.lines:
            self.twice.append((path, self.lines[path], line))
        self.lines.setdefault(path, line)
        self._at += 1  # the colon or equals sign
        self._skip()
        self._value(path)

    def _key(self) -> list[str]:
        """The parts of a key, up to the colon, the equals sign or the closing bracket."""
        parts = []
        while True:
            if self._char() in {'"', "'"}:
                quoted = self._take(_STRING)
                parts.append(
                    json.loads(quoted) if self._kind == "json" else tomllib.loads(f"key={quoted}")["key"]
                )
            else:
                parts.append(self._take(_BARE))
            self._skip()
            if self._char() != ".":
                return parts
            self._at += 1
            self._skip()

    # --- TOML's tables

    def _tables(self) -> None:
        table: Path = ()
        while self._at < len(self._text):
            if self._char() == "[":
                table = self._header()
            else:
                self._member(table)
            self._skip()

    def _header(self) -> Path:
        line = self._here()
        many = self._text.startswith("[[", self._at)
        self._at += 2 if many else 1
        self._skip()
        path: Path = ()
        parts = self._key()
        for part in parts[:-1]:
            path = self._latest((*path, part))
        path = (*path, parts[-1])
        self.lines.setdefault(path, line)
        if many:
            self._items[path] = self._items.get(path, 0) + 1
            path = self._latest(path)
            self.lines[path] = line
        self._at += 2 if many else 1
        return path

    def _latest(self, path: Path) -> Path:
        """The last item of an array of tables; any other path as it is."""
        count = self._items.get(path)
        return path if count is None else (*path, count - 1)
