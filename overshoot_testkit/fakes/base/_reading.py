"""What a request brings: its body, and what is wrong with it. Both are noted on the call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web import RequestPayloadError

from overshoot_testkit.fakes.base._body import NotJsonError, TooLargeError, parse_json, read_body, unusable
from overshoot_testkit.fakes.base._call import Refusal
from overshoot_testkit.fakes.base._encoding import READ

if TYPE_CHECKING:
    from overshoot_testkit.fakes.base._call import Call
    from overshoot_testkit.journal import Redactor

_CLOSE = {"Connection": "close"}
"""Where the next request would begin is not known, or far away."""


async def read(call: Call, limit: int) -> bytes:
    """The body, uncompressed; nothing where it cannot be read, or is longer than `limit` bytes."""
    if call.request.headers.get("Content-Encoding", "identity").strip().lower() not in READ:
        call.problem = Refusal(400, f"The body's Content-Encoding is none of {', '.join(READ)}.")
        return b""
    try:
        return await read_body(call.request, limit)
    except TooLargeError:
        call.problem = Refusal(413, f"The body is larger than {limit} bytes.", headers=_CLOSE)
    except (HttpProcessingError, RequestPayloadError):
        call.problem = Refusal(400, "The body could not be read to its end.", headers=_CLOSE)
    return b""


def take(call: Call, raw: bytes, content_type: str | None, secrets: Redactor) -> Any:
    """Parse the body; returns what the journal has of it."""
    recorded: Any = None
    needed = call.route is not None and call.route.json_body
    if raw:
        try:
            call.body = parse_json(raw)
            recorded = secrets.value(call.body)
        except NotJsonError as error:
            recorded = {"not_json": secrets.text(raw.decode("utf-8", "replace"))}
            if needed and call.problem is None:
                call.problem = Refusal(422, str(error))
    if needed and call.problem is None:
        problem = unusable(raw, content_type)
        call.problem = None if problem is None else Refusal(422, problem)
    return recorded
