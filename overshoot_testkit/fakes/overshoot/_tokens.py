"""LiveKit tokens: scoped to one room, valid for a while on the fake's clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from overshoot_testkit.journal import StateChanged, TokenIssued

if TYPE_CHECKING:
    from overshoot_testkit.clock import Clock
    from overshoot_testkit.fakes.overshoot._stream import Stream
    from overshoot_testkit.fakes.overshoot.settings import Settings
    from overshoot_testkit.journal import Journal


@dataclass(slots=True)
class Token:
    """A token that was issued. `label` is what the journal calls it; expiry in seconds of the clock."""

    label: str
    stream_id: str
    expires_at: float


class TokenMint:
    """Issues the tokens of native streams and knows them again.

    The claims are livekit-api's own. It would stamp them with the machine's time, so they are signed
    here with the clock's; `jti` keeps two tokens of one second apart.
    """

    def __init__(self, clock: Clock, journal: Journal) -> None:
        self._clock = clock
        self._journal = journal
        self._issued: dict[str, Token] = {}

    def issue(self, stream: Stream, settings: Settings) -> str:
        """A fresh publish token for the stream's room. Source: Transport & Connectivity › Token Lifecycle."""
        import jwt  # noqa: PLC0415 - only native streams need it

        stream.tokens_issued += 1
        label = f"token {stream.number}.{stream.tokens_issued}"
        if stream.claims is None:
            stream.claims = _claims(stream, settings)
        now = int(self._clock.unix())
        claims = {**stream.claims, "nbf": now, "exp": now + settings.token_ttl, "jti": label}
        text = jwt.encode(claims, settings.livekit_api_secret, algorithm="HS256")
        token = Token(label, stream.id, self._clock.now() + settings.token_ttl)
        self._issued[text] = stream.token = token
        self._journal.secrets.register(text, label, search=False)
        self._journal.add(TokenIssued(label, stream.id, token.expires_at))
        return text

    def check(self, text: str) -> Token | None:
        """The token, if it was issued here and is valid now."""
        token = self._issued.get(text)
        return token if token is not None and self._clock.now() < token.expires_at else None

    def expire(self, stream: Stream) -> None:
        """The token issued last for the stream is expired from now on."""
        token = stream.token
        if token is not None and token.expires_at > self._clock.now():
            token.expires_at = self._clock.now()
            self._journal.add(StateChanged("token", token.label, "valid", "expired", "fault"))


def _claims(stream: Stream, settings: Settings) -> dict[str, Any]:
    from livekit.api import AccessToken, VideoGrants  # noqa: PLC0415 - slow to import, and not always needed

    identity = f"client-{stream.id}"
    grants = VideoGrants(
        room_join=True, room=stream.id, can_publish=True, can_subscribe=True, can_publish_data=True
    )
    token = AccessToken(settings.livekit_api_key, settings.livekit_api_secret)
    claims: dict[str, Any] = token.with_identity(identity).with_grants(grants).claims.asdict()
    return {**claims, "sub": identity, "iss": settings.livekit_api_key}
