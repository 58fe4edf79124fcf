"""The room of a user who runs a LiveKit server: what clients of transport `livekit` are told to send.

Source: Transport & Connectivity › User-Managed LiveKit.
"""

from __future__ import annotations

import functools

URL = "wss://livekit.user.test"
"""Never resolves (RFC 6761): nothing leaves the machine."""
_SECRET = "the-user-signs-tokens-with-this-secret"  # noqa: S105 - guards nothing
_UNTIL = 4_102_444_800
"""2100-01-01: the user's tokens are the user's affair, so none expires in a scenario."""


@functools.cache
def token() -> str:
    """A token of the form that LiveKit's are of, for a client that looks into it."""
    import jwt  # noqa: PLC0415 - only clients of this transport need it

    claims = {
        "iss": "APIuser",
        "sub": "camera",
        "exp": _UNTIL,
        "video": {"room": "user-room", "roomJoin": True, "canPublish": True},
    }
    return jwt.encode(claims, _SECRET, algorithm="HS256")
