"""An SDP answer for legacy WebRTC streams."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_USUAL = ["m=video 9 UDP/TLS/RTP/SAVPF 96", "a=mid:0", "a=rtpmap:96 VP8/90000"]
_KEPT = ("a=mid:", "a=rtpmap:", "a=fmtp:", "a=rtcp-fb:")


def answer(offer: str, stream_id: str) -> str:
    """An answer that accepts every video section of `offer` and sends nothing.

    Plausible in form, not in effect: it has no candidates, so that no packet ever leaves the machine. An
    offer without sections (the contract only asks for text) is answered as if it offered VP8.
    """
    digest = hashlib.blake2b(stream_id.encode(), digest_size=32).hexdigest()
    fingerprint = ":".join(digest[index : index + 2] for index in range(0, 64, 2)).upper()
    sections = list(_sections(offer)) or [_USUAL]
    mids = [line.removeprefix("a=mid:") for section in sections for line in section if line[:6] == "a=mid:"]
    lines = ["v=0", f"o=- {int(digest[:12], 16)} 1 IN IP4 127.0.0.1", "s=-", "t=0 0"]
    if mids:
        lines.append("a=group:BUNDLE " + " ".join(mids))
    for section in sections:
        lines.append(section[0])
        lines += [
            "c=IN IP4 0.0.0.0",
            "a=recvonly" if section[0].startswith("m=video") else "a=inactive",
            f"a=ice-ufrag:{digest[:8]}",
            f"a=ice-pwd:{digest[8:32]}",
            f"a=fingerprint:sha-256 {fingerprint}",
            "a=setup:active",
            "a=rtcp-mux",
        ]
        lines += [line for line in section[1:] if line.startswith(_KEPT)]
    return "\r\n".join(lines) + "\r\n"


def _sections(offer: str) -> Iterator[list[str]]:
    section: list[str] = []
    for line in offer.splitlines():
        if line.startswith("m="):
            if section:
                yield section
            parts = line.split()
            # The port is the discard port; a section that is not media is refused by port 0.
            if len(parts) > 1:
                parts[1] = "9" if parts[0] == "m=video" else "0"
            section = [" ".join(parts)]
        elif section:
            section.append(line)
    if section:
        yield section
