from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def iso(unix: float) -> str:
    """Unix seconds as ISO 8601, in UTC."""
    return (_EPOCH + timedelta(seconds=unix)).isoformat()
