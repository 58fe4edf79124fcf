"""The ends of a connection that HTTP has no words for."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio

# Windows has two 16-bit fields where POSIX has two ints.
_LINGER_NOT = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)


def reset(transport: asyncio.Transport | None) -> None:
    """End a connection so that the peer sees a reset (RST), unsent data discarded."""
    if transport is None:
        return
    real = transport.get_extra_info("socket")
    if real is not None:
        # It may fail where the peer went first: then there is nobody left to be reset.
        with contextlib.suppress(OSError):
            real.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
    transport.abort()


def finish(transport: asyncio.Transport | None) -> None:
    """End a connection so that the peer sees an end of stream (FIN) after what was sent."""
    if transport is not None:
        transport.close()
