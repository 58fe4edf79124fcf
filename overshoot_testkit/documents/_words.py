"""What a writer may have meant."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST_LISTED = 40


def near(word: str, known: Iterable[str]) -> str:
    """How to go on after a word that nobody knows: the nearest that is known, and all there are."""
    words = list(known)
    close = difflib.get_close_matches(word, words, 1)
    listed = ", ".join(words)
    if not close:
        return f"there are: {listed}"
    return f"did you mean {close[0]!r}?" + (f" There are: {listed}" if len(words) <= _MOST_LISTED else "")
