"""Error answers in the documented shape.

Source: docs › Error body: `error` is a code, `message` a text, `request_id` and `details` as in the contract.
"""

from __future__ import annotations

from typing import Any

_KNOWN: dict[int, tuple[str, str]] = {
    # Codes seen: unauthorized, insufficient_credits, not_found, stream_not_found, validation_error, internal.
    # The others are *assumed*.
    400: ("validation_error", "The request is not valid."),
    401: ("unauthorized", "The API key is missing or invalid."),
    402: ("insufficient_credits", "No credits are available."),
    404: ("not_found", "There is nothing at this path."),
    405: ("method_not_allowed", "The path does not have this method."),
    413: ("payload_too_large", "The request body is too large."),
    414: ("uri_too_long", "The path and query are too long."),
    422: ("validation_error", "The request is not valid."),
    429: ("concurrency_limit", "The limit of concurrent streams is reached."),
    431: ("headers_too_large", "A header is too long."),
    500: ("internal", "The server failed."),
    502: ("bad_gateway", "The server behind the gateway did not answer properly."),
    503: ("service_unavailable", "The service is temporarily unavailable."),
    504: ("gateway_timeout", "The server behind the gateway did not answer in time."),
}


def error_body(
    status: int, request_id: str, *, code: str | None = None, message: str | None = None, details: Any = None
) -> dict[str, Any]:
    """The body that goes with `status`."""
    usual_code, usual_message = _KNOWN.get(status, ("error", f"The request failed with status {status}."))
    return {
        "error": code or usual_code,
        "message": message or usual_message,
        "request_id": request_id,
        "details": details,
    }
