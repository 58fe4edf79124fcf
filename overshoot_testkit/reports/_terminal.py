"""The console that reports are written to: colour only where wanted, and no sign that it cannot show."""

from __future__ import annotations

import os
import sys
from typing import IO, TYPE_CHECKING, cast

from rich.console import Console

if TYPE_CHECKING:
    from typing import NoReturn

_PLAIN = {
    "✓": "+",
    "✗": "x",
    "–": "-",
    "⚠": "#",
    "→": ">",
    "←": "<",
    "▶": ">",
    "›": ">",
    "…": "~",
    "·": "-",
    "─": "-",
    "—": "-",
    "•": "*",
    "’": "'",
}
"""One column for one column, so that tables keep their shape."""


class _ReportConsole(Console):
    def on_broken_pipe(self) -> NoReturn:
        # rich would exit with 1 here, which from this program means "not conformant".
        raise BrokenPipeError


class _EncodableFile:
    """A text stream that writes what its encoding lacks in plain signs, or as `?`."""

    def __init__(self, stream: IO[str], encoding: str) -> None:
        self._stream = stream
        self._encoding = encoding
        self._plain = str.maketrans(
            {sign: plain for sign, plain in _PLAIN.items() if not _has(encoding, sign)}
        )

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        plain = text.translate(self._plain)
        return self._stream.write(plain.encode(self._encoding, "replace").decode(self._encoding))


def make_console(*, stderr: bool = False, no_color: bool = False, file: IO[str] | None = None) -> Console:
    """A console on standard output (or `stderr`, or `file`).

    Styles only on a terminal (or with FORCE_COLOR), and never with `no_color` or the variable NO_COLOR.
    Without a terminal lines are 80 columns wide, or COLUMNS.
    """
    stream = file or (sys.stderr if stderr else sys.stdout)
    encoding = (getattr(stream, "encoding", None) or "utf-8").lower()
    if not all(_has(encoding, sign) for sign in _PLAIN):
        stream = cast("IO[str]", _EncodableFile(stream, encoding))
    plain = no_color or bool(os.environ.get("NO_COLOR"))
    return _ReportConsole(
        file=stream,
        color_system=None if plain else "auto",
        no_color=plain or None,
        highlight=False,
        markup=False,
        emoji=False,
    )


def _has(encoding: str, sign: str) -> bool:
    try:
        sign.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True
