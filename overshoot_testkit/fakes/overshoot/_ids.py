"""Identifiers that look random and are the same in every run."""

from __future__ import annotations

import hashlib
import uuid


def identifier(seed: int, *path: str | int) -> str:
    """A UUID of its own for each path of names and numbers."""
    name = "/".join(map(str, (seed, *path)))
    return str(uuid.UUID(bytes=hashlib.blake2b(name.encode(), digest_size=16).digest(), version=4))


def is_identifier(text: str) -> bool:
    """Whether it has the form of a UUID."""
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False
