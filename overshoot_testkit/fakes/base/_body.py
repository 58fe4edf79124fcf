"""Bodies: read up to a limit, parsed as JSON with every oddity refused rather than carried along, written."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, NoReturn

from pydantic_core import to_json

if TYPE_CHECKING:
    from aiohttp.web import BaseRequest

DEEPEST = 100
"""Levels of nesting that are read; a recursive reader must not run out of stack on what comes after."""


class TooLargeError(Exception):
    """The body is longer than the limit."""


class NotJsonError(ValueError):
    """The text is not JSON as RFC 8259 has it; the message says why."""


async def read_body(request: BaseRequest, limit: int) -> bytes:
    """The whole body. Raises TooLargeError as soon as it is known to pass `limit` bytes."""
    if not request.body_exists:
        return b""
    if (request.content_length or 0) > limit:
        raise TooLargeError
    if request.headers.get("Expect", "").lower() == "100-continue" and request.transport is not None:
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    parts: list[bytes] = []
    size = 0
    while chunk := await request.content.readany():
        size += len(chunk)
        if size > limit:
            raise TooLargeError
        parts.append(chunk)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def unusable(raw: bytes, content_type: str | None) -> str | None:
    """Why a body cannot be the JSON that is required, going by its length and type; None if it can."""
    if not raw:
        return "A JSON body is required."
    kind = (content_type or "").partition(";")[0].strip().lower()
    if kind and kind != "application/json" and not kind.endswith("+json"):
        return "The body must be sent as Content-Type: application/json."
    return None


def parse_json(data: bytes | str) -> Any:
    """The value of a JSON text. Raises NotJsonError.

    Stricter than `json.loads`: NaN and infinities, numbers too large for a float, text that is not
    UTF-8, lone surrogates and nesting beyond 100 levels are refused. Of equal member names the last counts.
    """
    try:
        text = data.decode("utf-8") if isinstance(data, bytes) else data
    except UnicodeDecodeError as error:
        raise NotJsonError(f"The body is not UTF-8: {error.reason} at byte {error.start}") from None
    if _depth(text) > DEEPEST:
        raise NotJsonError(f"The body is nested more than {DEEPEST} levels deep")
    try:
        value = _DECODER.decode(text)
    except NotJsonError:
        raise
    except json.JSONDecodeError as error:
        raise NotJsonError(f"The body is not JSON: {error}") from None
    except ValueError as error:  # an integer of thousands of digits
        raise NotJsonError(f"The body has a number that cannot be read: {error}") from None
    if "\\u" in text and not _encodable(value):
        raise NotJsonError("The body has a lone surrogate, which is no Unicode character")
    return value


def write_json(value: Any) -> bytes:
    """The JSON text of a value: compact, UTF-8. Raises ValueError for what JSON cannot say."""
    # What json.dumps(value, ensure_ascii=False, separators=(",", ":")) writes, in a fifth of the time.
    return to_json(value)


def _depth(text: str) -> int:
    if text.count("[") + text.count("{") <= DEEPEST:
        return 0
    deepest = depth = 0
    quoted = escaped = False
    for character in text:
        if quoted:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == '"':
                quoted = False
        elif character == '"':
            quoted = True
        elif character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth -= 1
    return deepest


def _encodable(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise NotJsonError(f"The body has a number that is too large: {text[:40]}")
    return value


def _refuse(name: str) -> NoReturn:
    raise NotJsonError(f"The body is not JSON: {name} is not a JSON number")


_DECODER = json.JSONDecoder(parse_float=_finite, parse_constant=_refuse)
