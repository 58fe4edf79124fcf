"""The list of rules that a client is known to fail: a line each, the rule's id and the reason."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path


class KnownFailingError(Exception):
    """The file cannot be used; the text names file and line."""


@dataclass(frozen=True, slots=True)
class KnownFailing:
    """One entry; `place` is `file:line`."""

    rule: str
    reason: str
    place: str


def read_known_failing(path: Path, rules: Collection[str], shown: str) -> dict[str, KnownFailing]:
    """Entries by rule id. `rules` are all ids there are, `shown` the file's name in messages.

    Empty lines and what follows `#` at the beginning of a line are left out. Raises KnownFailingError.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise KnownFailingError(f"--overshoot-known-failing: {shown} cannot be read: {error}") from error
    entries: dict[str, KnownFailing] = {}
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        place = f"{shown}:{number}"
        rule, _, reason = text.partition(" ")
        rule = rule.rstrip(":").upper()
        if rule not in rules:
            near = difflib.get_close_matches(rule, rules, 1)
            hint = f"did you mean {near[0]}?" if near else "list them with: overshoot-testkit rules"
            raise KnownFailingError(f"{place}: there is no rule {rule!r}; {hint}")
        if not reason.strip():
            raise KnownFailingError(
                f"{place}: {rule} has no reason; write it behind the id, best with a link"
            )
        if rule in entries:
            raise KnownFailingError(f"{place}: {rule} is listed already, at {entries[rule].place}")
        entries[rule] = KnownFailing(rule, reason.strip(), place)
    return entries
