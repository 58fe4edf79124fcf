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


class Redactor:
    """Knows the secrets of one journal and what to write in their place."""

    __slots__ = ("_labels", "_searched")

    def __init__(self) -> None:
        self._labels: dict[str, str] = {}
        self._searched: dict[str, str] = {}

    def register(self, secret: str, label: str, *, search: bool = True) -> None:
        """From now on write `label` for `secret`.

        With `search` also inside longer texts. Leave it out for secrets that come by the thousand and have
        a shape of their own (JSON Web Tokens), which are found by that.
        """
        if secret:
            self._labels[secret] = label
            if search:
                self._searched[secret] = label

    def label(self, secret: str) -> str:
        """What stands in the journal for `secret`."""
        return self._labels.get(secret, "[redacted]")

    def text(self, text: str) -> str:
        """`text` without secrets, cut to 4096 characters."""
        if (whole := self._labels.get(text)) is not None:
            return whole
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
            return {
                str(name): self.label(each)
                if isinstance(each, str) and str(name).lower() in SENSITIVE_NAMES
                else self.value(each)
                for name, each in value.items()
            }
        if isinstance(value, list | tuple):
            return [self.value(each) for each in value]
        if isinstance(value, str):
            return self.text(value)
        return value
