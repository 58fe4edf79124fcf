"""Regular expressions of output schemas: texts that match one, and matching that comes to an end.

Texts are made by `rstr`, from a source that is the same in every run. Matching is by `regex`, which gives up
after a while: Python's own `re` can take for ever on a pattern such as `^(a+)+$`.
"""

from __future__ import annotations

import random
from typing import Any

_PATIENCE = 0.25
"""Seconds of real time that one search may take; usual ones take microseconds."""
_LONGEST_PATTERN = 1000
_MOST_REPEATS = 5000
_CHARACTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


class NoInstanceError(ValueError):
    """No valid instance was found: the schema is not one, contradicts itself, or is beyond what is tried."""


class PatternError(NoInstanceError):
    """A pattern is none, or beyond what is tried here."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"output_schema_json: {problem}")


def matches(pattern: str, text: str) -> bool:
    """Whether `pattern` is found in `text`. Raises PatternError."""
    import regex  # noqa: PLC0415 - only schemas with patterns need it

    try:
        return regex.search(pattern, text, timeout=_PATIENCE) is not None
    except TimeoutError:
        raise PatternError(f"the pattern {_short(pattern)} takes too long to match") from None
    except (regex.error, OverflowError, RecursionError) as error:
        raise PatternError(f"{_short(pattern)} is not a regular expression: {error}") from None


def text_for(pattern: str, seed: str, shortest: int, longest: int | None) -> str:
    """A text that matches, of a length within the bounds if a few attempts find one. Raises PatternError."""
    import rstr  # noqa: PLC0415 - only schemas with patterns need it

    if len(pattern) > _LONGEST_PATTERN:
        raise PatternError(f"the pattern {_short(pattern)} is longer than {_LONGEST_PATTERN} characters")
    made = ""
    for more in (1, 0, 4, shortest, -(-shortest // 2), 64):
        source = _Source(f"{seed}/{more}", more)
        maker = rstr.Rstr(source, printable=_CHARACTERS)
        try:
            made = maker.xeger(pattern)
        except PatternError:
            raise
        except Exception as error:  # noqa: BLE001 - rstr has no exceptions of its own
            raise PatternError(f"{_short(pattern)} cannot be followed: {error}") from None
        # The longest repeats may be more than rstr makes: a text can be fitted where the pattern is open.
        for text in (made, made.ljust(shortest, "a"), made.rjust(shortest, "a")):
            fits = len(text) >= shortest and (longest is None or len(text) <= longest)
            if fits and matches(pattern, text):
                return text
    return made


class _Source(random.Random):
    """Chooses the same in every process, plain characters where there are any, and few repeats."""

    def __init__(self, seed: str, more: int) -> None:
        super().__init__(seed)
        self._more = more
        self._left = _MOST_REPEATS

    def choice(self, seq: Any) -> Any:
        """One of them. Sets of characters come in an order that differs from process to process."""
        if seq and all(isinstance(each, str) for each in seq):
            ordered = sorted(seq)
            seq = [each for each in ordered if each in _CHARACTERS] or ordered
        return super().choice(seq)

    def randint(self, a: int, b: int) -> int:
        """How often a part is repeated, at least `a` times. Raises PatternError once that is too much."""
        count = min(b, a + self._more)
        if a > b:  # rstr repeats nothing more than a hundred times of its own accord
            count = a
        self._left -= count + 1
        if self._left < 0:
            raise PatternError(f"the pattern asks for more than {_MOST_REPEATS} repeats")
        return count


def _short(pattern: str) -> str:
    return repr(pattern if len(pattern) <= 60 else f"{pattern[:59]}…")
