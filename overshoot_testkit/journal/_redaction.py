"""Secrets never reach the journal: each is replaced by a label when an event is written."""

from __future__ import annotations

import re
from typing import Any

SENSITIVE_NAMES = frozenset(
    {
        "authorization",
        "api_key",
        "apikey",
        "token",
        "livekit_token",
        "access_token",
        "password",
        "credential",
        "secret",
    }
)
"""JSON members and query parameters whose values are secret whatever they look like."""

_PATTERNS = re.compile(
    r"eyJ[\w-]+\.[\w-]+\.[\w-]*"  # a JSON Web Token
    r"|(?<=a=ice-pwd:)\S+"  # the password in an SDP
    r"|(?<=[?&]access_token=)[^&\s]+"
    r"|(?<=[?&]token=)[^&\s]+"
    r"|(?i:(?<=bearer ))\S+"
)
_LONGEST_TEXT = 4096
_MOST_KNOWN = 1024
_LONGEST_KNOWN = 256


class Redactor:
    """Knows the secrets of one journal and what to write in their place."""

    __slots__ = ("_known", "_labels", "_searched")

    def __init__(self) -> None:
        self._labels: dict[str, str] = {}
        self._searched: dict[str, str] = {}
        # What was found out about short texts: a journal sees the same ones over and over again.
        self._known: dict[str, str] = {}

    def register(self, secret: str, label: str, *, search: bool = True) -> None:
        """From now on write `label` for `secret`.

        With `search` also inside longer texts. Leave it out for secrets that come by the thousand and have
        a shape of their own (JSON Web Tokens), which are found by that.
        """
        if secret:
            self._labels[secret] = label
            if search:
                self._searched[secret] = label
                self._known.clear()

    def forget(self, secret: str) -> None:
        """Write no label for `secret` any more: for one that was registered without `search`."""
        self._labels.pop(secret, None)

    def label(self, secret: str) -> str:
        """What stands in the journal for `secret`."""
        return self._labels.get(secret, "[redacted]")

    def text(self, text: str) -> str:
        """`text` without secrets, cut to 4096 characters."""
        if (whole := self._labels.get(text)) is not None or (whole := self._known.get(text)) is not None:
            return whole
        clean = self._clean(text)
        if len(text) <= _LONGEST_KNOWN:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[text] = clean
        return clean

    def _clean(self, text: str) -> str:
        for secret, label in self._searched.items():
            if secret in text:
                text = text.replace(secret, label)
        text = _PATTERNS.sub("[redacted]", text)
        if len(text) > _LONGEST_TEXT:
            text = f"{text[:_LONGEST_TEXT]}… ({len(text)} characters)"
        return text

    def value(self, value: Any) -> Any:
        """A copy of a JSON value without secrets."""
        if isinstance(value, dict):
            return {str(name): self.member(str(name), each) for name, each in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(each) for each in value]
        if isinstance(value, str):
            return self.text(value)
        return value

    def member(self, name: str, value: Any) -> Any:
        """A copy of the value of a JSON object's member, which may be secret by its name."""
        if isinstance(value, str):
            return self.label(value) if name.lower() in SENSITIVE_NAMES else self.text(value)
        return self.value(value)
