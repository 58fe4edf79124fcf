"""The room of a user who runs a LiveKit server: what clients of transport `livekit` are told to send.

Source: Transport & Connectivity › User-Managed LiveKit.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
import json

URL = "wss://livekit.user.test"
"""Never resolves (RFC 6761): nothing leaves the machine."""
_KEY = b"the-user-signs-tokens-with-this-secret"
_UNTIL = 4_102_444_800
"""2100-01-01: the user's tokens are the user's affair, so none expires in a scenario."""


@functools.cache
def token() -> str:
    """A token of the form that LiveKit's are of, for a client that looks into it."""
    claims = {
        "iss": "APIuser",
        "sub": "camera",
        "exp": _UNTIL,
        "video": {"room": "user-room", "roomJoin": True, "canPublish": True},
    }
    signed = f"{_part({'alg': 'HS256', 'typ': 'JWT'})}.{_part(claims)}"
    return f"{signed}.{_text(hmac.digest(_KEY, signed.encode(), hashlib.sha256))}"


def _part(value: object) -> str:
    return _text(json.dumps(value, separators=(",", ":")).encode())


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
