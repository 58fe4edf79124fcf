"""Content codings: which a client takes, and gzip that is the same in every run."""

from __future__ import annotations

import zlib
from functools import lru_cache

READ = ("identity", "gzip", "deflate")
"""Codings of request bodies that are undone. What else aiohttp knows depends on what is installed."""
_GZIP = 31
"""zlib's number for a gzip wrapper; its header then has no file name and 0 for the time."""


def gzip(data: bytes) -> bytes:
    """`data`, compressed."""
    return zlib.compress(data, 6, wbits=_GZIP)


@lru_cache(maxsize=256)
def takes_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding header admits gzip and does not like no coding better.

    Source: RFC 9110, 12.5.3. `q=0` forbids, `*` stands for all that are not named, and what has no weight
    that can be read is not taken.
    """
    weights: dict[str, float] = {}
    for item in accepted.lower().split(","):
        name, *parameters = (part.strip() for part in item.split(";"))
        if name:
            weights[name] = _weight(parameters)
    others = weights.get("*", 0.0)
    ours = weights.get("gzip", weights.get("x-gzip", others))
    return ours > 0 and ours >= weights.get("identity", 0.0)


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                weight = float(value)
            except ValueError:
                return 0.0
            return weight if 0 <= weight <= 1 else 0.0
    return 1.0
