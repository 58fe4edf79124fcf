"""LiveKit tokens: scoped to one room, valid for a while on the fake's clock."""

from __future__ import annotations

import dataclasses
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from overshoot_testkit.journal import StateChanged, TokenIssued

if TYPE_CHECKING:
    from collections.abc import Iterable

    from overshoot_testkit.fakes.base import Service
    from overshoot_testkit.fakes.overshoot._stream import Stream
    from overshoot_testkit.fakes.overshoot.settings import Settings


@dataclass(slots=True)
class Token:
    """A token that was issued. `label` is what the journal calls it; expiry in seconds of the clock."""

    label: str
    stream_id: str
    expires_at: float
    can_publish: bool = True
    """Spectators cannot."""


_REMEMBERED = 300.0
"""Seconds after its end for which the journal has a token by its label, and not just as a token."""


class TokenMint:
    """Issues the tokens of native streams and knows them again.

    The claims are livekit-api's own. It would stamp them with the machine's time, so they are signed
    here with the clock's; `jti` keeps two tokens of one second apart.
    """

    def __init__(self, service: Service) -> None:
        self._wall = service.wall
        self._clock = service.clock
        self._journal = service.journal
        self._issued: OrderedDict[str, Token] = OrderedDict()
        """Those that are valid or were until lately, in the order they were issued."""

    def issue(self, stream: Stream, settings: Settings) -> str:
        """A fresh publish token for the stream's room. Source: Transport & Connectivity › Token Lifecycle."""
        stream.tokens_issued += 1
        if stream.claims is None:
            stream.claims = _claims(stream, settings, f"client-{stream.id}", can_publish=True)
        label = f"token {stream.number}.{stream.tokens_issued}"
        token = Token(label, stream.id, self._clock.now() + settings.token_ttl)
        stream.token = token
        return self._sign(token, stream.claims, settings, settings.token_ttl)

    def spectate(self, stream: Stream, settings: Settings) -> tuple[str, Token]:
        """A subscribe-only token for the stream's room, and what is known of it. Source: docs › Spectate.

        Each spectator has an identity of its own, since a room has no two participants with the same one.
        """
        stream.spectators += 1
        number = f"{stream.number}.{stream.spectators}"
        ttl = settings.spectator_token_ttl
        token = Token(f"spectator token {number}", stream.id, self._clock.now() + ttl, can_publish=False)
        claims = _claims(stream, settings, f"spectator-{number}-{stream.id}", can_publish=False)
        return self._sign(token, claims, settings, ttl), token

    def _sign(self, token: Token, claims: dict[str, Any], settings: Settings, ttl: int) -> str:
        import jwt  # noqa: PLC0415 - only native streams need it

        self._forget()
        now = int(self._wall())
        claims = {**claims, "nbf": now, "exp": now + ttl, "jti": token.label}
        text = jwt.encode(claims, settings.livekit_api_secret, algorithm="HS256")
        self._issued[text] = token
        self._journal.secrets.register(text, token.label, search=False)
        self._journal.add(TokenIssued(token.label, token.stream_id, token.expires_at))
        return text

    def _forget(self) -> None:
        """Forget what expired long ago: with every keepalive comes another token."""
        long_ago = self._clock.now() - _REMEMBERED
        while self._issued:
            oldest = next(iter(self._issued))
            if self._issued[oldest].expires_at > long_ago:
                break
            del self._issued[oldest]
            self._journal.secrets.forget(oldest)

    def check(self, text: str) -> Token | None:
        """The token, if it was issued here and is valid now."""
        token = self._issued.get(text)
        return token if token is not None and self._clock.now() < token.expires_at else None

    def keep(self) -> tuple[tuple[str, Token], ...]:
        """All there are, for `put_back`."""
        return tuple((text, dataclasses.replace(token)) for text, token in self._issued.items())

    def put_back(self, kept: Iterable[tuple[str, Token]], shift: float) -> dict[str, Token]:
        """Know these and no others, and return them by label; all moments are `shift` seconds later."""
        self._issued = OrderedDict(
            (text, dataclasses.replace(token, expires_at=token.expires_at + shift)) for text, token in kept
        )
        return {token.label: token for token in self._issued.values()}

    def expire(self, stream: Stream) -> None:
        """The token issued last for the stream is expired from now on."""
        token = stream.token
        if token is not None and token.expires_at > self._clock.now():
            token.expires_at = self._clock.now()
            self._journal.add(StateChanged("token", token.label, "valid", "expired", "fault"))


def _claims(stream: Stream, settings: Settings, identity: str, *, can_publish: bool) -> dict[str, Any]:
    from livekit.api import AccessToken, VideoGrants  # noqa: PLC0415 - slow to import, and not always needed

    grants = VideoGrants(
        room_join=True,
        room=stream.id,
        can_publish=can_publish,
        can_subscribe=True,
        can_publish_data=can_publish,
    )
    token = AccessToken(settings.livekit_api_key, settings.livekit_api_secret)
    claims: dict[str, Any] = token.with_identity(identity).with_grants(grants).claims.asdict()
    return {**claims, "sub": identity, "iss": settings.livekit_api_key}
