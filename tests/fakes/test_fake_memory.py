"""A fake that runs for long forgets what is of no use any more."""

from __future__ import annotations

from fake_stories import FRAME, story


@story()
async def test_tokens_that_expired_long_ago_are_forgotten(wire):
    fake = wire.fake
    created = await wire.call("POST", "/streams", json=FRAME)
    stream, first = created[1]["stream_id"], created[1]["livekit"]["token"]
    latest = first
    for _ in range(50):
        await wire.clock.sleep(30)
        latest = (await wire.keepalive(stream))[1]["livekit_token"]
    mint = fake._lifecycle.tokens

    assert "[redacted]" == wire.journal.secrets.label(first)
    assert fake.check_token(first) is None
    assert "token 1.51" == wire.journal.secrets.label(latest)
    assert 0 < len(mint._issued) <= (300 + 300) / 30 + 1


@story(token_ttl=10)
async def test_a_token_that_has_just_expired_still_has_its_name_in_the_journal(wire):
    created = await wire.call("POST", "/streams", json=FRAME)
    token = created[1]["livekit"]["token"]
    await wire.clock.sleep(40)
    await wire.keepalive(created[1]["stream_id"])

    assert wire.fake.check_token(token) is None
    assert "token 1.1" == wire.journal.secrets.label(token)
