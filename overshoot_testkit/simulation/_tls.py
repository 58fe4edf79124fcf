"""TLS that is not there: names and certificates are not what is tested, and encrypting costs time."""

from __future__ import annotations

import asyncio
import ssl
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class PassThrough:
    """Stands where an `ssl.SSLObject` would, and passes bytes on as they are."""

    def __init__(
        self,
        context: ssl.SSLContext,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        *,
        server_side: bool = False,
        server_hostname: str | bytes | None = None,
    ) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self.context = context
        self.server_side = server_side
        self.server_hostname = (
            server_hostname.decode("ascii") if isinstance(server_hostname, bytes) else server_hostname
        )
        self.session: Any = None
        self.session_reused = False

    def do_handshake(self) -> None:
        """Nothing to agree on."""

    def unwrap(self) -> None:
        """Nothing to take leave of."""

    def read(self, length: int = 1024, buffer: bytearray | None = None) -> bytes | int:
        data = self._incoming.read(length)
        if not data and not self._incoming.eof:
            raise ssl.SSLWantReadError(ssl.SSL_ERROR_WANT_READ, "The operation did not complete (read)")
        if buffer is None:
            return data
        buffer[: len(data)] = data
        return len(data)

    def write(self, data: bytes) -> int:
        return self._outgoing.write(data)

    def pending(self) -> int:
        return self._incoming.pending

    def getpeercert(self, binary_form: bool = False) -> dict[str, Any] | bytes | None:
        return None if binary_form else {}

    def selected_alpn_protocol(self) -> str | None:
        return None

    def selected_npn_protocol(self) -> str | None:
        return None

    def cipher(self) -> tuple[str, str, int]:
        return ("TLS_AES_256_GCM_SHA384", "TLSv1.3", 256)

    def shared_ciphers(self) -> list[tuple[str, str, int]] | None:
        return None

    def compression(self) -> str | None:
        return None

    def version(self) -> str:
        return "TLSv1.3"

    def get_channel_binding(self, cb_type: str = "tls-unique") -> bytes | None:  # noqa: ARG002
        return None


@contextmanager
def without_tls(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Let `SSLContext.wrap_bio` give pass-through objects to code of this loop, and to nobody else.

    Needed for libraries that do TLS on top of a plain connection themselves (anyio, so httpx and openai).
    Contexts of other classes than the standard one (truststore) are wrapped too; anyio calls those from
    its worker threads.
    """
    changed: list[tuple[type[ssl.SSLContext], Callable[..., Any]]] = []
    for cls in _context_classes(ssl.SSLContext):
        original = vars(cls).get("wrap_bio")
        if original is not None:
            changed.append((cls, original))
            cls.wrap_bio = _passing(original, loop)  # type: ignore[method-assign]
    try:
        yield
    finally:
        for cls, original in changed:
            cls.wrap_bio = original  # type: ignore[method-assign]


def _context_classes(cls: type[ssl.SSLContext]) -> Iterator[type[ssl.SSLContext]]:
    yield cls
    for subclass in cls.__subclasses__():
        yield from _context_classes(subclass)


def _passing(original: Callable[..., Any], loop: asyncio.AbstractEventLoop) -> Callable[..., Any]:
    def wrap_bio(  # noqa: PLR0917  (the signature of the original)
        self: ssl.SSLContext,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,
        server_hostname: str | bytes | None = None,
        session: Any = None,
    ) -> Any:
        if not _belongs_to(loop):
            return original(self, incoming, outgoing, server_side, server_hostname, session)
        return PassThrough(self, incoming, outgoing, server_side=server_side, server_hostname=server_hostname)

    return wrap_bio


def _belongs_to(loop: asyncio.AbstractEventLoop) -> bool:
    running = asyncio._get_running_loop()  # noqa: SLF001  (as anyio and httpcore)
    # anyio's worker threads say whose they are.
    return loop in (running, getattr(threading.current_thread(), "loop", None))
