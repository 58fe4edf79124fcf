"""One defect for each rule about starting a stream and about its results."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

from overshoot_testkit.clients import ClientError
from overshoot_testkit.clients.reference import ReferenceClient
from overshoot_testkit.conformance.overshoot.broken._broken import Broken

if TYPE_CHECKING:
    from overshoot_testkit.clients import Options


class LengthAsText(ReferenceClient):
    """A number went through a text field."""

    def _body(self, options: Options) -> dict[str, Any]:
        body = super()._body(options)
        if "clip_length_seconds" in body["processing"]:
            body["processing"]["clip_length_seconds"] = f"{options.clip_length_seconds}"
        return body


class KeyOnlyOnce(ReferenceClient):
    """A reconnect is taken for the same conversation."""

    connected = False

    def _first_message(self, api_key: str) -> dict[str, Any]:
        first = {"resume": self.stream_id()} if self.connected else super()._first_message(api_key)
        self.connected = True
        return first


class DropsRepetitions(ReferenceClient):
    """Results are told apart by what they say, not by their id."""

    last = ""

    def _deliver(self, text: str) -> None:
        result = json.loads(text)["result"]
        if result != self.last:
            super()._deliver(text)
        self.last = result


class SwallowsFailures(ReferenceClient):
    """An except clause without a body."""

    async def start(self, *arguments: Any) -> None:
        with contextlib.suppress(ClientError):
            await super().start(*arguments)


BROKEN = (
    Broken(
        "LIFE-01",
        "sends the length of a clip as text",
        "invalid-body",
        LengthAsText,
    ),
    Broken(
        "LIFE-03",
        "sends the key on its first result socket only, and asks to resume on the others",
        "first-message",
        KeyOnlyOnce,
    ),
    Broken(
        "LIFE-05",
        "takes a result that says the same as the one before for a repetition, and drops it",
        "lost",
        DropsRepetitions,
    ),
    Broken(
        "LIFE-09",
        "returns from start as if all were well when the stream could not be created",
        "unreported",
        SwallowsFailures,
    ),
)
